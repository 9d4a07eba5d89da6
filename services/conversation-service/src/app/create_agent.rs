use super::{App, exists};
use crate::domain::settings::check_name;
use crate::outbound::postgres::{agent, workspace};
use domain::{AgentId, TeamId, WorkspaceId};
use fault::{Fault, Result};

/// An agent to create.
#[derive(Debug, Clone)]
pub struct NewAgent {
    pub id: AgentId,
    pub display_name: String,
    pub teams: Vec<TeamId>,
}

impl App {
    /// Creates an agent, in teams that exist; the same again changes nothing.
    pub async fn create_agent(&self, workspace: &WorkspaceId, mut new: NewAgent) -> Result<()> {
        check_name("display_name", &new.display_name)?;
        new.teams.sort_unstable();
        new.teams.dedup();
        let mut tx = self.store.begin(workspace).await?;
        workspace::get(&mut tx, workspace)
            .await?
            .ok_or_else(|| Fault::not_found("workspace"))?;
        if !agent::insert_agent(&mut tx, workspace, &new.id, &new.display_name).await? {
            let teams: Vec<String> = new.teams.iter().map(TeamId::to_string).collect();
            let present = agent::get_agent(&mut tx, workspace, &new.id).await?;
            return if present == Some((new.display_name, teams)) {
                Ok(())
            } else {
                Err(exists("agent"))
            };
        }
        for team in &new.teams {
            if agent::team_name(&mut tx, workspace, team).await?.is_none() {
                return Err(Fault::invalid(
                    "teams",
                    format!("names {team}, which does not exist; create it first"),
                ));
            }
            agent::insert_member(&mut tx, workspace, team, &new.id).await?;
        }
        tx.commit().await
    }
}
