//! Settings of a channel: defaults, ranges, and changes by field mask.

use super::form::{self, FieldKind};
use domain::{ChannelId, Country, Invalid, Language, QuietHours, TeamId, TextSender, limits};
use serde::{Deserialize, Serialize};

/// What a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelKind {
    Web,
    Sms,
    Email,
    Whatsapp,
    Facebook,
    Instagram,
    Voice,
}

impl ChannelKind {
    const ALL: [Self; 7] = [
        Self::Web,
        Self::Sms,
        Self::Email,
        Self::Whatsapp,
        Self::Facebook,
        Self::Instagram,
        Self::Voice,
    ];

    /// The word as stored in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Whatsapp => "whatsapp",
            Self::Facebook => "facebook",
            Self::Instagram => "instagram",
            Self::Voice => "voice",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One entry point of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    pub id: ChannelId,
    pub kind: ChannelKind,
    pub settings: Settings,
    /// Grows by one with each change.
    pub version: u64,
}

impl Channel {
    /// As it is for the team that was named, if one was.
    #[must_use]
    pub fn of_team(mut self, named: Option<&TeamId>) -> Self {
        if let Some(team) = named {
            self.settings.team = team.to_string();
        }
        self
    }
}

/// Whether a contact field is asked for when a chat starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldRule {
    Off,
    Optional,
    Required,
}

/// How a customer of the channel is brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    TextThenEmail,
    EmailOnUnread,
}

/// Who tells whether the channel's customers are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceSource {
    Widget,
    Integration,
    None,
}

/// Settings of a channel. Durations are milliseconds of product time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub phone: FieldRule,
    pub email: FieldRule,
    pub name: FieldRule,
    pub policy: Policy,
    pub presence_source: PresenceSource,
    pub follow_up: bool,
    pub bot_answers_follow_up: bool,
    pub confirmation_text: bool,
    pub debounce_ms: u32,
    pub ceiling_ms: u32,
    pub escalation_ms: u32,
    pub unread_mail_ms: u32,
    pub language: String,
    pub business_name: String,
    pub default_country: String,
    pub allowed_origins: Vec<String>,
    pub texts_per_number_per_day: u32,
    /// Channels that were stored before the setting was there have its default.
    #[serde(default = "mails_per_address_per_day")]
    pub mails_per_address_per_day: u32,
    /// Hours of the customer's day without follow-ups by text.
    #[serde(default)]
    pub text_quiet_hours: Option<QuietHours>,
    /// Hours of the customer's day without follow-ups by e-mail.
    #[serde(default)]
    pub mail_quiet_hours: Option<QuietHours>,
    /// Sender of texts; empty: the deployment's.
    #[serde(default)]
    pub text_from: String,
    /// Countries that texts may go to; empty: all with a price.
    #[serde(default)]
    pub text_countries: Vec<String>,
    /// Slug of the team that answers here; empty: none.
    #[serde(default)]
    pub team: String,
    /// A resolved conversation is mailed to its customer. Channels that were stored before have the default of their kind.
    #[serde(default)]
    pub transcript_at_end: bool,
    /// Follow-ups go only to addresses that are proved to be the customer's.
    #[serde(default)]
    pub follow_up_verified_only: bool,
}

fn mails_per_address_per_day() -> u32 {
    3
}

/// Whether channels of a kind mail what was said in them where nobody decided that.
pub fn transcript_at_end(kind: ChannelKind) -> bool {
    kind == ChannelKind::Web
}

/// The fields by the names that a field mask uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Phone,
    Email,
    Name,
    Policy,
    PresenceSource,
    FollowUp,
    BotAnswersFollowUp,
    ConfirmationText,
    DebounceMs,
    CeilingMs,
    EscalationMs,
    UnreadMailMs,
    Language,
    BusinessName,
    DefaultCountry,
    AllowedOrigins,
    TextsPerNumberPerDay,
    MailsPerAddressPerDay,
    TextQuietHours,
    MailQuietHours,
    TextFrom,
    TextCountries,
    Team,
    TranscriptAtEnd,
    FollowUpVerifiedOnly,
}

/// Names above this do not fit a text of one part together with link and number.
const MAX_NAME: usize = 60;
/// A page of origins; more belongs behind one origin.
const MAX_ORIGINS: usize = 50;
/// There are no more countries.
const MAX_COUNTRIES: usize = 250;

impl Field {
    /// Reads a path of a field mask.
    pub fn parse(path: &str) -> Result<Self, Invalid> {
        let field = match path.strip_prefix("settings.").unwrap_or(path) {
            "phone" => Self::Phone,
            "email" => Self::Email,
            "name" => Self::Name,
            "policy" => Self::Policy,
            "presence_source" => Self::PresenceSource,
            "follow_up" => Self::FollowUp,
            "bot_answers_follow_up" => Self::BotAnswersFollowUp,
            "confirmation_text" => Self::ConfirmationText,
            "debounce_ms" => Self::DebounceMs,
            "ceiling_ms" => Self::CeilingMs,
            "escalation_ms" => Self::EscalationMs,
            "unread_mail_ms" => Self::UnreadMailMs,
            "language" => Self::Language,
            "business_name" => Self::BusinessName,
            "default_country" => Self::DefaultCountry,
            "allowed_origins" => Self::AllowedOrigins,
            "texts_per_number_per_day" => Self::TextsPerNumberPerDay,
            "mails_per_address_per_day" => Self::MailsPerAddressPerDay,
            "text_quiet_hours" => Self::TextQuietHours,
            "mail_quiet_hours" => Self::MailQuietHours,
            "text_from" => Self::TextFrom,
            "text_countries" => Self::TextCountries,
            "team" => Self::Team,
            "transcript_at_end" => Self::TranscriptAtEnd,
            "follow_up_verified_only" => Self::FollowUpVerifiedOnly,
            _ => return Err(Invalid::new("mask", "names a field that channel settings do not have")),
        };
        Ok(field)
    }
}

impl Settings {
    /// The first of these fields of a form that the channel has switched off: it would be stored without a purpose.
    pub fn first_off<'a>(&self, fields: &'a [form::Field]) -> Option<&'a form::Field> {
        fields.iter().find(|field| match field.kind {
            FieldKind::Name => self.name == FieldRule::Off,
            FieldKind::Email => self.email == FieldRule::Off,
            FieldKind::Phone => self.phone == FieldRule::Off,
            FieldKind::Text | FieldKind::Choice | FieldKind::Consent => false,
        })
    }

    /// What a new channel of this kind gets. Channels that deliver by themselves follow nobody up, and where nobody
    /// tells of presence only the e-mail applies.
    pub fn default_for(kind: ChannelKind, business_name: &str) -> Self {
        let web = kind == ChannelKind::Web;
        Self {
            phone: FieldRule::Optional,
            email: FieldRule::Optional,
            name: FieldRule::Optional,
            policy: if web {
                Policy::TextThenEmail
            } else {
                Policy::EmailOnUnread
            },
            presence_source: if web {
                PresenceSource::Widget
            } else {
                PresenceSource::None
            },
            follow_up: web,
            bot_answers_follow_up: false,
            confirmation_text: true,
            debounce_ms: 30_000,
            ceiling_ms: 120_000,
            escalation_ms: 600_000,
            unread_mail_ms: 60_000,
            language: Language::default().code().to_owned(),
            business_name: business_name.to_owned(),
            default_country: "PL".to_owned(),
            allowed_origins: Vec::new(),
            texts_per_number_per_day: 3,
            mails_per_address_per_day: mails_per_address_per_day(),
            text_quiet_hours: None,
            mail_quiet_hours: None,
            text_from: String::new(),
            text_countries: Vec::new(),
            team: String::new(),
            transcript_at_end: transcript_at_end(kind),
            follow_up_verified_only: false,
        }
    }

    /// Settings of a new channel: `wanted` where `mask` says so, defaults elsewhere.
    pub fn create(kind: ChannelKind, business_name: &str, wanted: &Self, mask: &[Field]) -> Result<Self, Invalid> {
        let mut settings = Self::default_for(kind, business_name);
        let without_presence = mask.contains(&Field::PresenceSource) && wanted.presence_source == PresenceSource::None;
        if without_presence {
            settings.policy = Policy::EmailOnUnread;
        }
        settings.change(kind, wanted, mask)
    }

    /// The same settings with the fields of `mask` taken from `wanted`. Nothing changes if the result is impossible.
    pub fn change(&self, kind: ChannelKind, wanted: &Self, mask: &[Field]) -> Result<Self, Invalid> {
        let mut settings = self.clone();
        for field in mask {
            settings.take(*field, wanted);
        }
        settings.check(kind)?;
        Ok(settings)
    }

    fn take(&mut self, field: Field, wanted: &Self) {
        match field {
            Field::Phone => self.phone = wanted.phone,
            Field::Email => self.email = wanted.email,
            Field::Name => self.name = wanted.name,
            Field::Policy => self.policy = wanted.policy,
            Field::PresenceSource => self.presence_source = wanted.presence_source,
            Field::FollowUp => self.follow_up = wanted.follow_up,
            Field::BotAnswersFollowUp => self.bot_answers_follow_up = wanted.bot_answers_follow_up,
            Field::ConfirmationText => self.confirmation_text = wanted.confirmation_text,
            Field::DebounceMs => self.debounce_ms = wanted.debounce_ms,
            Field::CeilingMs => self.ceiling_ms = wanted.ceiling_ms,
            Field::EscalationMs => self.escalation_ms = wanted.escalation_ms,
            Field::UnreadMailMs => self.unread_mail_ms = wanted.unread_mail_ms,
            Field::Language => self.language.clone_from(&wanted.language),
            Field::BusinessName => self.business_name.clone_from(&wanted.business_name),
            Field::DefaultCountry => self.default_country.clone_from(&wanted.default_country),
            Field::AllowedOrigins => self.allowed_origins.clone_from(&wanted.allowed_origins),
            Field::TextsPerNumberPerDay => self.texts_per_number_per_day = wanted.texts_per_number_per_day,
            Field::MailsPerAddressPerDay => self.mails_per_address_per_day = wanted.mails_per_address_per_day,
            Field::TextQuietHours => self.text_quiet_hours = wanted.text_quiet_hours,
            Field::MailQuietHours => self.mail_quiet_hours = wanted.mail_quiet_hours,
            Field::TextFrom => self.text_from.clone_from(&wanted.text_from),
            Field::TextCountries => self.text_countries.clone_from(&wanted.text_countries),
            Field::Team => self.team.clone_from(&wanted.team),
            Field::TranscriptAtEnd => self.transcript_at_end = wanted.transcript_at_end,
            Field::FollowUpVerifiedOnly => self.follow_up_verified_only = wanted.follow_up_verified_only,
        }
    }

    fn check(&self, kind: ChannelKind) -> Result<(), Invalid> {
        let refuse = |field, remedy: &str| Err(Invalid::new(field, remedy));
        if self.debounce_ms > limits::DEBOUNCE_MS {
            return refuse("debounce_ms", "must be 0 to 600,000 ms");
        }
        if self.ceiling_ms < self.debounce_ms || self.ceiling_ms > limits::CEILING_MS {
            return refuse("ceiling_ms", "must be at least debounce_ms and at most 3,600,000 ms");
        }
        if self.escalation_ms > limits::WAIT_MS {
            return refuse("escalation_ms", "must be 0 to 86,400,000 ms");
        }
        if self.unread_mail_ms > limits::WAIT_MS {
            return refuse("unread_mail_ms", "must be 0 to 86,400,000 ms");
        }
        if !limits::SENDS_PER_DAY.contains(&self.texts_per_number_per_day) {
            return refuse("texts_per_number_per_day", "must be 1 to 100");
        }
        if !limits::SENDS_PER_DAY.contains(&self.mails_per_address_per_day) {
            return refuse("mails_per_address_per_day", "must be 1 to 100");
        }
        if self.presence_source == PresenceSource::None && self.policy == Policy::TextThenEmail {
            return refuse("policy", "must be email_on_unread where presence_source is none");
        }
        let delivers_itself = kind != ChannelKind::Web;
        if self.follow_up && delivers_itself {
            return refuse(
                "follow_up",
                "must be false: this kind of channel delivers answers by itself",
            );
        }
        Language::parse(&self.language)?;
        Country::parse(&self.default_country).map_err(|wrong| wrong.of("default_country"))?;
        check_name("business_name", &self.business_name)?;
        if !self.text_from.is_empty() {
            TextSender::parse(&self.text_from)?;
        }
        if !self.team.is_empty() {
            TeamId::parse(&self.team)?;
        }
        let known = |code: &String| Country::parse(code).is_ok_and(|country| country.is_known());
        if self.text_countries.len() > MAX_COUNTRIES || !self.text_countries.iter().all(known) {
            return refuse(
                "text_countries",
                "takes ISO 3166 codes of two capital letters, at most 250",
            );
        }
        if self.allowed_origins.len() > MAX_ORIGINS || !self.allowed_origins.iter().all(|origin| is_origin(origin)) {
            return refuse(
                "allowed_origins",
                "takes at most 50 origins of the form https://shop.example[:port]",
            );
        }
        Ok(())
    }
}

/// A name that customers see: 1 to 60 characters without control characters.
pub fn check_name(field: &'static str, name: &str) -> Result<(), Invalid> {
    let length = name.chars().count();
    if (1..=MAX_NAME).contains(&length) && !name.chars().any(char::is_control) && !name.trim().is_empty() {
        Ok(())
    } else {
        Err(Invalid::new(
            field,
            "needs 1 to 60 characters without control characters",
        ))
    }
}

fn is_origin(text: &str) -> bool {
    let Some(host) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "80"));
    let name_fits = (1..=253).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.');
    name_fits && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
