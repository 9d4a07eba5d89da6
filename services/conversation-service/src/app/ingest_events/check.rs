//! From the wire's words to the domain's: what can be told from one event alone.

use super::Submitted;
use crate::domain::conversation::Reach;
use crate::domain::given::Given;
use crate::domain::ingest::{Action, Digest, Event, Fresh, Mark, Said};
use aws_lc_rs::digest;
use domain::{
    AgentId, AuthorRole, ChannelId, ConversationId, Entropy, Invalid, MessageId, MessageText, Timestamp, limits,
};
use events::cloudevent::IngestData;
use events::event::{IngestCustomer, IngestMessage, IngestMessageRead};
use fault::{Fault, Result};

/// Nothing that is worth a conversation happened before; also keeps times within PostgreSQL's range.
const OLDEST: Timestamp = Timestamp::constant(946_684_800, 0);

pub fn check(submitted: Submitted, now: Timestamp, entropy: &dyn Entropy) -> Result<Event> {
    let Submitted {
        workspace,
        integration,
        event,
    } = submitted;
    if event.time < OLDEST {
        return Err(Fault::invalid(
            "time",
            "lies before the year 2000; say when it happened",
        ));
    }
    let mut content = Digest::default();
    content.copy_from_slice(digest::digest(&digest::SHA256, &event.content()).as_ref());
    let action = match event.data {
        IngestData::Message(message) => Action::Message(Box::new(said(message)?)),
        IngestData::MessageRead(read) => Action::Read(mark(read)?),
        IngestData::ConversationResolved(_) => Action::Resolve,
    };
    Ok(Event {
        workspace,
        integration,
        id: event.id,
        digest: content,
        reference: event.reference,
        // A sender whose clock runs ahead must not delay what follows from it.
        at: event.time.min(now),
        fresh: Fresh {
            message: MessageId::generate(entropy),
            conversation: ConversationId::generate(entropy),
        },
        action,
        trace: event.traceparent,
    })
}

fn said(message: IngestMessage) -> Result<Said> {
    let author = message
        .author
        .ok_or_else(|| Fault::invalid("data.author", "is missing; say who wrote it"))?;
    let role = AuthorRole::from_word(&author.role)
        .filter(|role| *role != AuthorRole::System)
        .ok_or_else(|| Fault::invalid("data.author.role", "must be customer, agent or bot"))?;
    let agent = author.agent.as_deref().map(AgentId::parse).transpose();
    let channel = message.channel.as_deref().map(ChannelId::parse).transpose();
    let given = message.customer.map_or_else(|| Ok(Given::default()), customer)?;
    Ok(Said {
        author: role,
        agent: agent.map_err(|wrong| wrong.of("data.author.agent"))?,
        text: MessageText::parse(&message.text).map_err(|wrong| wrong.of("data.text"))?,
        foreign: message
            .message_id
            .map(|id| foreign("data.message_id", id))
            .transpose()?,
        follow_up: !message.no_follow_up.unwrap_or(false),
        channel: channel.map_err(|wrong| wrong.of("data.channel"))?,
        given,
        reach: Reach::default(),
    })
}

fn customer(customer: IngestCustomer) -> Result<Given> {
    if let Some(id) = customer.external_id {
        foreign("data.customer.external_id", id)?;
    }
    let given = Given {
        name: customer.name.unwrap_or_default(),
        phone: customer.phone.unwrap_or_default(),
        email: customer.email.unwrap_or_default(),
    };
    Ok(given.well_formed().map_err(|wrong| Invalid {
        field: customer_field(wrong.field),
        ..wrong
    })?)
}

/// The name of a contact field as the sender of an event knows it.
pub fn customer_field(field: &str) -> &'static str {
    match field.rsplit('.').next() {
        Some("phone") => "data.customer.phone",
        Some("email") => "data.customer.email",
        Some("name") => "data.customer.name",
        _ => "data.customer",
    }
}

fn mark(read: IngestMessageRead) -> Result<Mark> {
    match (read.up_to_sequence, read.up_to_message_id) {
        (Some(sequence), None) => Ok(Mark::Sequence(sequence)),
        (None, Some(id)) => Ok(Mark::Foreign(foreign("data.up_to_message_id", id)?)),
        _ => Err(Fault::invalid(
            "data",
            "needs exactly one of up_to_sequence and up_to_message_id",
        )),
    }
}

fn foreign(field: &'static str, id: String) -> Result<String> {
    if (1..=limits::FOREIGN_ID_BYTES).contains(&id.len()) && !id.chars().any(char::is_control) {
        Ok(id)
    } else {
        Err(Fault::invalid(field, "needs 1 to 200 bytes without control characters"))
    }
}
