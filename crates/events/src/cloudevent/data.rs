//! What events say: one type per service that reads them.

use super::{from_raw, malformed};
use crate::event::{
    IngestCallEnded, IngestCardOutcome, IngestConversationResolved, IngestMessage, IngestMessageRead, IngestOrder,
};
use fault::Result;
use prost::Message;

/// The kinds of events that one service reads.
pub trait Data: Sized {
    /// (type, subject token)
    fn kind(&self) -> (&'static str, &'static str);
    /// `None`: another kind.
    fn from_json(kind: &str, data: &str) -> Option<Result<Self>>;
    /// `None`: another kind.
    fn from_protobuf(kind: &str, payload: bytes::Bytes) -> Option<Result<Self>>;
    /// As protobuf.
    fn encode(&self) -> Vec<u8>;
}

/// What happened in a conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum IngestData {
    Message(IngestMessage),
    MessageRead(IngestMessageRead),
    ConversationResolved(IngestConversationResolved),
    CallEnded(IngestCallEnded),
    CardOutcome(IngestCardOutcome),
}

/// What happened to an order.
#[derive(Debug, Clone, PartialEq)]
pub enum OrderData {
    Placed(IngestOrder),
    Updated(IngestOrder),
}

/// CloudEvents type, and last token of the ingest subject, of each kind.
pub const MESSAGE: (&str, &str) = ("homing.message.v1", "message");
pub const MESSAGE_READ: (&str, &str) = ("homing.message_read.v1", "message_read");
pub const CONVERSATION_RESOLVED: (&str, &str) = ("homing.conversation_resolved.v1", "conversation_resolved");
pub const CALL_ENDED: (&str, &str) = ("homing.call_ended.v1", "call_ended");
pub const CARD_OUTCOME: (&str, &str) = ("homing.card_outcome.v1", "card_outcome");

pub const ORDER_PLACED: (&str, &str) = ("homing.order_placed.v1", "order_placed");
pub const ORDER_UPDATED: (&str, &str) = ("homing.order_updated.v1", "order_updated");

impl Data for IngestData {
    fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::Message(_) => MESSAGE,
            Self::MessageRead(_) => MESSAGE_READ,
            Self::ConversationResolved(_) => CONVERSATION_RESOLVED,
            Self::CallEnded(_) => CALL_ENDED,
            Self::CardOutcome(_) => CARD_OUTCOME,
        }
    }

    fn from_json(kind: &str, data: &str) -> Option<Result<Self>> {
        match kind {
            kind if kind == MESSAGE.0 => Some(from_raw(data).map(Self::Message)),
            kind if kind == MESSAGE_READ.0 => Some(from_raw(data).map(Self::MessageRead)),
            kind if kind == CONVERSATION_RESOLVED.0 => Some(from_raw(data).map(Self::ConversationResolved)),
            kind if kind == CALL_ENDED.0 => Some(from_raw(data).map(Self::CallEnded)),
            kind if kind == CARD_OUTCOME.0 => Some(from_raw(data).map(Self::CardOutcome)),
            _ => None,
        }
    }

    fn from_protobuf(kind: &str, payload: bytes::Bytes) -> Option<Result<Self>> {
        match kind {
            kind if kind == MESSAGE.0 => Some(decode(payload).map(Self::Message)),
            kind if kind == MESSAGE_READ.0 => Some(decode(payload).map(Self::MessageRead)),
            kind if kind == CONVERSATION_RESOLVED.0 => Some(decode(payload).map(Self::ConversationResolved)),
            kind if kind == CALL_ENDED.0 => Some(decode(payload).map(Self::CallEnded)),
            kind if kind == CARD_OUTCOME.0 => Some(decode(payload).map(Self::CardOutcome)),
            _ => None,
        }
    }

    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Message(data) => data.encode_to_vec(),
            Self::MessageRead(data) => data.encode_to_vec(),
            Self::ConversationResolved(data) => data.encode_to_vec(),
            Self::CallEnded(data) => data.encode_to_vec(),
            Self::CardOutcome(data) => data.encode_to_vec(),
        }
    }
}

impl Data for OrderData {
    fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::Placed(_) => ORDER_PLACED,
            Self::Updated(_) => ORDER_UPDATED,
        }
    }

    fn from_json(kind: &str, data: &str) -> Option<Result<Self>> {
        match kind {
            kind if kind == ORDER_PLACED.0 => Some(from_raw(data).map(Self::Placed)),
            kind if kind == ORDER_UPDATED.0 => Some(from_raw(data).map(Self::Updated)),
            _ => None,
        }
    }

    fn from_protobuf(kind: &str, payload: bytes::Bytes) -> Option<Result<Self>> {
        match kind {
            kind if kind == ORDER_PLACED.0 => Some(decode(payload).map(Self::Placed)),
            kind if kind == ORDER_UPDATED.0 => Some(decode(payload).map(Self::Updated)),
            _ => None,
        }
    }

    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Placed(data) | Self::Updated(data) => data.encode_to_vec(),
        }
    }
}

fn decode<T: Message + Default>(payload: bytes::Bytes) -> Result<T> {
    let wrong =
        |error: prost::DecodeError| malformed("data", "is not the protobuf message of this type").because(error);
    T::decode(payload).map_err(wrong)
}
