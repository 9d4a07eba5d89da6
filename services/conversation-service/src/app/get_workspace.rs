use super::App;
use crate::outbound::postgres::workspace::{self, Workspace};
use domain::WorkspaceId;
use fault::{Fault, Result};

impl App {
    /// Reads a tenant, and its version.
    pub async fn get_workspace(&self, id: &WorkspaceId) -> Result<(Workspace, u64)> {
        let mut tx = self.store.begin(id).await?;
        let missing = || Fault::not_found("workspace");
        let version = workspace::version(&mut tx, id).await?.ok_or_else(missing)?;
        Ok((workspace::get(&mut tx, id).await?.ok_or_else(missing)?, version))
    }
}
