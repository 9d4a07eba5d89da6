use super::talk::Talk;
use super::wire::{End, Wire};
use crate::app::edge::Edge;
use crate::app::get_channel::check_origin;
use crate::app::list_messages::get_conversation;
use crate::app::redeem_ticket::redeem_ticket;
use crate::domain::frame::{ClientFrame, ServerFrame};
use fault::Result;
use rpc::conversation::Conversation;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument;

/// Who opens a socket and says nothing holds a slot for so long.
const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// A client that has nothing gets the newest so many messages, and never less than what is unread.
const NEWEST: u64 = 200;

/// The first frame: whose socket this is, and where to go on.
pub async fn greet(
    edge: &Arc<Edge>,
    wire: &mut Wire,
    origin: Option<&str>,
    address: IpAddr,
) -> std::result::Result<Talk, End> {
    let first = tokio::time::timeout(HELLO_WITHIN, first_text(wire)).await;
    let text = first.map_err(|_| End::NO_HELLO)??;
    let Ok(ClientFrame::Hello { ticket, resume_after }) = ClientFrame::read(&text) else {
        return Err(End::NO_HELLO);
    };
    let span = tracing::info_span!("socket", otel.name = "socket hello", otel.kind = "server");
    let welcomed = welcome(edge, &ticket, resume_after, origin, address)
        .instrument(span)
        .await;
    match welcomed {
        Ok((talk, frame)) => {
            wire.send(&frame).await?;
            Ok(talk)
        }
        Err(fault) => {
            wire.complain(&fault, None).await?;
            Err(End::of(&fault))
        }
    }
}

async fn first_text(wire: &mut Wire) -> std::result::Result<String, End> {
    loop {
        if let Some(text) = wire.next().await? {
            return Ok(text.to_string());
        }
    }
}

async fn welcome(
    edge: &Arc<Edge>,
    ticket: &str,
    resume_after: Option<u64>,
    origin: Option<&str>,
    address: IpAddr,
) -> Result<(Talk, ServerFrame)> {
    let session = redeem_ticket(edge, ticket).await?;
    check_origin(edge, &session.workspace, &session.channel, origin).await?;
    // Seated before reading: what is posted meanwhile rings the bell.
    let seat = edge.hub.seat(&session)?;
    let conversation = match session.conversation {
        Some(id) => Some(get_conversation(edge, &session.workspace, id).await?),
        None => None,
    };
    let tab = edge.tabs.open(&session, edge.entropy.id());
    let known = conversation.as_ref();
    let frame = ServerFrame::Welcome {
        visitor: session.visitor.to_string(),
        tab: tab.id().to_string(),
        conversation: known.map(|known| known.conversation.clone()),
        number: known.map(|known| known.number),
        read_up_to: known.map_or(0, |known| known.read_up_to),
        last_seq: known.map_or(0, |known| known.last_seq),
    };
    let pushed = known.map_or(0, |known| begin_after(known, resume_after));
    let read_up_to = known.map_or(0, |known| known.read_up_to);
    let talk = Talk::new(edge.clone(), session, seat, tab, address, pushed, read_up_to);
    Ok((talk, frame))
}

/// The sequence after which messages are pushed.
fn begin_after(conversation: &Conversation, resume_after: Option<u64>) -> u64 {
    match resume_after {
        Some(after) => after.min(conversation.last_seq),
        None => conversation
            .last_seq
            .saturating_sub(NEWEST)
            .min(conversation.read_up_to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_unread_is_left_out() {
        for (last_seq, read_up_to, resume_after, expected) in [
            (3, 1, None, 0),
            (500, 500, None, 300),
            (500, 100, None, 100),
            (500, 500, Some(498), 498),
            (500, 0, Some(9_999), 500),
        ] {
            let conversation = Conversation {
                last_seq,
                read_up_to,
                ..Default::default()
            };
            assert_eq!(begin_after(&conversation, resume_after), expected);
        }
    }
}
