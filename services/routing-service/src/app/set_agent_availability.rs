use super::App;
use crate::domain::{Agent, Availability};
use crate::outbound::postgres::agent;
use ::domain::{AgentId, WorkspaceId};
use fault::Result;
use store::Tx;

impl App {
    /// Sets an agent's availability and tells it as a fact, unless it is what they said last. Who becomes available is
    /// of the teams that conversation-service tells now; where it is away that fails, and nothing is changed, and so it does
    /// for agents who do not exist. Who becomes available is given what waits; who goes offline loses what they hold.
    pub(crate) async fn set_agent_availability(
        &self,
        workspace: &WorkspaceId,
        id: &AgentId,
        availability: Availability,
    ) -> Result<Agent> {
        let told = match availability {
            Availability::Available => Some(self.conversations.teams_of(workspace, "agent", id).await?),
            Availability::Busy | Availability::Away | Availability::Offline => {
                self.check_agent(workspace, "agent", id).await?;
                None
            }
        };
        let mut tx = self.begin_queue(workspace).await?;
        let now = self.now();
        let (mut agent, is_told) = match agent::get(&mut tx, workspace, id).await? {
            None => (Agent::first(id.clone(), availability, now), true),
            Some(agent) => match agent.set_availability(availability, now) {
                None => (agent, false),
                Some(after) => (after, true),
            },
        };
        if let Some(joined) = told.and_then(|told| agent.join(&told)) {
            agent = joined;
        }
        agent::set(&mut tx, workspace, &agent).await?;
        if is_told {
            agent::record(&mut tx, workspace, &agent);
        }
        self.follow_agent(&mut tx, workspace, &agent).await?;
        let agent = agent::get(&mut tx, workspace, id).await?.unwrap_or(agent);
        self.commit_queue(tx, workspace).await?;
        self.board.touch(workspace);
        Ok(agent)
    }

    /// After a change of what an agent can take: who went loses what they hold, who has room is offered what waits.
    pub(super) async fn follow_agent(&self, tx: &mut Tx, workspace: &WorkspaceId, agent: &Agent) -> Result<()> {
        let now = self.now();
        if agent.is_gone() {
            self.take_away(tx, workspace, agent, now).await
        } else {
            self.offer(tx, workspace, &agent.id, now).await
        }
    }
}
