use super::{Contacts, denied};
use crate::domain::{Address, Purpose};
use crate::outbound::postgres::address;
use domain::{AddressId, PersonName, WorkspaceId};
use fault::{Fault, Result};

impl Contacts {
    /// One address and its owner's name, if it was given for this purpose.
    pub async fn get_address(
        &self,
        workspace: &WorkspaceId,
        address: AddressId,
        purpose: Purpose,
    ) -> Result<(Address, Option<PersonName>)> {
        let mut tx = self.store.begin(workspace).await?;
        let stored = address::find(&mut tx, workspace, address).await?;
        stored
            .ok_or_else(|| Fault::not_found("address"))?
            .release(purpose)
            .map_err(denied)
    }
}
