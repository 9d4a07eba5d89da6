//! Changes of conversations, and what else happened, as facts.

use crate::domain::card::{Card, CardOutcome};
use crate::domain::conversation::{Change, Content, Reach};
use crate::wire;
use domain::{AddressId, ContactId, ConversationId, WorkspaceId};
use events::common::{AuthorRole, Carriage};
use events::{event, stamp};
use std::fmt::Display;
use store::Tx;

/// Records the fact of a change, in the trace that `traceparent` names or else the present one.
pub fn record(tx: &mut Tx, workspace: &WorkspaceId, change: &Change, traceparent: Option<&str>) {
    let traceparent = trace(traceparent);
    match change {
        Change::Started(conversation) => {
            let (contact, phone_address, email_address) = reach(conversation.reach);
            let fact = event::ConversationStarted {
                conversation: conversation.id.to_string(),
                number: conversation.number,
                channel: conversation.channel.to_string(),
                visitor: text(conversation.visitor),
                contact,
                phone_address,
                email_address,
                opened_by: AuthorRole::from(conversation.opened_by).into(),
                at: Some(stamp(conversation.started_at)),
                continues: text(conversation.continues),
                team: text(conversation.team.as_ref()),
            };
            tx.record_in(workspace, &fact, traceparent);
        }
        Change::Reachable {
            conversation,
            reach: reached,
            version,
            at,
        } => {
            let (contact, phone_address, email_address) = reach(*reached);
            let fact = event::ConversationReachable {
                conversation: conversation.to_string(),
                contact,
                phone_address,
                email_address,
                version: *version,
                at: Some(stamp(*at)),
            };
            tx.record_in(workspace, &fact, traceparent);
        }
        Change::Posted {
            conversation,
            seq,
            message,
            author,
            follow_up,
            content,
            taken_over,
            at,
        } => {
            let (automatic, rating) = match content {
                Content::Automatic { carriage, .. } => (wire::carriage(*carriage), 0),
                Content::Rating { rating, .. } => (Carriage::Unspecified, u32::from(*rating)),
                _ => (Carriage::Unspecified, 0),
            };
            let fact = event::MessagePosted {
                conversation: conversation.to_string(),
                seq: *seq,
                message: message.to_string(),
                author: AuthorRole::from(*author).into(),
                follow_up: *follow_up,
                at: Some(stamp(*at)),
                automatic: automatic.into(),
                rating,
            };
            tx.record_in(workspace, &fact, traceparent.clone());
            if let Some(agent) = taken_over {
                let fact = event::ConversationTakenOver {
                    conversation: conversation.to_string(),
                    agent: agent.to_string(),
                    seq: *seq,
                    at: Some(stamp(*at)),
                };
                tx.record_in(workspace, &fact, traceparent);
            }
        }
        Change::Read {
            conversation,
            up_to,
            at,
        } => {
            let fact = event::MessageRead {
                conversation: conversation.to_string(),
                up_to: *up_to,
                at: Some(stamp(*at)),
            };
            tx.record_in(workspace, &fact, traceparent);
        }
        Change::Form {
            conversation,
            form,
            page,
            at,
        } => {
            let fact = event::FormChanged {
                form: form.to_string(),
                conversation: conversation.to_string(),
                page: *page,
                at: Some(stamp(*at)),
            };
            tx.record_in(workspace, &fact, traceparent);
        }
        Change::Resolved {
            conversation,
            last_seq,
            at,
        } => {
            // A resolved conversation is never opened again, so there is one version.
            let fact = event::ConversationResolved {
                conversation: conversation.to_string(),
                version: 1,
                at: Some(stamp(*at)),
                last_seq: *last_seq,
            };
            tx.record_in(workspace, &fact, traceparent);
        }
    }
}

/// Records what came of a card, said at this place.
pub fn record_card(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    (card, (conversation, seq)): (&Card, (ConversationId, u64)),
    outcome: &CardOutcome,
    traceparent: Option<&str>,
) {
    let fact = event::CardChanged {
        card: card.id.to_string(),
        conversation: conversation.to_string(),
        seq,
        kind: wire::card_kind(card.kind).into(),
        state: wire::card_state(outcome.state).into(),
        version: outcome.version,
        at: Some(stamp(outcome.at)),
    };
    tx.record_in(workspace, &fact, trace(traceparent));
}

/// The trace that was named, or else the present one.
fn trace(named: Option<&str>) -> Option<String> {
    match named {
        Some(text) => Some(text.to_owned()),
        None => rpc::traceparent(&tracing::Span::current()),
    }
}

fn reach(reach: Reach) -> (String, String, String) {
    (
        text::<ContactId>(reach.contact),
        text::<AddressId>(reach.phone),
        text::<AddressId>(reach.email),
    )
}

/// Empty where none.
fn text<T: Display>(id: Option<T>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}
