use super::App;
use crate::outbound::postgres::workspace::{self, Workspace};
use domain::WorkspaceId;
use fault::{Fault, Result};

impl App {
    /// Reads a tenant.
    pub async fn get_workspace(&self, id: &WorkspaceId) -> Result<Workspace> {
        let mut tx = self.store.begin(id).await?;
        workspace::get(&mut tx, id)
            .await?
            .ok_or_else(|| Fault::not_found("workspace"))
    }
}
