use crate::domain::{Medium, Step};
use domain::{Language, QuietHours, TextSender, TimeScale};
use events::common::{ChannelKind, ChannelSettings, FieldRule, FollowUpPolicy, PresenceSource};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Texts a number may get in a day where the channel does not say.
const TEXTS_PER_NUMBER_PER_DAY: u32 = 3;

/// Mails an address may get in a day where the channel does not say.
const MAILS_PER_ADDRESS_PER_DAY: u32 = 3;

/// A new key opened for answers that came after everything was sent waits at least this long after the last send.
const GAP_AFTER_SEND: SignedDuration = SignedDuration::from_hours(1);

/// While it cannot be told whether the customer is there, the question is asked again this often.
const ASK_AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// How a customer is brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    TextThenEmail,
    EmailOnUnread,
}

/// What a channel says about follow-ups. The owner's settings, reduced to what is decided here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Only web channels have follow-ups: the others deliver by themselves.
    pub web: bool,
    /// Its customers write texts, or call and are answered by text.
    #[serde(default)]
    pub sms: bool,
    /// They write by WhatsApp. `None`: told of before that was kept.
    #[serde(default)]
    pub whatsapp: Option<bool>,
    pub follow_up: bool,
    pub policy: Policy,
    /// False: nobody tells whether the customer is there, so only mail on unread applies.
    pub presence_told: bool,
    pub bot_answers: bool,
    pub confirmation_text: bool,
    pub phone: bool,
    pub email: bool,
    pub name: bool,
    pub debounce_ms: u32,
    pub ceiling_ms: u32,
    pub escalation_ms: u32,
    pub unread_mail_ms: u32,
    /// en, pl or fr.
    pub language: String,
    pub business_name: String,
    pub allowed_origins: Vec<String>,
    /// 0: not told.
    pub texts_per_number_per_day: u32,
    /// 0: told of before the setting was there.
    #[serde(default)]
    pub mails_per_address_per_day: u32,
    #[serde(default)]
    pub text_quiet_hours: Option<QuietHours>,
    #[serde(default)]
    pub mail_quiet_hours: Option<QuietHours>,
    /// `None`: the deployment's.
    #[serde(default)]
    pub text_from: Option<TextSender>,
    /// Empty: every country with a price.
    #[serde(default)]
    pub text_countries: Vec<String>,
    /// `None`: told of before the setting was there.
    #[serde(default)]
    pub transcript_at_end: Option<bool>,
    /// Follow-ups go only to addresses that are proved to be the customer's.
    #[serde(default)]
    pub verified_only: bool,
}

/// Whether a channel brings messages to its customers by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    Nothing,
    By(Medium),
}

impl Settings {
    /// Reads the wire's settings literally; what is unspecified gets its documented default.
    pub fn from_wire(kind: ChannelKind, wire: &ChannelSettings) -> Self {
        let on = |rule: i32| FieldRule::try_from(rule) != Ok(FieldRule::Off);
        let source = PresenceSource::try_from(wire.presence_source).unwrap_or_default();
        Self {
            web: kind == ChannelKind::Web,
            sms: matches!(kind, ChannelKind::Sms | ChannelKind::Voice),
            whatsapp: Some(kind == ChannelKind::Whatsapp),
            follow_up: wire.follow_up,
            policy: match FollowUpPolicy::try_from(wire.policy) {
                Ok(FollowUpPolicy::EmailOnUnread) => Policy::EmailOnUnread,
                _ => Policy::TextThenEmail,
            },
            presence_told: source != PresenceSource::None,
            bot_answers: wire.bot_answers_follow_up,
            confirmation_text: wire.confirmation_text,
            phone: on(wire.phone),
            email: on(wire.email),
            name: on(wire.name),
            debounce_ms: wire.debounce_ms,
            ceiling_ms: wire.ceiling_ms,
            escalation_ms: wire.escalation_ms,
            unread_mail_ms: wire.unread_mail_ms,
            language: wire.language.clone(),
            business_name: wire.business_name.clone(),
            allowed_origins: wire.allowed_origins.clone(),
            texts_per_number_per_day: wire.texts_per_number_per_day,
            mails_per_address_per_day: wire.mails_per_address_per_day,
            text_quiet_hours: QuietHours::parse(&wire.text_quiet_hours).unwrap_or_default(),
            mail_quiet_hours: QuietHours::parse(&wire.mail_quiet_hours).unwrap_or_default(),
            text_from: TextSender::parse(&wire.text_from).ok(),
            text_countries: wire.text_countries.clone(),
            transcript_at_end: Some(wire.transcript_at_end),
            verified_only: wire.follow_up_verified_only,
        }
    }

    /// What carries its messages, if anything does. `None`: that was not told, its owner has to be asked.
    pub fn carries(&self) -> Option<Carries> {
        match self {
            Self { sms: true, .. } => Some(Carries::By(Medium::Sms)),
            Self { web: true, .. } => Some(Carries::Nothing),
            Self { whatsapp, .. } => whatsapp.map(|carries| match carries {
                true => Carries::By(Medium::Whatsapp),
                false => Carries::Nothing,
            }),
        }
    }

    /// Whether who was talked with gets a copy at the end.
    pub fn sends_transcripts(&self) -> bool {
        self.transcript_at_end.unwrap_or(self.web)
    }

    /// Whether texts may go to a country.
    pub fn allows_texts_to(&self, country: &str) -> bool {
        self.text_countries.is_empty() || self.text_countries.iter().any(|allowed| allowed == country)
    }

    /// Hours of the customer's day in which no follow-up goes out by this step.
    pub fn quiet_hours(&self, step: Step) -> Option<QuietHours> {
        match step {
            Step::Text => self.text_quiet_hours,
            Step::Mail => self.mail_quiet_hours,
        }
    }

    /// How many messages of this step one number, or one address, may get in a day.
    pub fn daily_limit(&self, step: Step) -> u32 {
        let (told, default) = match step {
            Step::Text => (self.texts_per_number_per_day, TEXTS_PER_NUMBER_PER_DAY),
            Step::Mail => (self.mails_per_address_per_day, MAILS_PER_ADDRESS_PER_DAY),
        };
        if told == 0 { default } else { told }
    }

    /// English where the channel names no language of ours.
    pub fn language(&self) -> Language {
        Language::parse(&self.language).unwrap_or_default()
    }

    /// The durations of this channel, divided by the scale.
    pub fn timing(&self, scale: TimeScale) -> Timing {
        let scaled = |duration: SignedDuration| {
            SignedDuration::try_from(scale.apply(duration.unsigned_abs())).unwrap_or(SignedDuration::MAX)
        };
        let millis = |ms: u32| scaled(SignedDuration::from_millis(ms.into()));
        Timing {
            debounce: millis(self.debounce_ms),
            ceiling: millis(self.ceiling_ms),
            escalation: millis(self.escalation_ms),
            unread_mail: millis(self.unread_mail_ms),
            gap: scaled(GAP_AFTER_SEND),
            ask_again: scaled(ASK_AGAIN),
        }
    }
}

/// Durations as they are armed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// After the last answer.
    pub debounce: SignedDuration,
    /// At most after the first unread one.
    pub ceiling: SignedDuration,
    /// Between a text and the mail.
    pub escalation: SignedDuration,
    /// How long an answer stays unread before a mail alone.
    pub unread_mail: SignedDuration,
    /// Between the last send of one follow-up and the first of the next, if the customer did not respond.
    pub gap: SignedDuration,
    /// Between two questions while presence is not to be had.
    pub ask_again: SignedDuration,
}

/// A moment later by a duration; the end of time where it would be beyond.
pub fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}
