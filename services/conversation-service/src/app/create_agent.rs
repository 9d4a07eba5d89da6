use super::{App, exists};
use crate::domain::agent::Agent;
use crate::outbound::postgres::{agent, workspace};
use domain::WorkspaceId;
use events::event::MembershipChanged;
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
            let first = present.map(|present| Agent {
                teams_version: new.teams_version,
                ..present
            });
            return match first.as_ref() == Some(new) {
                true => Ok(()),
                false => Err(exists("agent")),
            };
        }
        join_teams(&mut tx, workspace, new).await?;
        self.tell_teams(&mut tx, workspace, new);
        tx.commit().await
    }
}

impl App {
    /// Tells in which teams an agent is.
    pub(super) fn tell_teams(&self, tx: &mut Tx, workspace: &WorkspaceId, own: &Agent) {
        let fact = MembershipChanged {
            agent: own.id.to_string(),
            teams: own.teams.iter().map(ToString::to_string).collect(),
            version: own.teams_version,
            at: Some(events::stamp(self.now())),
        };
        tx.record(workspace, &fact);
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
