use super::{Contacts, denied};
use crate::domain::{AddressValue, Contact, Purpose};
use crate::outbound::postgres::{address, contact};
use domain::WorkspaceId;
use fault::{Fault, Result};

impl Contacts {
    /// The person whose address this is.
    pub async fn look_up_contact(
        &self,
        workspace: &WorkspaceId,
        value: &AddressValue,
        purpose: Purpose,
    ) -> Result<Contact> {
        let mut tx = self.store.begin(workspace).await?;
        let missing = || Fault::not_found("contact");
        let owner = address::owner(&mut tx, workspace, value).await?.ok_or_else(missing)?;
        let stored = contact::find(&mut tx, workspace, owner).await?;
        stored.ok_or_else(missing)?.release(purpose).map_err(denied)
    }
}
