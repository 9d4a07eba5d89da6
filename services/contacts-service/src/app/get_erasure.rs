use super::Contacts;
use crate::domain::Erasure;
use crate::outbound::postgres::erasure;
use domain::WorkspaceId;
use fault::{Fault, Result};
use uuid::Uuid;

impl Contacts {
    /// How far an erasure is, and what it erased.
    pub async fn get_erasure(&self, workspace: &WorkspaceId, id: Uuid) -> Result<Erasure> {
        let mut tx = self.store.begin(workspace).await?;
        let found = erasure::get(&mut tx, workspace, id).await?;
        found.ok_or_else(|| Fault::not_found("erasure"))
    }
}
