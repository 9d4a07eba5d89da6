use super::{App, exists};
use crate::domain::settings::check_name;
use crate::outbound::postgres::{agent, workspace};
use domain::{TeamId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Creates a team; the same again changes nothing.
    pub async fn create_team(&self, workspace: &WorkspaceId, team: &TeamId, name: &str) -> Result<()> {
        check_name("name", name)?;
        let mut tx = self.store.begin(workspace).await?;
        workspace::get(&mut tx, workspace)
            .await?
            .ok_or_else(|| Fault::not_found("workspace"))?;
        if agent::insert_team(&mut tx, workspace, team, name).await? {
            return tx.commit().await;
        }
        match agent::team_name(&mut tx, workspace, team).await? {
            Some(present) if present == name => Ok(()),
            _ => Err(exists("team")),
        }
    }
}
