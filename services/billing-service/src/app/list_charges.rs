use super::Billing;
use crate::domain::{Charge, Cursor, Filter};
use crate::outbound::postgres::usage;
use domain::WorkspaceId;
use fault::{Fault, Result};

/// A page of the log.
#[derive(Debug, Clone)]
pub struct Page {
    pub charges: Vec<Charge>,
    /// Where the next page begins; `None` after the last one.
    pub next: Option<Cursor>,
}

const DEFAULT_PAGE: usize = 100;
const MAX_PAGE: usize = 500;

impl Billing {
    /// Single messages with state and cost, newest first. `page_size` 0 means 100.
    pub async fn list_charges(
        &self,
        workspace: &WorkspaceId,
        filter: Filter,
        page_size: u32,
        token: &str,
    ) -> Result<Page> {
        let size = match usize::try_from(page_size) {
            Ok(0) => DEFAULT_PAGE,
            Ok(size) if size <= MAX_PAGE => size,
            _ => return Err(Fault::invalid("page_size", "must be at most 500; 0 means 100")),
        };
        let after = Cursor::parse(token)?;
        let limit = i64::try_from(size + 1).map_err(Fault::internal)?;
        let mut tx = self.store.begin(workspace).await?;
        let mut charges = usage::list(&mut tx, workspace, filter, after, limit).await?;
        let more = charges.len() > size;
        charges.truncate(size);
        let last = charges.last().map(|charge| Cursor {
            at: charge.at,
            delivery: charge.delivery,
        });
        Ok(Page {
            charges,
            next: last.filter(|_| more),
        })
    }
}
