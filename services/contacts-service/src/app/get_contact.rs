use super::{Contacts, denied};
use crate::domain::{Capture, Contact, KeptProfile, Purpose, Reading};
use crate::outbound::postgres::{captured, channel_profile, contact, merge};
use domain::{ContactId, WorkspaceId};
use fault::{Fault, Result};

impl Contacts {
    /// One person, also by the id of a contact that went into it, with the addresses given for this purpose, and what the person gave where and channels
    /// tell of them, as far as the purpose may see it.
    pub async fn get_contact(
        &self,
        workspace: &WorkspaceId,
        id: ContactId,
        purpose: Purpose,
    ) -> Result<(Contact, Vec<Capture>, Vec<KeptProfile>)> {
        let mut tx = self.begin(workspace, Reading::For(purpose)).await?;
        let id = self.survivor(&mut tx, workspace, id).await?;
        let stored = contact::find(&mut tx, workspace, id).await?;
        let contact = stored
            .ok_or_else(|| Fault::not_found("contact"))?
            .release(purpose)
            .map_err(denied)?;
        if contact.profile.is_none() {
            return Ok((contact, vec![], vec![]));
        }
        let parts = merge::members(&mut tx, workspace, id).await?;
        let captured = captured::list(&mut tx, workspace, &parts).await?;
        let profiles = channel_profile::of_contact(&mut tx, workspace, id).await?;
        Ok((contact, captured, profiles))
    }
}
