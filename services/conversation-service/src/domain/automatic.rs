//! What a team says by itself: which message, when, and never twice where once is enough.

use super::call::{self, Outcome};
use super::conversation::{Change, Content, Conversation, Draft, Message, Served};
use super::refused::Refused;
use super::settings::ChannelKind;
use super::words::{self, Words};
use domain::{AuthorRole, Invalid, Language, MessageId, MessageText, OpeningHours, Timestamp};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The automatic messages that a team has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    MissedCall,
    Voicemail,
    CallEnded,
    AskRating,
    AskSolved,
    FirstMessage,
    AskMedia,
    ContactPage,
    CallOutOfHours,
    CallGivenUp,
    AskApproval,
    AskPayment,
    TextOutOfHours,
    ChatOutOfHours,
}

impl Kind {
    #[cfg(test)]
    pub const ALL: [Self; 14] = [
        Self::MissedCall,
        Self::Voicemail,
        Self::CallEnded,
        Self::AskRating,
        Self::AskSolved,
        Self::FirstMessage,
        Self::AskMedia,
        Self::ContactPage,
        Self::CallOutOfHours,
        Self::CallGivenUp,
        Self::AskApproval,
        Self::AskPayment,
        Self::TextOutOfHours,
        Self::ChatOutOfHours,
    ];

    /// The word of documents.
    pub fn word(self) -> &'static str {
        match self {
            Self::MissedCall => "missed_call",
            Self::Voicemail => "voicemail",
            Self::CallEnded => "call_ended",
            Self::AskRating => "ask_rating",
            Self::AskSolved => "ask_solved",
            Self::FirstMessage => "first_message",
            Self::AskMedia => "ask_media",
            Self::ContactPage => "contact_page",
            Self::CallOutOfHours => "call_out_of_hours",
            Self::CallGivenUp => "call_given_up",
            Self::AskApproval => "ask_approval",
            Self::AskPayment => "ask_payment",
            Self::TextOutOfHours => "text_out_of_hours",
            Self::ChatOutOfHours => "chat_out_of_hours",
        }
    }

    /// Agents have it said; nothing else causes it.
    pub fn is_of_agents(self) -> bool {
        matches!(
            self,
            Self::AskRating
                | Self::AskSolved
                | Self::AskMedia
                | Self::ContactPage
                | Self::AskApproval
                | Self::AskPayment
        )
    }

    /// It tells that the team is closed, and when it opens again.
    pub fn is_out_of_hours(self) -> bool {
        matches!(self, Self::CallOutOfHours | Self::TextOutOfHours | Self::ChatOutOfHours)
    }
}

/// How a message goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carriage {
    /// As its channel brings what agents write.
    Channel,
    /// By text, whatever the channel: it answers a call.
    Text,
}

/// One message: whether it is said, and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Setting {
    pub on: bool,
    pub business_name: bool,
    pub team_name: bool,
    pub extra_text: String,
}

/// What a team says. Kinds that are not there are off.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AutomaticMessages {
    pub messages: BTreeMap<Kind, Setting>,
    /// A missed call opens a conversation.
    pub open_for_missed_calls: bool,
    /// Empty, or an http(s) URL.
    pub contact_page: String,
}

/// Twice the length of a text.
const MAX_WORDS: usize = 300;
const MAX_LINK: usize = 500;

impl AutomaticMessages {
    /// Refuses what could not be said.
    pub fn check(&self) -> Result<(), Refused> {
        for (kind, setting) in &self.messages {
            check_extra("extra_text", &setting.extra_text)
                .map_err(|wrong| Refused::within(format_args!("messages.{}", kind.word()), wrong))?;
        }
        if !self.contact_page.is_empty() {
            check_link("contact_page", &self.contact_page)?;
        } else if self.is_on(Kind::ContactPage) {
            return Err(Refused::new("contact_page", "is needed where contact_page is on"));
        }
        Ok(())
    }

    pub fn is_on(&self, kind: Kind) -> bool {
        self.messages.get(&kind).is_some_and(|setting| setting.on)
    }
}

/// Words that go out in a team's name.
pub fn check_words(field: &'static str, words: &str) -> Result<(), Invalid> {
    if words.chars().count() <= MAX_WORDS && !words.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Invalid::new(
            field,
            "may have 300 characters at most, without control characters",
        ))
    }
}

/// What a team adds to a message. Words in braces would be a part that nobody fills in: the customer would read the braces.
pub fn check_extra(field: &'static str, words: &str) -> Result<(), Invalid> {
    check_words(field, words)?;
    match words.split_once('{').and_then(|(_, rest)| rest.split_once('}')) {
        None => Ok(()),
        Some((part, _)) => Err(Invalid::new(
            field,
            format!(
                "has the unknown part {{{part}}}: names are switched on by business_name and team_name; leave the braces out"
            ),
        )),
    }
}

/// Somewhere that a customer is sent to.
pub fn check_link(field: &'static str, link: &str) -> Result<(), Invalid> {
    let host = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
    let authority = host.map_or("", |rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let fits = !authority.is_empty() && !authority.contains('@') && link.len() <= MAX_LINK;
    // A text has room for few other letters, and a link must not lose them.
    if fits && link.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(Invalid::new(
            field,
            "must be an http or https URL of at most 500 ASCII characters, without credentials and spaces; percent-encode others",
        ))
    }
}

/// Everything that what a team says on a channel is made from.
#[derive(Debug, Clone)]
pub struct Voice {
    pub channel: ChannelKind,
    pub language: Language,
    /// The channel's.
    pub business_name: String,
    pub team_name: String,
    pub messages: AutomaticMessages,
    /// `None`: always open.
    pub hours: Option<OpeningHours>,
}

/// What a message is said about; empty where nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    pub note: &'a str,
    pub link: &'a str,
}

/// What happened longer ago is not answered by itself: old conversations may be brought in.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(10);
/// A period that is closed for good ends then, as far as telling of it goes.
const CLOSED_FOR_GOOD: SignedDuration = SignedDuration::from_hours(400 * 24);

/// Whether what happened then is answered by itself.
pub fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) <= MAX_AGE
}

impl Voice {
    /// When the team opens again; `None`: it is open.
    pub fn closed_until(&self, at: Timestamp) -> Option<Timestamp> {
        let opening = self.hours.as_ref()?.at(at);
        let for_good = at.checked_add(CLOSED_FOR_GOOD).unwrap_or(Timestamp::MAX);
        (!opening.open).then(|| opening.until.unwrap_or(for_good))
    }

    /// What is said to a customer's message, which is the conversation's newest: that the team is closed, once in a closed
    /// period; else thanks for the first one. Nothing while a bot serves, and nothing to what is old.
    pub fn reaction(&self, conversation: &Conversation, is_first: bool, at: Timestamp, now: Timestamp) -> Option<Kind> {
        if conversation.served == Served::Bot || !is_recent(at, now) {
            return None;
        }
        let told = conversation.closed_told_until.is_some_and(|until| at < until);
        let closed = match self.channel {
            ChannelKind::Web => is_first.then_some(Kind::ChatOutOfHours),
            ChannelKind::Sms | ChannelKind::Whatsapp => Some(Kind::TextOutOfHours),
            _ => None,
        };
        let closed = closed.filter(|kind| !told && self.messages.is_on(*kind));
        if closed.is_some() && self.closed_until(at).is_some() {
            return closed;
        }
        let is_chat = !matches!(self.channel, ChannelKind::Sms | ChannelKind::Email | ChannelKind::Voice);
        (is_first && is_chat && self.messages.is_on(Kind::FirstMessage)).then_some(Kind::FirstMessage)
    }

    /// The text that answers a call, recorded in this conversation or in a new one. Nothing while a bot serves, nothing to what
    /// is old. That the team is closed is said once in a closed period; what fits the outcome is said of later calls.
    pub fn answer_to_call(
        &self,
        outcome: Outcome,
        open: Option<&Conversation>,
        at: Timestamp,
        now: Timestamp,
    ) -> Option<Kind> {
        if !is_recent(at, now) || open.is_some_and(|open| open.served == Served::Bot) {
            return None;
        }
        let told = open
            .and_then(|open| open.closed_told_until)
            .is_some_and(|until| at < until);
        call::answer(outcome, &self.messages, !told && self.closed_until(at).is_some())
    }

    /// Says it in the conversation.
    pub fn say(
        &self,
        conversation: &mut Conversation,
        (kind, carriage): (Kind, Carriage),
        about: About<'_>,
        id: MessageId,
        at: Timestamp,
    ) -> (Message, Change) {
        if kind.is_out_of_hours() {
            conversation.closed_told_until = self.closed_until(at);
        }
        let by_text = carriage == Carriage::Text || self.channel == ChannelKind::Sms;
        let words = self.words(kind, about, by_text, at);
        let draft = Draft {
            id,
            author: AuthorRole::System,
            agent: None,
            text: MessageText::parse(&words).expect("words of ours, and extra text without control characters"),
            at,
            follow_up: false,
            client_id: None,
            foreign: None,
            content: Content::Automatic { kind, carriage },
        };
        conversation.post(draft).expect("others than customers may always post")
    }

    /// The words of a message, with what its settings add.
    pub fn words(&self, kind: Kind, about: About<'_>, by_text: bool, at: Timestamp) -> String {
        self.put_together(Words::of(self.language), kind, about, by_text, at)
    }

    fn put_together(&self, words: &Words, kind: Kind, about: About<'_>, by_text: bool, at: Timestamp) -> String {
        let setting = self.messages.messages.get(&kind).cloned().unwrap_or_default();
        let page = self.messages.contact_page.as_str();
        let link = if kind == Kind::ContactPage { page } else { about.link };
        let mut text = words.say(key(kind, !link.is_empty()), &[("link", link)]);
        let opens = kind.is_out_of_hours().then(|| self.opens_again(words, at)).flatten();
        for more in [opens.as_deref().unwrap_or_default(), about.note, &setting.extra_text] {
            if !more.is_empty() {
                text = words.say("followed", &[("text", &text), ("more", more)]);
            }
        }
        let names = [
            setting.business_name.then_some(self.business_name.as_str()),
            setting.team_name.then_some(self.team_name.as_str()),
        ];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(", ");
        if !name.is_empty() {
            text = words.say("named", &[("name", &name), ("text", &text)]);
        }
        if by_text { words::plain(&text) } else { text }
    }

    fn opens_again(&self, words: &Words, at: Timestamp) -> Option<String> {
        let hours = self.hours.as_ref()?;
        let opens = hours.at(at).until.filter(|_| self.closed_until(at).is_some())?;
        let local = opens.to_zoned(hours.zone());
        let day = words::day(self.language, local.date());
        let time = local.strftime("%H:%M").to_string();
        Some(words.say("open-again", &[("day", &day), ("time", &time)]))
    }
}

/// The name of a message's words.
fn key(kind: Kind, has_link: bool) -> &'static str {
    match kind {
        Kind::MissedCall => "missed-call",
        Kind::Voicemail => "voicemail",
        Kind::CallEnded => "call-ended",
        Kind::AskRating => "ask-rating",
        Kind::AskSolved => "ask-solved",
        Kind::FirstMessage => "first-message",
        Kind::AskMedia => "ask-media",
        Kind::ContactPage => "contact-page",
        Kind::CallOutOfHours => "call-out-of-hours",
        Kind::CallGivenUp => "call-given-up",
        Kind::AskApproval if has_link => "ask-approval-at",
        Kind::AskApproval => "ask-approval",
        Kind::AskPayment => "ask-payment",
        Kind::TextOutOfHours => "text-out-of-hours",
        Kind::ChatOutOfHours => "chat-out-of-hours",
    }
}

#[cfg(test)]
#[path = "automatic_tests.rs"]
mod tests;
