use super::enqueue::found;
use super::{App, refuse};
use crate::domain::Request;
use ::domain::{AgentId, RequestId, WorkspaceId};
use fault::Result;

impl App {
    /// An agent takes what they are alerted to; the same again answers the same.
    pub(crate) async fn accept_alert(
        &self,
        workspace: &WorkspaceId,
        id: RequestId,
        agent: &AgentId,
    ) -> Result<Request> {
        let mut tx = self.begin_queue(workspace).await?;
        let (request, now) = (found(&mut tx, workspace, id).await?, self.now());
        let Some(moved) = request.accept(agent, now).map_err(refuse)? else {
            return Ok(request);
        };
        let request = self.carry_out(&mut tx, workspace, moved, now).await?;
        self.commit_queue(tx, workspace).await?;
        Ok(request)
    }
}
