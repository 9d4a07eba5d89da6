use super::App;
use crate::domain::{Agent, Availability, Profile};
use crate::outbound::postgres::agent;
use ::domain::{AgentId, WorkspaceId};
use fault::Result;

impl App {
    /// Sets what an agent can take, as a whole; who was not known until now is offline. Who has room by it is offered what
    /// waits; what somebody holds beyond it they keep. Refuses agents who do not exist.
    pub(crate) async fn set_agent_profile(
        &self,
        workspace: &WorkspaceId,
        id: &AgentId,
        profile: &Profile,
    ) -> Result<Agent> {
        self.check_agent(workspace, "agent", id).await?;
        let mut tx = self.begin_queue(workspace).await?;
        let mut agent = match agent::get(&mut tx, workspace, id).await? {
            Some(agent) => agent,
            None => {
                let agent = Agent::first(id.clone(), Availability::Offline, self.now());
                agent::record(&mut tx, workspace, &agent);
                agent
            }
        };
        agent.languages.clone_from(&profile.languages);
        agent::set(&mut tx, workspace, &agent).await?;
        agent::set_capacity(&mut tx, workspace, id, profile).await?;
        self.offer(&mut tx, workspace, id, self.now()).await?;
        let agent = agent::get(&mut tx, workspace, id).await?.unwrap_or(agent);
        self.commit_queue(tx, workspace).await?;
        self.board.touch(workspace);
        Ok(agent)
    }
}
