use super::Contacts;
use super::count_segment::refused;
use crate::domain::roles::Rights;
use crate::domain::{Contact, Purpose, Reading, page, segment as filters};
use crate::outbound::postgres::contact;
use crate::outbound::postgres::segment::{self, Segment};
use domain::{ContactId, WorkspaceId};
use fault::{Fault, Result};

impl Contacts {
    /// A page of the contacts that a filter means, among those that the purpose sees and as it sees them; newest first,
    /// and where the next page begins. Refused where it asks for what the caller does not see.
    pub async fn list_segment(
        &self,
        workspace: &WorkspaceId,
        (purpose, rights): (Purpose, &Rights),
        filter: &str,
        (page_size, page_token): (u32, &str),
    ) -> Result<(Vec<Contact>, Option<ContactId>)> {
        let (size, after) = (page::large(page_size)?, page::after_contact(page_token)?);
        let limit = i64::try_from(size + 1).map_err(Fault::internal)?;
        let filter = filters::parse(filter, purpose, self.now()).map_err(refused)?;
        filter.check(rights)?;
        let segment = Segment {
            workspace,
            purpose,
            filter: &filter,
        };
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        let mut ids = segment::page(&mut tx, segment, after, limit).await?;
        let next = page::cut(&mut ids, size).copied();
        tx.commit().await?;
        // What is shown is read for the purpose, and by key, which the plans of a segment are not for. A consent that is
        // taken back at this moment takes its contact out of the page.
        let mut tx = self.begin(workspace, Reading::For(purpose)).await?;
        let stored = contact::find_all(&mut tx, workspace, &ids).await?;
        let released = stored.into_iter().filter_map(|stored| stored.release(purpose).ok());
        Ok((released.collect(), next))
    }
}
