//! The customers' socket, and the agents'. One task per socket reads, works and writes; nothing is queued for it, so a reader
//! that is slow costs one page of messages and is cut off.

pub mod agents;
mod greet;
mod proactive;
mod pulse;
mod talk;
mod wire;

use super::http::extract::{Address, Origin};
use super::http::problem::Answer;
use crate::app::edge::Edge;
use crate::app::hub::Slot;
use crate::domain::bucket::Rate;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::response::Response;
use domain::limits;
use events::event::TabEnd;
use fault::{Fault, codes};
use std::net::IpAddr;
use std::sync::Arc;
use wire::{End, Wire};

/// Tungstenite's own default costs 128 KiB a socket.
const READ_BUFFER: usize = 4 * 1024;
const WRITE_BUFFER: usize = 4 * 1024;
/// The longest message with every byte escaped in JSON, and the frame around it.
const LARGEST_ANSWER: usize = 6 * limits::MESSAGE_BYTES + 4 * 1024;

/// People and their page do not reach this; floods do.
const FRAMES: Rate = Rate::new(100.0, 10.0);
/// Metrics' word for a text that is no frame.
const UNREADABLE: &str = "unreadable";

/// Opens the socket. Its first frame must be `hello` with a ticket, within 5 seconds; the frames of both directions
/// have JSON schemas (`client-frame.json`, `server-frame.json`).
#[utoipa::path(get, path = "/v1/socket", tag = "widget",
    responses((status = 101, description = "WebSocket"),
    (status = "default", body = super::http::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_socket(
    State(edge): State<Arc<Edge>>,
    Address(address): Address,
    Origin(origin): Origin,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Answer<Response> {
    let (upgrade, slot) = admit(&edge, address, upgrade)?;
    let sockets = edge.sockets.clone();
    Ok(upgrade.on_upgrade(move |socket| sockets.track_future(serve(edge, socket, origin, address, slot))))
}

/// Room for a socket of this address, and its limits.
fn admit(
    edge: &Edge,
    address: IpAddr,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> fault::Result<(WebSocketUpgrade, Slot)> {
    let upgrade = upgrade.map_err(|_| Fault::invalid("upgrade", "this route takes WebSocket requests only"))?;
    if edge.is_draining() {
        let remedy = "this process is stopping; connect again";
        return Err(Fault::new(&codes::UNAVAILABLE, remedy));
    }
    let slot = edge.hub.admit(address)?;
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(LARGEST_ANSWER)
        .max_message_size(limits::MESSAGE_BYTES)
        .max_frame_size(limits::MESSAGE_BYTES);
    Ok((upgrade, slot))
}

async fn serve(edge: Arc<Edge>, socket: WebSocket, origin: Option<String>, address: IpAddr, _slot: Slot) {
    let _open = edge.meters.open();
    let mut wire = Wire::new(socket, edge.settings.write_within, edge.meters.clone());
    let drain = edge.drain.clone();
    let greeted = tokio::select! {
        greeted = greet::greet(&edge, &mut wire, origin.as_deref(), address) => greeted,
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
