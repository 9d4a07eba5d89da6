use super::{Billing, page};
use crate::domain::{Charge, Cursor, Filter};
use crate::outbound::postgres::usage;
use domain::WorkspaceId;
use fault::Result;

/// A page of the log.
#[derive(Debug, Clone)]
pub struct Page {
    pub charges: Vec<Charge>,
    /// Where the next page begins; `None` after the last one.
    pub next: Option<Cursor>,
}

impl Billing {
    /// Single messages with state and cost, newest first. `page_size` 0 means 100.
    pub async fn list_charges(
        &self,
        workspace: &WorkspaceId,
        filter: Filter,
        page_size: u32,
        token: &str,
    ) -> Result<Page> {
        let size = page::size(page_size)?;
        let after = Cursor::parse(token)?;
        let mut tx = self.store.begin(workspace).await?;
        let charges = usage::list(&mut tx, workspace, filter, after, page::limit(size)?).await?;
        let (charges, next) = page::cut(charges, size, |charge| Cursor {
            at: charge.at,
            id: charge.delivery.0,
        });
        Ok(Page { charges, next })
    }
}
