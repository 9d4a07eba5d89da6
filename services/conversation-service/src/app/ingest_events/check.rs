//! From the wire's words to the domain's: what can be told from one event alone.

use super::Submitted;
use crate::domain::call::Outcome;
use crate::domain::card::{CardOutcome, CardState};
use crate::domain::conversation::Reach;
use crate::domain::given::{Given, Told};
use crate::domain::ingest::{Action, Digest, Event, Fresh, Mark, Said, Sent};
use aws_lc_rs::digest;
use domain::{
    AgentId, AuthorRole, ChannelId, ConversationId, Entropy, IntegrationId, Invalid, MessageId, MessageText, RunId,
    TeamId, Timestamp, WorkspaceId, limits,
};
use events::cloudevent::{IngestData, IngestEvent};
use events::event::{IngestCustomer, IngestMessage, IngestMessageRead};
use fault::{Fault, Kind, Result};
use uuid::Uuid;

/// Nothing that is worth a conversation happened before; also keeps times within PostgreSQL's range.
const OLDEST: Timestamp = Timestamp::constant(946_684_800, 0);

/// A call, checked for form.
#[derive(Debug)]
pub struct CallEnded {
    pub workspace: WorkspaceId,
    pub integration: IntegrationId,
    pub id: String,
    digest: Digest,
    /// The telephone system's own id of the call.
    pub call: String,
    pub at: Timestamp,
    pub channel: ChannelId,
    /// `None`: the channel's.
    pub team: Option<TeamId>,
    pub outcome: Outcome,
    pub seconds: u32,
    /// With a phone number.
    pub given: Given,
    pub trace: Option<String>,
}

impl CallEnded {
    /// By what it is known when it comes again.
    pub fn sent(&self) -> Sent<'_> {
        Sent {
            workspace: &self.workspace,
            integration: &self.integration,
            id: &self.id,
            digest: &self.digest,
        }
    }
}

/// What a shop tells of a card, checked for form.
#[derive(Debug)]
pub struct CardTold {
    pub workspace: WorkspaceId,
    integration: IntegrationId,
    id: String,
    digest: Digest,
    pub card: Uuid,
    pub outcome: CardOutcome,
    pub trace: Option<String>,
}

impl CardTold {
    /// By what it is known when it comes again.
    pub fn sent(&self) -> Sent<'_> {
        Sent {
            workspace: &self.workspace,
            integration: &self.integration,
            id: &self.id,
            digest: &self.digest,
        }
    }
}

pub fn check_card(submitted: Submitted, now: Timestamp) -> Result<CardTold> {
    let Submitted {
        workspace,
        integration,
        event,
    } = submitted;
    let digest = begin(&event)?;
    let IngestData::CardOutcome(data) = event.data else {
        return Err(Fault::internal(
            "an event of another kind was taken for what came of a card",
        ));
    };
    let state = CardState::from_word(&data.state).filter(|state| *state != CardState::Requested);
    let outcome = CardOutcome {
        state: state.ok_or_else(|| Fault::invalid("data.state", "must be ready, failed, cancelled or done"))?,
        reference: data.reference.unwrap_or_default(),
        url: data.url.unwrap_or_default(),
        reason: data.reason.unwrap_or_default(),
        at: event.time.min(now),
        version: 0,
    };
    outcome.check()?;
    let card = Uuid::parse_str(&event.reference);
    Ok(CardTold {
        workspace,
        integration,
        id: event.id,
        digest,
        card: card.map_err(|_| Fault::invalid("subject", "must be the card's id, a UUID"))?,
        outcome,
        trace: event.traceparent,
    })
}

/// No call takes longer.
const LONGEST_CALL: u32 = 86_400;

pub fn check_call(submitted: Submitted, now: Timestamp) -> Result<CallEnded> {
    let Submitted {
        workspace,
        integration,
        event,
    } = submitted;
    let digest = begin(&event)?;
    let IngestData::CallEnded(data) = event.data else {
        return Err(Fault::internal("an event of another kind was taken for a call"));
    };
    let outcome = Outcome::from_word(&data.outcome).ok_or_else(|| {
        let words = Outcome::ALL.map(Outcome::word).join(", ");
        Fault::invalid("data.outcome", format!("must be one of {words}"))
    })?;
    let given = data
        .customer
        .map_or_else(|| Ok(Given::default()), |one| customer(one, event.time))?;
    if given.told.is_some() {
        let remedy = "comes with messages of the channel alone; leave it and page_scoped_id out";
        return Err(Fault::invalid("data.customer.profile", remedy));
    }
    if given.phone.is_empty() {
        return Err(Fault::invalid("data.customer.phone", "is missing; say who called"));
    }
    let seconds = data.seconds.unwrap_or(0);
    if seconds > LONGEST_CALL {
        return Err(Fault::invalid("data.seconds", "must be 0 to 86,400"));
    }
    let team = data.team.as_deref().map(TeamId::parse).transpose();
    Ok(CallEnded {
        workspace,
        integration,
        id: event.id,
        digest,
        call: event.reference,
        at: event.time.min(now),
        channel: ChannelId::parse(&data.channel).map_err(|wrong| wrong.of("data.channel"))?,
        team: team.map_err(|wrong| wrong.of("data.team"))?,
        outcome,
        seconds,
        given,
        trace: event.traceparent,
    })
}

/// Refuses impossible times, and answers by what the content is known.
fn begin(event: &IngestEvent) -> Result<Digest> {
    if event.time < OLDEST {
        return Err(Fault::invalid(
            "time",
            "lies before the year 2000; say when it happened",
        ));
    }
    let mut content = Digest::default();
    content.copy_from_slice(digest::digest(&digest::SHA256, &event.content()).as_ref());
    Ok(content)
}

pub fn check(submitted: Submitted, now: Timestamp, entropy: &dyn Entropy) -> Result<Event> {
    let Submitted {
        workspace,
        integration,
        event,
    } = submitted;
    let content = begin(&event)?;
    let action = match event.data {
        IngestData::Message(message) => Action::Message(Box::new(said(message, event.time)?)),
        IngestData::MessageRead(read) => Action::Read(mark(read)?),
        IngestData::ConversationResolved(_) => Action::Resolve,
        IngestData::CallEnded(_) | IngestData::CardOutcome(_) => {
            return Err(Fault::internal("was taken for an event of a conversation"));
        }
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
            automatic: MessageId::generate(entropy),
            run: RunId::generate(entropy),
        },
        action,
        trace: event.traceparent,
    })
}

fn said(message: IngestMessage, at: Timestamp) -> Result<Said> {
    let author = message
        .author
        .ok_or_else(|| Fault::invalid("data.author", "is missing; say who wrote it"))?;
    let role = AuthorRole::from_word(&author.role)
        .filter(|role| *role != AuthorRole::System)
        .ok_or_else(|| Fault::invalid("data.author.role", "must be customer, agent or bot"))?;
    let agent = author.agent.as_deref().map(AgentId::parse).transpose();
    let channel = message.channel.as_deref().map(ChannelId::parse).transpose();
    let known = message.customer.map(|known| customer(known, at)).transpose()?;
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
        given: known.unwrap_or_default(),
        reach: Reach::default(),
    })
}

fn customer(customer: IngestCustomer, at: Timestamp) -> Result<Given> {
    if let Some(id) = customer.external_id {
        foreign("data.customer.external_id", id)?;
    }
    let told = Told {
        page_scoped_id: customer.page_scoped_id.unwrap_or_default(),
        profile: customer.profile,
        at,
    };
    let given = Given {
        name: customer.name.unwrap_or_default(),
        phone: customer.phone.unwrap_or_default(),
        email: customer.email.unwrap_or_default(),
        told: (!told.page_scoped_id.is_empty() || !told.profile.is_empty()).then(|| Box::new(told)),
    };
    Ok(given.well_formed().map_err(|wrong| Invalid {
        field: customer_field(wrong.field),
        ..wrong
    })?)
}

/// A refusal of a customer's data by contacts-service, with the field's name as the sender of an event knows it.
pub fn of_customer(fault: Fault) -> Fault {
    match fault.kind() {
        Kind::InvalidArgument => {
            let field = customer_field(fault.field().unwrap_or_default());
            fault.of(field)
        }
        _ => fault,
    }
}

/// The name of a contact field as the sender of an event knows it.
pub fn customer_field(field: &str) -> &'static str {
    match field.rsplit('.').next() {
        Some("phone") => "data.customer.phone",
        Some("email") => "data.customer.email",
        Some("name") => "data.customer.name",
        Some("page_scoped_id") => "data.customer.page_scoped_id",
        Some("profile") => "data.customer.profile",
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
