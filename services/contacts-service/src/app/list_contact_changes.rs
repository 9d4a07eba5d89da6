use super::Contacts;
use crate::domain::{ContactChange, Purpose, Reading, page};
use crate::outbound::postgres::change;
use domain::{ContactId, WorkspaceId};
use fault::{Fault, Result};

impl Contacts {
    /// A page of what was changed of a contact, newest first, and the version below which the next one begins. One that
    /// was merged keeps its own. Changes show the fields themselves, and serve what those serve.
    pub async fn list_contact_changes(
        &self,
        workspace: &WorkspaceId,
        id: ContactId,
        purpose: Purpose,
        (page_size, page_token): (u32, &str),
    ) -> Result<(Vec<ContactChange>, Option<u64>)> {
        let (size, below) = (page::size(page_size)?, page::after_version(page_token)?);
        let limit = i64::try_from(size + 1).map_err(Fault::internal)?;
        let mut tx = self.begin(workspace, Reading::For(purpose)).await?;
        let survivor = self.survivor(&mut tx, workspace, id).await?;
        self.shows_fields(&mut tx, workspace, survivor, purpose).await?;
        let mut changes = change::list(&mut tx, workspace, id, below, limit).await?;
        let next = page::cut(&mut changes, size).map(|last| last.version);
        Ok((changes, next))
    }
}
