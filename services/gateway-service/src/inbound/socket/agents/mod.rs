//! The agents' socket: what an agent is alerted to and serves, and the queues they look at.

mod greet;
mod talk;

use super::admit;
use super::wire::{End, Wire};
use crate::app::edge::Edge;
use crate::app::hub::Slot;
use crate::inbound::http::extract::Address;
use crate::inbound::http::problem::{Answer, ProblemBody};
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::response::Response;
use events::event::TabEnd;
use std::sync::Arc;

/// Opens an agent's socket. Its first frame must be `hello` with a ticket of the agent's, within 5 seconds; the frames of both
/// directions have JSON schemas (`agent-client-frame.json`, `agent-server-frame.json`).
#[utoipa::path(get, path = "/v1/agent-socket", tag = "queue",
    responses((status = 101, description = "WebSocket"),
    (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn get_agent_socket(
    State(edge): State<Arc<Edge>>,
    Address(address): Address,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Answer<Response> {
    let (upgrade, slot) = admit(&edge, address, upgrade)?;
    let sockets = edge.sockets.clone();
    Ok(upgrade.on_upgrade(move |socket| sockets.track_future(serve(edge, socket, slot))))
}

async fn serve(edge: Arc<Edge>, socket: WebSocket, _slot: Slot) {
    let _open = edge.meters.open();
    let mut wire = Wire::new(socket, edge.settings.write_within, edge.meters.clone());
    let drain = edge.drain.clone();
    let greeted = tokio::select! {
        greeted = greet::greet(&edge, &mut wire) => greeted,
        () = drain.cancelled() => Err(End::Restart),
    };
    let end = match greeted {
        Ok(mut talk) => {
            let end = talk.run(&mut wire).await;
            talk.end(match end {
                End::Closed => TabEnd::Closed,
                _ => TabEnd::Lost,
            });
            end
        }
        Err(end) => end,
    };
    edge.meters.ended(end.word());
    wire.close(end).await;
}
