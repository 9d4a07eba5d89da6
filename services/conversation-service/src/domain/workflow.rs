//! Workflows: a few steps that conversations of a channel go through by themselves. A document, checked here as a whole.

use super::carried;
use super::content::Served;
use super::conversation::{Content, Message};
use super::form::Field;
use super::refused::Refused;
use super::settings::{Channel, ChannelKind};
use domain::{AuthorRole, ChannelId, Invalid, MessageText, TeamId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// What begins a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// Of a new conversation, by its customer.
    FirstMessage,
    /// Agents alone.
    Agent,
}

impl Trigger {
    /// The word as stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::FirstMessage => "first_message",
            Self::Agent => "agent",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::FirstMessage, Self::Agent]
            .into_iter()
            .find(|trigger| trigger.word() == word)
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Step {
    /// Said unless somebody has written to the customer already.
    Greet {
        text: String,
    },
    Message {
        text: String,
    },
    Wait {
        seconds: u32,
    },
    /// An input form by name, and how long it is waited for.
    AskForm {
        form: String,
        seconds: u32,
    },
    /// On the conversation's contact.
    SetTag {
        tag: String,
    },
    /// To the team's queue.
    HandOver {
        team: TeamId,
    },
}

/// A workflow of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    pub key: String,
    pub channel: ChannelId,
    pub trigger: Trigger,
    pub on: bool,
    pub steps: Vec<Step>,
    /// Grows by one with each change.
    pub version: u64,
    pub changed_at: Timestamp,
}

/// What a workflow's steps name.
#[derive(Debug)]
pub struct Around<'a> {
    pub channel: &'a Channel,
    /// Input forms by name.
    pub forms: &'a HashMap<String, Vec<Field>>,
    pub teams: &'a HashSet<TeamId>,
}

const STEPS: std::ops::RangeInclusive<usize> = 1..=20;
const MAX_TEXT: usize = 4_000;
const MAX_TAG: usize = 50;
/// 30 days.
const SECONDS: std::ops::RangeInclusive<u32> = 1..=30 * 24 * 3_600;

impl Workflow {
    /// Refuses what could not run in the conversations of its channel.
    pub fn check(&self, around: &Around<'_>) -> Result<(), Refused> {
        if !STEPS.contains(&self.steps.len()) {
            return Err(Refused::new("steps", "needs 1 to 20"));
        }
        for (index, step) in self.steps.iter().enumerate() {
            let checked = step.check_place(index + 1, self.steps.len());
            let checked = checked.and_then(|()| step.check_itself(around));
            checked.map_err(|wrong| Refused::within(format_args!("steps[{index}]"), wrong))?;
        }
        Ok(())
    }
}

impl Step {
    fn check_place(&self, number: usize, last: usize) -> Result<(), Invalid> {
        match self {
            Self::Greet { .. } if number != 1 => {
                Err(Invalid::new("greet", "may only be the first step; say a message here"))
            }
            Self::HandOver { .. } if number != last => {
                Err(Invalid::new("hand_over", "must be the last step: nothing follows it"))
            }
            _ => Ok(()),
        }
    }

    fn check_itself(&self, around: &Around<'_>) -> Result<(), Invalid> {
        match self {
            Self::Greet { text } | Self::Message { text } => check_text(text, around.channel.kind),
            Self::Wait { seconds } => check_seconds(*seconds),
            Self::AskForm { form, seconds } => {
                check_form(form, around)?;
                check_seconds(*seconds)
            }
            Self::SetTag { tag } => {
                let length = tag.chars().count();
                let fits = (1..=MAX_TAG).contains(&length) && tag.trim() == tag && !tag.chars().any(char::is_control);
                let remedy = "needs 1 to 50 characters without control characters, and no space around them";
                if fits { Ok(()) } else { Err(Invalid::new("tag", remedy)) }
            }
            Self::HandOver { team } if !around.teams.contains(team) => Err(Invalid::new(
                "team",
                "does not exist in this workspace; create it first",
            )),
            Self::HandOver { .. } => Ok(()),
        }
    }
}

fn check_text(text: &str, kind: ChannelKind) -> Result<(), Invalid> {
    let parsed = MessageText::parse(text).map_err(|invalid| invalid.of("text"))?;
    if text.chars().count() > MAX_TEXT {
        return Err(Invalid::new("text", "is longer than 4,000 characters; say it in parts"));
    }
    carried::check(kind, AuthorRole::Bot, &parsed).map_err(|invalid| invalid.of("text"))
}

/// Refuses what is no time for anybody to wait.
pub fn check_seconds(seconds: u32) -> Result<(), Invalid> {
    if SECONDS.contains(&seconds) {
        Ok(())
    } else {
        Err(Invalid::new("seconds", "must be 1 to 2592000 (30 days)"))
    }
}

fn check_form(form: &str, around: &Around<'_>) -> Result<(), Invalid> {
    if around.channel.kind != ChannelKind::Web {
        return Err(Invalid::new("form", "is for web channels: only a widget can show one"));
    }
    let Some(fields) = around.forms.get(form) else {
        return Err(Invalid::new("form", "is no form of this workspace; set it first"));
    };
    match around.channel.settings.first_off(fields) {
        None => Ok(()),
        Some(off) => {
            let remedy = format!("asks in '{}' for what the channel has switched off", off.key);
            Err(Invalid::new("form", remedy))
        }
    }
}

/// Whether a message begins the runs of the trigger [`Trigger::FirstMessage`]: a customer's own words with which a
/// conversation starts.
pub fn is_first(message: &Message) -> bool {
    let draft = &message.draft;
    message.seq == 1 && draft.author == AuthorRole::Customer && draft.content == Content::Words
}

/// Whether a greeting would come too late.
pub fn is_greeted(served: &Served) -> bool {
    *served != Served::Nobody
}

#[cfg(test)]
#[path = "workflow_tests.rs"]
mod tests;
