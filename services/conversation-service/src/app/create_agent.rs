use super::{App, exists};
use crate::domain::agent::Agent;
use crate::outbound::postgres::{agent, workspace};
use domain::WorkspaceId;
use fault::{Fault, Result};
use store::Tx;

impl App {
    /// Creates an agent, in teams that exist; the same again changes nothing.
    pub async fn create_agent(&self, workspace: &WorkspaceId, new: &Agent) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        workspace::get(&mut tx, workspace)
            .await?
            .ok_or_else(|| Fault::not_found("workspace"))?;
        if !agent::insert_agent(&mut tx, workspace, new).await? {
            let present = agent::get_agent(&mut tx, workspace, &new.id).await?;
            return match present.as_ref() == Some(new) {
                true => Ok(()),
                false => Err(exists("agent")),
            };
        }
        join_teams(&mut tx, workspace, new).await?;
        tx.commit().await
    }
}

/// Puts an agent into their teams; refuses those that do not exist.
pub(super) async fn join_teams(tx: &mut Tx, workspace: &WorkspaceId, own: &Agent) -> Result<()> {
    for team in &own.teams {
        if agent::team_name(tx, workspace, team).await?.is_none() {
            return Err(Fault::invalid(
                "teams",
                format!("names {team}, which does not exist; create it first"),
            ));
        }
        agent::insert_member(tx, workspace, team, &own.id).await?;
    }
    Ok(())
}
