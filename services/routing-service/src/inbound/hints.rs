//! `request.changed` and `invitation.changed` as hints that watchers have something to look at. A plain subscription is enough: a hint that is lost
//! is made up for by the next one, or by the watchers' own slow look.

use crate::app::Board;
use ::domain::{AgentId, InvitationId, WorkspaceId};
use bus::Bus;
use events::event::{InvitationChanged, RequestChanged};
use events::{Fact, Subject, fact_filter};
use fault::{Fault, Result};
use futures::StreamExt;
use std::future::Future;

/// Subscribes at once; the future wakes watchers until the process stops.
pub(crate) async fn hear_requests(board: Board, bus: Bus) -> Result<impl Future<Output = ()>> {
    hear(board, bus, |board, workspace, fact: RequestChanged| {
        let named = [&fact.assignee, &fact.taken_from];
        let agents = named.into_iter().filter_map(|slug| AgentId::parse(slug).ok());
        board.moved(workspace, agents);
    })
    .await
}

/// The same for who watches an invitation.
pub(crate) async fn hear_invitations(board: Board, bus: Bus) -> Result<impl Future<Output = ()>> {
    hear(board, bus, |board, workspace, fact: InvitationChanged| {
        if let Ok(invitation) = InvitationId::parse(&fact.invitation) {
            board.invitation_moved(workspace, invitation);
        }
    })
    .await
}

async fn hear<F: Fact>(
    board: Board,
    bus: Bus,
    wake: impl Fn(&Board, &WorkspaceId, F),
) -> Result<impl Future<Output = ()>> {
    let subscribed = bus.client().subscribe(fact_filter::<F>()).await;
    let mut hints = subscribed.map_err(|error| Fault::unavailable("NATS", error))?;
    Ok(async move {
        while let Some(Some(hint)) = board.stop().run_until_cancelled(hints.next()).await {
            if let (Some(subject), Ok(fact)) = (Subject::parse(&hint.subject), F::decode(hint.payload)) {
                wake(&board, subject.workspace(), fact);
            }
        }
    })
}
