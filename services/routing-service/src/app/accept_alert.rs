use super::{App, refuse};
use crate::domain::Request;
use crate::outbound::postgres::{queue, request};
use ::domain::{AgentId, RequestId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// An agent takes what they are alerted to; the same again answers the same. They hold it already, so nobody gets room by
    /// it, and who takes another one need not wait for it.
    pub(crate) async fn accept_alert(
        &self,
        workspace: &WorkspaceId,
        id: RequestId,
        agent: &AgentId,
    ) -> Result<Request> {
        let mut tx = self.store.begin(workspace).await?;
        queue::share(&mut tx, workspace).await?;
        let found = request::lock(&mut tx, workspace, id).await?;
        let (request, now) = (found.ok_or_else(|| Fault::not_found("request"))?, self.now());
        let Some(moved) = request.accept(agent, now).map_err(refuse)? else {
            return Ok(request);
        };
        let request = self.carry_out(&mut tx, workspace, moved, now).await?;
        tx.commit().await?;
        Ok(request)
    }
}
