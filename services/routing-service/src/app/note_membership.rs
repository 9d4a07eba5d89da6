use super::App;
use crate::domain::Membership;
use crate::outbound::postgres::agent;
use ::domain::{AgentId, WorkspaceId};
use fault::Result;

impl App {
    /// conversation-service told in which teams an agent is: what waits there they are offered. What they hold they keep, and
    /// of agents who are not known here nothing is kept. The higher version counts.
    pub(crate) async fn note_membership(&self, workspace: &WorkspaceId, id: &AgentId, told: &Membership) -> Result<()> {
        let mut tx = self.begin_queue(workspace).await?;
        let Some(present) = agent::get(&mut tx, workspace, id).await? else {
            return Ok(());
        };
        let Some(agent) = present.join(told).filter(|joined| *joined != present) else {
            return Ok(());
        };
        agent::set(&mut tx, workspace, &agent).await?;
        self.offer(&mut tx, workspace, id, self.now()).await?;
        self.commit_queue(tx, workspace).await?;
        self.board.touch(workspace);
        Ok(())
    }
}
