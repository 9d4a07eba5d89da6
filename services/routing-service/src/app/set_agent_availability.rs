use super::App;
use crate::domain::{Agent, Availability};
use crate::outbound::postgres::{agent, queue};
use ::domain::{AgentId, WorkspaceId};
use fault::Result;

impl App {
    /// Sets an agent's availability and tells it as a fact, unless it is what they said last. Who becomes available is
    /// of the teams that conversation-service tells now; where it is away that fails, and nothing is changed.
    pub(crate) async fn set_agent_availability(
        &self,
        workspace: &WorkspaceId,
        id: &AgentId,
        availability: Availability,
    ) -> Result<Agent> {
        let teams = match availability {
            Availability::Available => Some(self.conversations.teams_of(workspace, id).await?),
            Availability::Busy | Availability::Away | Availability::Offline => None,
        };
        let mut tx = self.store.begin(workspace).await?;
        queue::lock(&mut tx, workspace).await?;
        let now = self.now();
        let (mut agent, is_told) = match agent::get(&mut tx, workspace, id).await? {
            None => (Agent::first(id.clone(), availability, now), true),
            Some(agent) => match agent.set_availability(availability, now) {
                None => (agent, false),
                Some(after) => (after, true),
            },
        };
        if let Some(teams) = teams {
            agent.teams = teams;
        }
        agent::set(&mut tx, workspace, &agent).await?;
        if is_told {
            agent::record(&mut tx, workspace, &agent);
        }
        tx.commit().await?;
        Ok(agent)
    }
}
