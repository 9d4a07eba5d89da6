//! Between the wire's words and the domain's.

use crate::domain::assignee::AssigneeKind;
use crate::domain::automatic::{Carriage, Kind};
use crate::domain::call::Outcome;
use crate::domain::card::{CardKind, CardState};
use crate::domain::delivery::DeliveryState;
use crate::domain::run::{End, Run, State};
use crate::domain::settings::{ChannelKind, Field, FieldRule, Policy, PresenceSource, Settings};
use domain::QuietHours;
use events::common;
use events::event::{self, WorkflowRunEnd, WorkflowRunState};
use fault::{Fault, Result};

macro_rules! words {
    ($to:ident, $from:ident, $field:literal, $wire:ident, $own:ident: $($word:ident),+) => {
        /// The wire's word.
        pub fn $to(own: $own) -> common::$wire {
            match own { $($own::$word => common::$wire::$word),+ }
        }

        /// The domain's word; unspecified and unknown ones are refused.
        pub fn $from(number: i32) -> Result<$own> {
            match common::$wire::try_from(number) {
                $(Ok(common::$wire::$word) => Ok($own::$word),)+
                _ => {
                    let words = [$(stringify!($word)),+].join(", ");
                    Err(Fault::invalid($field, format!("must be one of {words}")))
                }
            }
        }
    };
}

words!(kind, kind_of, "kind", ChannelKind, ChannelKind: Web, Sms, Email, Whatsapp, Facebook, Instagram, Voice);
words!(rule, rule_of, "rule", FieldRule, FieldRule: Off, Optional, Required);
words!(policy, policy_of, "policy", FollowUpPolicy, Policy: TextThenEmail, EmailOnUnread);
words!(delivery_state, delivery_state_of, "state", MessageDeliveryState, DeliveryState: Sending, Unknown, Sent, Failed, Delivered, Read);
words!(card_kind, card_kind_of, "card.kind", CardKind, CardKind: Product, Order, Payment);
words!(source, source_of, "presence_source", PresenceSource, PresenceSource: Widget, Integration, None);

words!(automatic_kind, automatic_kind_of, "kind", AutomaticMessageKind, Kind: MissedCall, Voicemail, CallEnded, AskRating, AskSolved, FirstMessage, AskMedia, ContactPage, CallOutOfHours, CallGivenUp, AskApproval, AskPayment, TextOutOfHours, ChatOutOfHours);

/// How an automatic message goes out.
pub fn carriage(own: Carriage) -> common::Carriage {
    match own {
        Carriage::Channel => common::Carriage::Channel,
        Carriage::Text => common::Carriage::Text,
    }
}

/// How far a card has come.
pub fn card_state(own: CardState) -> common::CardState {
    match own {
        CardState::Requested => common::CardState::Requested,
        CardState::Ready => common::CardState::Ready,
        CardState::Failed => common::CardState::Failed,
        CardState::Cancelled => common::CardState::Cancelled,
        CardState::Done => common::CardState::Done,
    }
}

/// How a call ended.
pub fn call_outcome(own: Outcome) -> common::CallOutcome {
    match own {
        Outcome::Answered => common::CallOutcome::Answered,
        Outcome::Ringing => common::CallOutcome::Ringing,
        Outcome::AfterGreeting => common::CallOutcome::AfterGreeting,
        Outcome::AfterMenuChoice => common::CallOutcome::AfterMenuChoice,
        Outcome::InMenu => common::CallOutcome::InMenu,
        Outcome::InVoicemailPrompt => common::CallOutcome::InVoicemailPrompt,
        Outcome::VoicemailLeft => common::CallOutcome::VoicemailLeft,
    }
}

/// The settings as facts and rpcs carry them.
pub fn settings(own: &Settings) -> common::ChannelSettings {
    common::ChannelSettings {
        phone: rule(own.phone).into(),
        email: rule(own.email).into(),
        name: rule(own.name).into(),
        policy: policy(own.policy).into(),
        presence_source: source(own.presence_source).into(),
        follow_up: own.follow_up,
        bot_answers_follow_up: own.bot_answers_follow_up,
        confirmation_text: own.confirmation_text,
        debounce_ms: own.debounce_ms,
        ceiling_ms: own.ceiling_ms,
        escalation_ms: own.escalation_ms,
        unread_mail_ms: own.unread_mail_ms,
        language: own.language.clone(),
        business_name: own.business_name.clone(),
        default_country: own.default_country.clone(),
        allowed_origins: own.allowed_origins.clone(),
        texts_per_number_per_day: own.texts_per_number_per_day,
        mails_per_address_per_day: own.mails_per_address_per_day,
        text_quiet_hours: QuietHours::words(own.text_quiet_hours),
        mail_quiet_hours: QuietHours::words(own.mail_quiet_hours),
        text_from: own.text_from.clone(),
        text_countries: own.text_countries.clone(),
        team: own.team.clone(),
        transcript_at_end: own.transcript_at_end,
        follow_up_verified_only: own.follow_up_verified_only,
    }
}

/// The settings that `mask` means, out of a message whose other fields may be anything.
pub fn settings_of(wire: common::ChannelSettings, mask: &[Field]) -> Result<Settings> {
    let rest = Settings::default_for(ChannelKind::Web, "");
    let rule = |field, name, number, other| match mask.contains(&field) {
        true => rule_of(number).map_err(|fault| fault.of(name)),
        false => Ok(other),
    };
    let quiet = |field, name, text: &str| match mask.contains(&field) {
        true => QuietHours::parse(text).map_err(|wrong| wrong.of(name)),
        false => Ok(None),
    };
    Ok(Settings {
        phone: rule(Field::Phone, "phone", wire.phone, rest.phone)?,
        email: rule(Field::Email, "email", wire.email, rest.email)?,
        name: rule(Field::Name, "name", wire.name, rest.name)?,
        policy: if mask.contains(&Field::Policy) {
            policy_of(wire.policy)?
        } else {
            rest.policy
        },
        presence_source: match mask.contains(&Field::PresenceSource) {
            true => source_of(wire.presence_source)?,
            false => rest.presence_source,
        },
        follow_up: wire.follow_up,
        bot_answers_follow_up: wire.bot_answers_follow_up,
        confirmation_text: wire.confirmation_text,
        debounce_ms: wire.debounce_ms,
        ceiling_ms: wire.ceiling_ms,
        escalation_ms: wire.escalation_ms,
        unread_mail_ms: wire.unread_mail_ms,
        language: wire.language,
        business_name: wire.business_name,
        default_country: wire.default_country,
        allowed_origins: wire.allowed_origins,
        texts_per_number_per_day: wire.texts_per_number_per_day,
        mails_per_address_per_day: wire.mails_per_address_per_day,
        text_quiet_hours: quiet(Field::TextQuietHours, "text_quiet_hours", &wire.text_quiet_hours)?,
        mail_quiet_hours: quiet(Field::MailQuietHours, "mail_quiet_hours", &wire.mail_quiet_hours)?,
        text_from: wire.text_from,
        text_countries: wire.text_countries,
        team: wire.team,
        transcript_at_end: wire.transcript_at_end,
        follow_up_verified_only: wire.follow_up_verified_only,
    })
}

/// 1, 2, ... of the index of a step.
pub fn step_number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// Where a run stands.
pub fn run_state(run: &Run) -> WorkflowRunState {
    match run.state {
        State::Running => WorkflowRunState::Running,
        State::Waiting { .. } => WorkflowRunState::Waiting,
        State::Done => WorkflowRunState::Done,
        State::Cancelled(_) => WorkflowRunState::Cancelled,
    }
}

/// What cancelled a run; unspecified of others.
pub fn run_end(run: &Run) -> WorkflowRunEnd {
    match run.state {
        State::Cancelled(End::CustomerWrote) => WorkflowRunEnd::CustomerWrote,
        State::Cancelled(End::AgentWrote) => WorkflowRunEnd::AgentWrote,
        State::Cancelled(End::AgentTookOver) => WorkflowRunEnd::AgentTookOver,
        State::Cancelled(End::Resolved) => WorkflowRunEnd::Resolved,
        State::Cancelled(End::Erased) => WorkflowRunEnd::Erased,
        State::Cancelled(End::ByHand) => WorkflowRunEnd::ByHand,
        State::Running | State::Waiting { .. } | State::Done => WorkflowRunEnd::Unspecified,
    }
}

pub fn assignee_kind(kind: AssigneeKind) -> event::AssigneeKind {
    match kind {
        AssigneeKind::Agent => event::AssigneeKind::Agent,
        AssigneeKind::Admin => event::AssigneeKind::Admin,
        AssigneeKind::Team => event::AssigneeKind::Team,
    }
}

/// `None`: nobody.
pub fn assignee_kind_of(kind: event::AssigneeKind) -> Option<AssigneeKind> {
    match kind {
        event::AssigneeKind::Unspecified => None,
        event::AssigneeKind::Agent => Some(AssigneeKind::Agent),
        event::AssigneeKind::Admin => Some(AssigneeKind::Admin),
        event::AssigneeKind::Team => Some(AssigneeKind::Team),
    }
}
