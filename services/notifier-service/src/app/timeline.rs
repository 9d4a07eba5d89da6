//! What the history says a decision was made from: ids and classes only.

use crate::domain::{Case, Status};
use crate::outbound::postgres::timeline::Entry;
use domain::{DeliveryId, FollowUpId, PresenceCause, PresenceState, Timestamp};
use std::collections::BTreeMap;

pub(crate) type Facts = BTreeMap<String, String>;

/// A line of the history.
pub(crate) fn entry(
    at: Timestamp,
    what: &str,
    follow_up: Option<FollowUpId>,
    delivery: Option<DeliveryId>,
    facts: Facts,
) -> Entry {
    Entry {
        number: 0,
        at,
        what: what.to_owned(),
        facts,
        follow_up,
        delivery,
    }
}

/// Facts from pairs.
pub(crate) fn facts<const N: usize>(pairs: [(&str, String); N]) -> Facts {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What a decision about a case is made from.
pub(crate) fn evidence(case: &Case) -> Facts {
    let conversation = &case.conversation;
    let id = |id: Option<String>| id.unwrap_or_else(|| "none".into());
    let mut facts = facts([
        (
            "presence",
            case.presence.state.map_or("never_seen", PresenceState::word).into(),
        ),
        ("read_up_to", conversation.read_up_to.to_string()),
        ("customer_up_to", conversation.customer_up_to.to_string()),
        (
            "phone_address",
            id(conversation.phone.map(|given| given.id.to_string())),
        ),
        (
            "email_address",
            id(conversation.email.map(|given| given.id.to_string())),
        ),
    ]);
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            facts.insert(name.to_owned(), value);
        }
    };
    add(
        "presence_cause",
        case.presence.cause.map(|cause| PresenceCause::word(cause).into()),
    );
    add("presence_since", case.presence.since.map(|since| since.to_string()));
    add("returned_at", conversation.returned_at.map(|at| at.to_string()));
    add(
        "unread",
        conversation
            .answers
            .first_key_value()
            .zip(conversation.answers.last_key_value())
            .map(|((first, _), (last, _))| format!("{first}-{last}")),
    );
    if let Some(follow_up) = &case.follow_up {
        add("from_seq", Some(follow_up.from_seq.to_string()));
        add("text", follow_up.text.map(|text| Status::word(text.status).into()));
        add("mail", follow_up.mail.map(|mail| Status::word(mail.status).into()));
    }
    facts
}
