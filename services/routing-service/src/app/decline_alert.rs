use super::enqueue::found;
use super::{App, refuse};
use ::domain::{AgentId, RequestId, WorkspaceId};
use fault::Result;

impl App {
    /// An agent does not take what they are alerted to: the next one is alerted. The same again changes nothing.
    pub(crate) async fn decline_alert(&self, workspace: &WorkspaceId, id: RequestId, agent: &AgentId) -> Result<()> {
        let mut tx = self.begin_queue(workspace).await?;
        let (request, now) = (found(&mut tx, workspace, id).await?, self.now());
        let Some(moved) = request.decline(agent, now).map_err(refuse)? else {
            return Ok(());
        };
        self.carry_out(&mut tx, workspace, moved, now).await?;
        self.commit_queue(tx, workspace).await
    }
}
