use super::{Billing, page};
use crate::domain::{Cursor, JournalLine, Period};
use crate::outbound::postgres::transfer;
use domain::WorkspaceId;
use fault::Result;

impl Billing {
    /// Lines of the journal, newest first, and where the next page begins. `page_size` 0 means 100.
    pub async fn list_transfers(
        &self,
        workspace: &WorkspaceId,
        period: Period,
        page_size: u32,
        token: &str,
    ) -> Result<(Vec<JournalLine>, Option<Cursor>)> {
        let size = page::size(page_size)?;
        let after = Cursor::parse(token)?;
        let mut tx = self.store.begin(workspace).await?;
        let lines = transfer::list(&mut tx, workspace, period, after, page::limit(size)?).await?;
        Ok(page::cut(lines, size, |line| Cursor {
            at: line.at,
            id: line.id,
        }))
    }
}
