use super::App;
use crate::outbound::postgres::request;
use ::domain::{RequestId, WorkspaceId};
use fault::Result;
use uuid::Uuid;

impl App {
    /// A request's time came: an alert was not taken, or an agent can be asked (again) who could not until now. Where
    /// nothing is due any more, nothing is done.
    pub(crate) async fn tend_request(&self, workspace: &WorkspaceId, id: Uuid) -> Result<()> {
        let mut tx = self.begin_queue(workspace).await?;
        let Some(request) = request::get(&mut tx, workspace, RequestId(id)).await? else {
            return Ok(());
        };
        let now = self.now();
        let request = match request.miss(now) {
            Some(moved) => self.carry_out(&mut tx, workspace, moved, now).await?,
            None => self.place(&mut tx, workspace, request, now).await?,
        };
        request::rearm(&mut tx, workspace, &request, now).await?;
        self.commit_queue(tx, workspace).await?;
        if let Some(due) = request.due_at(now) {
            self.store.due_at(due);
        }
        Ok(())
    }
}
