use super::Contacts;
use crate::domain::Reading;
use crate::domain::identity::IdentityKey;
use crate::outbound::postgres::identity_key;
use domain::{Timestamp, WorkspaceId};
use fault::{Fault, Result, codes};

impl Contacts {
    /// Keeps a public key of the workspace. The same again changes nothing; a third one is refused.
    pub async fn add_identity_key(&self, workspace: &WorkspaceId, key: &IdentityKey, by: &str) -> Result<()> {
        let now = self.now();
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        if identity_key::insert(&mut tx, workspace, key, (now, by)).await? {
            return tx.commit().await;
        }
        let keys = identity_key::list(&mut tx, workspace).await?;
        match keys.iter().find(|(known, ..)| known.key == key.key) {
            Some((known, ..)) if known == key => Ok(()),
            Some(_) => Err(Fault::new(&codes::EXISTS, "has the kid of another key; use a new one").of("jwk")),
            None => Err(Fault::invalid(
                "jwk",
                "would be the third key; remove the one that nobody signs with any more",
            )),
        }
    }

    /// The keys of the workspace, oldest first, each with who added it when.
    pub async fn list_identity_keys(&self, workspace: &WorkspaceId) -> Result<Vec<(IdentityKey, String, Timestamp)>> {
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        identity_key::list(&mut tx, workspace).await
    }

    /// Removes a key: what it signed proves nothing from now on.
    pub async fn remove_identity_key(&self, workspace: &WorkspaceId, key: &str) -> Result<()> {
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        if !identity_key::remove(&mut tx, workspace, key).await? {
            return Err(Fault::not_found("key"));
        }
        tx.commit().await
    }
}
