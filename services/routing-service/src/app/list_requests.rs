use super::App;
use super::get_request::{Seen, seen};
use crate::domain::{PageSize, Place, Request, State};
use crate::outbound::postgres::{queue, request};
use ::domain::{AgentId, RequestId, WorkspaceId};
use fault::Result;
use sqlx::PgConnection;
use std::collections::HashMap;

/// Where a page of requests begins: after this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cursor {
    Waiting(Place),
    Held(RequestId),
}

impl App {
    /// A page of what is not done: those that wait in their order, then those that somebody has, by id; and where the next page
    /// begins, if there is one.
    pub(crate) async fn list_requests(
        &self,
        workspace: &WorkspaceId,
        (team, agent): (Option<&str>, Option<&AgentId>),
        page_size: PageSize,
        after: Option<Cursor>,
    ) -> Result<(Vec<Seen>, Option<Cursor>)> {
        let mut tx = self.store.begin(workspace).await?;
        let limit = page_size.limit();
        let (place, held) = match after {
            None => (None, None),
            Some(Cursor::Waiting(place)) => (Some(place), None),
            Some(Cursor::Held(id)) => (None, Some(id)),
        };
        let mut page = match (agent, held) {
            (None, None) => waiting(&mut tx, workspace, team, place, limit).await?,
            _ => Vec::new(),
        };
        let room = limit - i64::try_from(page.len()).unwrap_or(limit);
        page.extend(match agent {
            Some(agent) => {
                let mut held = request::list_held_by(&mut tx, workspace, agent, held, room).await?;
                held.retain(|request| team.is_none_or(|team| request.need.queue() == team));
                held
            }
            None => request::list_held(&mut tx, workspace, team, held, room).await?,
        });
        let next = page_size.cut(&mut page).map(|last| match last.state {
            State::Waiting => Cursor::Waiting(last.place()),
            _ => Cursor::Held(last.id),
        });
        Ok((with_positions(&mut tx, workspace, page).await?, next))
    }
}

async fn waiting(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    team: Option<&str>,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Request>> {
    match team {
        Some(team) => queue::list_waiting_of(db, workspace, team, after, limit).await,
        None => queue::list_waiting(db, workspace, after, limit).await,
    }
}

/// A page is in order and leaves nobody out, so the first of each queue is counted for and the others follow it.
async fn with_positions(db: &mut PgConnection, workspace: &WorkspaceId, page: Vec<Request>) -> Result<Vec<Seen>> {
    let mut last: HashMap<String, u32> = HashMap::new();
    let mut all = Vec::with_capacity(page.len());
    for request in page {
        let one = match last.get_mut(request.need.queue()) {
            Some(position) if request.state == State::Waiting => {
                *position += 1;
                let position = *position;
                Seen { request, position }
            }
            _ => seen(db, workspace, request).await?,
        };
        if one.position > 0 {
            last.insert(one.request.need.queue().to_owned(), one.position);
        }
        all.push(one);
    }
    Ok(all)
}
