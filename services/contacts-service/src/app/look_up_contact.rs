use super::{Contacts, denied};
use crate::domain::{AddressValue, Contact, Purpose, Reading};
use crate::outbound::postgres::{address, contact, purpose};
use domain::WorkspaceId;
use fault::{Fault, Result};

impl Contacts {
    /// The person whose address this is.
    pub async fn look_up_contact(
        &self,
        workspace: &WorkspaceId,
        value: &AddressValue,
        wanted: Purpose,
    ) -> Result<Contact> {
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        let missing = || Fault::not_found("contact");
        let owner = address::owner(&mut tx, workspace, value).await?.ok_or_else(missing)?;
        purpose::say(&mut tx, Reading::For(wanted)).await?;
        let stored = contact::find(&mut tx, workspace, owner).await?;
        stored.ok_or_else(missing)?.release(wanted).map_err(denied)
    }
}
