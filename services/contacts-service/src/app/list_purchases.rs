use super::Contacts;
use crate::domain::{Purchase, Purpose, Reading, page};
use crate::outbound::postgres::purchase;
use domain::{ContactId, WorkspaceId};
use fault::{Fault, Result};

impl Contacts {
    /// A page of what a contact bought, and all that went into it; the newest order first, and where the next page begins.
    /// Purchases serve support alone.
    pub async fn list_purchases(
        &self,
        workspace: &WorkspaceId,
        id: ContactId,
        purpose: Purpose,
        (page_size, page_token): (u32, &str),
    ) -> Result<(Vec<Purchase>, Option<page::Placed>)> {
        let (size, below) = (page::size(page_size)?, page::below_placed(page_token)?);
        let limit = i64::try_from(size + 1).map_err(Fault::internal)?;
        let mut tx = self.begin(workspace, Reading::For(purpose)).await?;
        let survivor = self.survivor(&mut tx, workspace, id).await?;
        self.shows_fields(&mut tx, workspace, survivor, purpose).await?;
        let mut heads = purchase::list(&mut tx, workspace, survivor, below, limit).await?;
        let next = page::cut(&mut heads, size).map(|(id, last)| page::Placed {
            at: last.order.placed_at,
            id: *id,
        });
        Ok((purchase::with_details(&mut tx, workspace, heads).await?, next))
    }
}
