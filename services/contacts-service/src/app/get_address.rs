use super::{Contacts, denied};
use crate::domain::{Address, Owner, Purpose, PurposeDenied, Reading};
use crate::outbound::postgres::{address, purpose};
use domain::{AddressId, WorkspaceId};
use fault::{Fault, Result};

impl Contacts {
    /// One address and whose it is, if it was given for this purpose.
    pub async fn get_address(
        &self,
        workspace: &WorkspaceId,
        id: AddressId,
        wanted: Purpose,
    ) -> Result<(Address, Owner)> {
        let mut tx = self.begin(workspace, Reading::For(wanted)).await?;
        if let Some(stored) = address::find(&mut tx, workspace, id).await? {
            return stored.release(wanted).map_err(denied);
        }
        purpose::say(&mut tx, Reading::Upkeep).await?;
        match address::exists(&mut tx, workspace, id).await? {
            true => Err(denied(PurposeDenied)),
            false => Err(Fault::not_found("address")),
        }
    }
}
