use super::{Contacts, denied};
use crate::domain::{Contact, Purpose, Reading};
use crate::outbound::postgres::contact;
use domain::{ContactId, WorkspaceId};
use fault::{Fault, Result};

impl Contacts {
    /// One person with the addresses given for this purpose.
    pub async fn get_contact(&self, workspace: &WorkspaceId, id: ContactId, purpose: Purpose) -> Result<Contact> {
        let mut tx = self.begin(workspace, Reading::For(purpose)).await?;
        let stored = contact::find(&mut tx, workspace, id).await?;
        stored
            .ok_or_else(|| Fault::not_found("contact"))?
            .release(purpose)
            .map_err(denied)
    }
}
