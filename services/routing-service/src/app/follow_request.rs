use super::App;
use crate::domain::invitation::State;
use crate::domain::{self, Request};
use crate::outbound::postgres::invitation;
use ::domain::WorkspaceId;
use fault::Result;
use store::Tx;

impl App {
    /// Moves an invitation on with its request in the queue, in the transaction that changed the request.
    pub(super) async fn follow_request(&self, tx: &mut Tx, workspace: &WorkspaceId, request: &Request) -> Result<()> {
        let Some(id) = request.about.invitation else {
            return Ok(());
        };
        let Some(mut found) = invitation::get(tx, workspace, id).await? else {
            return Ok(());
        };
        let state = match request.state {
            domain::State::Waiting => State::Queued,
            domain::State::Alerted { .. } => State::Alerted,
            domain::State::Serving(_) => State::Serving,
            domain::State::Done | domain::State::Resolved => State::Ended,
        };
        let is_new = found.request.replace(request.id).is_none();
        let has_moved = found.follow(state, request.agent().cloned(), request.about.conversation, self.now());
        if is_new || has_moved {
            invitation::update(tx, workspace, &mut found).await?;
        }
        Ok(())
    }
}
