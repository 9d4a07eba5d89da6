use super::App;
use crate::domain::run::Run;
use crate::outbound::postgres::run;
use domain::{RunId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// A run as it stands.
    pub async fn get_run(&self, workspace: &WorkspaceId, id: RunId) -> Result<Run> {
        let mut tx = self.store.begin(workspace).await?;
        let found = run::get(&mut tx, workspace, id).await?;
        found.ok_or_else(|| Fault::not_found("run"))
    }
}
