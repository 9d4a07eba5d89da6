use super::App;
use crate::domain::{Request, State};
use crate::outbound::postgres::{queue, request};
use ::domain::{ConversationId, RequestId, WorkspaceId};
use fault::{Fault, Result};
use sqlx::PgConnection;

/// How a request is named.
pub(crate) enum By {
    Request(RequestId),
    Conversation(ConversationId),
}

/// A request, and which one it is in its queue; 0 unless it waits.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) request: Request,
    pub(crate) position: u32,
}

impl App {
    /// Reads one request.
    pub(crate) async fn get_request(&self, workspace: &WorkspaceId, by: By) -> Result<Seen> {
        let mut tx = self.store.begin(workspace).await?;
        let found = match by {
            By::Request(id) => request::get(&mut tx, workspace, id).await?,
            By::Conversation(id) => request::get_by_conversation(&mut tx, workspace, id).await?,
        };
        seen(&mut tx, workspace, found.ok_or_else(|| Fault::not_found("request"))?).await
    }

    /// A request with its position.
    pub(crate) async fn see(&self, workspace: &WorkspaceId, request: Request) -> Result<Seen> {
        if request.state != State::Waiting {
            return Ok(Seen { request, position: 0 });
        }
        let mut tx = self.store.begin(workspace).await?;
        seen(&mut tx, workspace, request).await
    }
}

pub(super) async fn seen(db: &mut PgConnection, workspace: &WorkspaceId, request: Request) -> Result<Seen> {
    let position = match request.state {
        State::Waiting => {
            let before = queue::count_before(db, workspace, request.need.queue(), request.place());
            1 + before.await?
        }
        _ => 0,
    };
    Ok(Seen { request, position })
}
