use super::Contacts;
use crate::domain::{Contact, Purpose, Reading, Stage, Tag, page};
use crate::outbound::postgres::contact;
use domain::{ContactId, WorkspaceId};
use fault::{Fault, Result};

/// Which contacts are meant.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub stage: Option<Stage>,
    pub tag: Option<Tag>,
}

impl Contacts {
    /// A page of the contacts that have an address given for this purpose, newest first, and where the next one begins.
    pub async fn list_contacts(
        &self,
        workspace: &WorkspaceId,
        purpose: Purpose,
        wanted: &Wanted,
        (page_size, page_token): (u32, &str),
    ) -> Result<(Vec<Contact>, Option<ContactId>)> {
        let (size, after) = (page::size(page_size)?, page::after_contact(page_token)?);
        let limit = i64::try_from(size + 1).map_err(Fault::internal)?;
        let mut tx = self.begin(workspace, Reading::For(purpose)).await?;
        let (db, of, stage) = (&mut tx, workspace, wanted.stage);
        let mut ids = match (purpose, &wanted.tag) {
            (Purpose::Support, None) => contact::list(db, of, stage, after, limit).await?,
            (Purpose::Support, Some(tag)) => contact::list_tagged(db, of, (tag, stage), after, limit).await?,
            (Purpose::Outreach, None) => contact::list_consented(db, of, stage, after, limit).await?,
            (Purpose::Outreach, Some(tag)) => {
                contact::list_tagged_consented(db, of, (tag, stage), after, limit).await?
            }
        };
        let next = page::cut(&mut ids, size).copied();
        let stored = contact::find_all(&mut tx, workspace, &ids).await?;
        // A consent that is taken back at this moment takes its contact out of the page.
        let released = stored.into_iter().filter_map(|stored| stored.release(purpose).ok());
        Ok((released.collect(), next))
    }
}
