//! Invitations to chat, as a widget sees them.

use super::words::{optional, word};
use events::common::{ChannelSettings, FieldRule};
use events::event::InvitationState;
use rpc::routing as wire;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a visitor does with an invitation.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitationAnswer {
    /// They see it.
    Shown,
    Accepted,
    /// No; remembered. Who waits with a question is not answered.
    Declined,
    /// They closed the panel: ends a chat in which they have not written, and the invitation before that. Who waits with a question
    /// keeps their place, and is brought back when it is answered.
    Closed,
}

impl From<InvitationAnswer> for wire::InvitationAnswer {
    fn from(answer: InvitationAnswer) -> Self {
        match answer {
            InvitationAnswer::Shown => Self::Shown,
            InvitationAnswer::Accepted => Self::Accepted,
            InvitationAnswer::Declined => Self::Declined,
            InvitationAnswer::Closed => Self::Closed,
        }
    }
}

/// How far an invitation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Invitation {
    /// UUID.
    pub invitation: String,
    /// offered, shown, accepted, declined, expired, form, queued, alerted, serving, ended or abandoned.
    pub state: String,
    /// with_invitation, or without_invitation: the visitor is asked nothing, and an agent may speak first.
    pub mode: String,
    /// What the visitor is asked; absent: the widget's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greeting: Option<String>,
    /// What the data page asks for beside the question, while the state is form.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<ContactField>,
    /// In the queue; 1 is the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// How long it may take until somebody comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<u32>,
    /// Slug of who serves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The session is in this conversation now, or will be with its next message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
}

/// Contact data that the data page asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ContactField {
    /// name, phone or email: the field of `start`.
    pub key: String,
    /// A chat is refused without it.
    pub required: bool,
}

impl Invitation {
    pub fn new(found: wire::Invitation, position: u32, wait_seconds: u32, fields: Vec<ContactField>) -> Self {
        Self {
            state: word(found.state().as_str_name(), "INVITATION_STATE_").unwrap_or_default(),
            mode: word(found.mode().as_str_name(), "PROACTIVE_MODE_").unwrap_or_default(),
            invitation: found.invitation,
            greeting: optional(found.greeting),
            fields,
            position: (position > 0).then_some(position),
            wait_seconds: (wait_seconds > 0).then_some(wait_seconds),
            agent: optional(found.agent),
            conversation: optional(found.conversation),
        }
    }
}

/// What a channel's settings ask for when a chat starts.
pub fn contact_fields(settings: &ChannelSettings) -> Vec<ContactField> {
    let rules = [
        ("name", settings.name()),
        ("phone", settings.phone()),
        ("email", settings.email()),
    ];
    let asked = rules.into_iter().filter_map(|(key, rule)| {
        let required = match rule {
            FieldRule::Required => true,
            FieldRule::Optional => false,
            FieldRule::Off | FieldRule::Unspecified => return None,
        };
        Some(ContactField {
            key: key.to_owned(),
            required,
        })
    });
    asked.collect()
}

/// True of states that nothing comes after.
pub fn is_last(state: InvitationState) -> bool {
    match state {
        InvitationState::Declined | InvitationState::Expired | InvitationState::Ended | InvitationState::Abandoned => {
            true
        }
        InvitationState::Unspecified
        | InvitationState::Offered
        | InvitationState::Shown
        | InvitationState::Accepted
        | InvitationState::Form
        | InvitationState::Queued
        | InvitationState::Alerted
        | InvitationState::Serving => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_page_asks_for_what_the_channel_asks_for() {
        let settings = ChannelSettings {
            phone: FieldRule::Required.into(),
            email: FieldRule::Optional.into(),
            name: FieldRule::Off.into(),
            ..Default::default()
        };
        let asked: Vec<(String, bool)> = contact_fields(&settings)
            .into_iter()
            .map(|field| (field.key, field.required))
            .collect();
        assert_eq!(asked, [("phone".to_owned(), true), ("email".to_owned(), false)]);
    }
}
