use super::UNREADABLE;
use super::talk::Talk;
use super::wire::{End, Wire};
use crate::app::edge::Edge;
use crate::app::get_channel::check_origin;
use crate::app::list_messages::get_conversation;
use crate::app::redeem_ticket::redeem_ticket;
use crate::domain::frame::{ClientFrame, ServerFrame};
use fault::{Fault, Result};
use rpc::conversation::Conversation;
use std::net::IpAddr;
use std::sync::Arc;
use tracing::Instrument;

/// A client that has nothing gets the newest so many messages, and never less than what is unread.
const NEWEST: u64 = 200;

/// The first frame: whose socket this is, and where to go on.
pub async fn greet(
    edge: &Arc<Edge>,
    wire: &mut Wire<ServerFrame>,
    origin: Option<&str>,
    address: IpAddr,
) -> std::result::Result<Talk, End> {
    let text = wire.first().await?;
    let first = ClientFrame::read(&text);
    edge.meters.heard(first.as_ref().map_or(UNREADABLE, ClientFrame::name));
    let (ticket, resume_after, conversation) = match first {
        Ok(ClientFrame::Hello {
            ticket,
            resume_after,
            conversation,
        }) => (ticket, resume_after, conversation),
        Ok(_) => return Err(End::NO_HELLO),
        Err(misfit) => {
            wire.complain(&Fault::invalid(misfit.field, misfit.remedy), None)
                .await?;
            return Err(End::NO_HELLO);
        }
    };
    let has = Has {
        after: resume_after,
        of: conversation,
    };
    let span = tracing::info_span!("socket", otel.name = "socket hello", otel.kind = "server");
    let welcomed = welcome(edge, &ticket, has, origin, address).instrument(span).await;
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

async fn welcome(
    edge: &Arc<Edge>,
    ticket: &str,
    has: Has,
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
    let tab = edge.tabs.open(&session.workspace, session.visitor, edge.entropy.id());
    let known = conversation.as_ref();
    let frame = ServerFrame::Welcome {
        visitor: session.visitor.to_string(),
        tab: tab.id().to_string(),
        conversation: known.map(|known| known.conversation.clone()),
        number: known.map(|known| known.number),
        read_up_to: known.map_or(0, |known| known.read_up_to),
        last_seq: known.map_or(0, |known| known.last_seq),
    };
    let pushed = known.map_or(0, |known| has.begin(known));
    let read_up_to = known.map_or(0, |known| known.read_up_to);
    let talk = Talk::new(edge.clone(), session, seat, tab, address, pushed, read_up_to);
    Ok((talk.of_origin(origin), frame))
}

/// What the client says it has.
struct Has {
    /// Everything up to this sequence ...
    after: Option<u64>,
    /// ... of this conversation; `None`: of the session's.
    of: Option<String>,
}

impl Has {
    /// The sequence after which messages are pushed. What the client has of another conversation does not count: the
    /// session may have entered a new one in another tab.
    fn begin(&self, conversation: &Conversation) -> u64 {
        let same = self.of.as_deref().is_none_or(|of| of == conversation.conversation);
        match self.after.filter(|after| same && *after <= conversation.last_seq) {
            Some(after) => after,
            None => conversation
                .last_seq
                .saturating_sub(NEWEST)
                .min(conversation.read_up_to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_unread_is_left_out() {
        for (last_seq, read_up_to, after, of, expected) in [
            (3, 1, None, None, 0),
            (500, 500, None, None, 300),
            (500, 100, None, None, 100),
            (500, 500, Some(498), None, 498),
            (500, 500, Some(498), Some("here"), 498),
            (5, 0, Some(3), Some("elsewhere"), 0),
            (5, 0, Some(40), None, 0),
        ] {
            let conversation = Conversation {
                conversation: "here".into(),
                last_seq,
                read_up_to,
                ..Default::default()
            };
            let of = of.map(str::to_owned);
            assert_eq!(Has { after, of }.begin(&conversation), expected);
        }
    }
}
