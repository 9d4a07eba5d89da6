//! The port to providers of texts: adapters hand over, look up and read callbacks; who takes a text, and who is left
//! alone for a while, is decided here the same way for all.

use super::Outcome;
use super::smpp::Smpp;
use super::sms_aligo::Aligo;
use super::sms_kannel::Kannel;
use super::sms_twilio::Twilio;
use crate::domain::breaker::{Breaker, State};
use crate::domain::inbound_text::InboundText;
use crate::domain::korean;
use crate::domain::provider::{Choice, Routes};
use crate::domain::{Medium, Receipt};
use crate::metrics::Metrics;
use domain::{Clock, DeliveryId, PhoneE164, TextSender, Timestamp, WorkspaceId, sms};
use events::common::MessageKind;
use fault::{Code, Fault, Result, codes};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A text to send.
#[derive(Debug)]
pub struct Text<'a> {
    pub medium: Medium,
    pub to: &'a PhoneE164,
    pub from: &'a TextSender,
    /// Name that a message with a title bears.
    pub business: &'a str,
    pub body: &'a str,
    /// Where receipts go.
    pub callback: &'a str,
    pub attempt: Attempt<'a>,
}

/// Which call this is, for a provider who answers later than anybody waits, and whose receipts do not say what they are
/// about.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    pub workspace: &'a WorkspaceId,
    pub delivery: DeliveryId,
    pub number: u32,
}

/// What became of handing a text over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    Accepted {
        provider_id: Option<String>,
    },
    /// Nothing was taken, nor would it be later: number, sender or words do not suit.
    Refused(&'static Code),
    /// Nothing was taken; it may be later, or by somebody else.
    Later,
    /// This provider cannot carry such a text; another one may.
    NotForIt,
    /// The request was never sent.
    NotReached,
    /// The answer was lost: it may have been taken.
    Unknown,
}

impl Handed {
    /// Whether the provider did its work, be it to refuse.
    fn worked(&self) -> bool {
        matches!(self, Self::Accepted { .. } | Self::Refused(_) | Self::NotForIt)
    }
}

impl From<Handed> for Outcome {
    fn from(handed: Handed) -> Self {
        let refused = |code, again| Self::Refused { code, again };
        match handed {
            Handed::Accepted { provider_id } => Self::Accepted { provider_id },
            Handed::Refused(code) => refused(code, false),
            Handed::Later | Handed::NotForIt | Handed::NotReached => refused(&codes::SMS_UNREACHABLE, true),
            Handed::Unknown => Self::Unknown {
                code: &codes::SMS_UNKNOWN,
            },
        }
    }
}

/// A text that the provider has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub provider_id: String,
    pub receipt: Option<Receipt>,
}

/// A provider's call to us, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Called<'a> {
    /// Public URL exactly as it was called.
    pub url: &'a str,
    /// Of its form; empty where everything stands in the URL.
    pub params: &'a [(String, String)],
    /// Value of `X-Twilio-Signature`.
    pub signature: &'a str,
}

impl<'a> Called<'a> {
    /// The first of a parameter's names that is there.
    pub fn param(&self, names: &[&str]) -> Option<&'a str> {
        let find = |wanted: &str| self.params.iter().find(|(name, _)| name == wanted);
        names
            .iter()
            .find_map(|name| find(name))
            .map(|(_, value)| value.as_str())
    }

    /// The same, or a complaint that names the first.
    pub fn needed(&self, names: &[&'static str]) -> Result<&'a str> {
        let first = names.first().copied().unwrap_or_default();
        self.param(names).ok_or_else(|| Fault::invalid(first, "is missing"))
    }
}

/// What a provider tells of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// `None`: the word says nothing about the outcome.
    pub receipt: Option<Receipt>,
    pub provider_id: String,
    /// In its own words.
    pub status: String,
    /// Why it did not arrive, where the provider says so and we have a name for it.
    pub code: Option<&'static Code>,
}

/// How a provider is spoken to.
#[derive(Debug)]
pub enum Adapter {
    Twilio(Twilio),
    Kannel(Kannel),
    Aligo(Aligo),
    Smpp(Smpp),
}

/// A provider as it is configured.
#[derive(Debug)]
pub struct Known {
    pub name: String,
    pub adapter: Adapter,
    /// It answers STOP, START and HELP itself.
    pub answers_keywords: bool,
}

#[derive(Debug)]
struct Provider {
    name: String,
    adapter: Adapter,
    answers_keywords: bool,
    breaker: Mutex<Breaker>,
}

/// The providers of a deployment.
pub struct TextProviders {
    all: Vec<Provider>,
    routes: Routes,
    /// Those with a WhatsApp sender, for every country.
    by_whatsapp: Routes,
    /// How long they try to deliver.
    validity: Duration,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
}

impl TextProviders {
    /// `routes` names only providers that are there; `validity`: how long they try to deliver a text.
    pub fn new(known: Vec<Known>, routes: Routes, validity: Duration, clock: Arc<dyn Clock>, metrics: Metrics) -> Self {
        let provider = |known: Known| Provider {
            name: known.name,
            adapter: known.adapter,
            answers_keywords: known.answers_keywords,
            breaker: Mutex::default(),
        };
        let all: Vec<Provider> = known.into_iter().map(provider).collect();
        for provider in &all {
            metrics.breaker(&provider.name, State::Closed);
        }
        let senders = all.iter().filter(|provider| provider.whatsapp_from().is_some());
        let senders: Vec<String> = senders.map(|provider| provider.name.clone()).collect();
        Self {
            by_whatsapp: Routes::all_through(&senders),
            all,
            routes,
            validity,
            clock,
            metrics,
        }
    }

    /// How long a provider tries to deliver.
    pub fn validity(&self) -> Duration {
        self.validity
    }

    fn routes(&self, medium: Medium) -> &Routes {
        match medium {
            Medium::Sms => &self.routes,
            Medium::Whatsapp => &self.by_whatsapp,
        }
    }

    /// Who is to take a text to a country, after these could not.
    pub fn choose(&self, medium: Medium, country: &str, tried: &[String]) -> Choice<'_> {
        let now = self.clock.now();
        self.routes(medium)
            .choose(country, tried, |name| self.not_before(name, now))
    }

    /// Whether somebody else may take it at once.
    pub fn has_another(&self, medium: Medium, country: &str, tried: &[String]) -> bool {
        let now = self.clock.now();
        self.routes(medium)
            .has_another(country, tried, |name| self.not_before(name, now))
    }

    /// Everybody of a country's route but this one.
    pub fn others(&self, medium: Medium, country: &str, name: &str) -> Vec<String> {
        let order = self.routes(medium).order(country).iter();
        order.filter(|other| *other != name).cloned().collect()
    }

    /// Who a provider's messages by WhatsApp come from where the channel has no number of its own.
    pub fn whatsapp_from(&self, name: &str) -> Option<&TextSender> {
        self.find(name).and_then(Provider::whatsapp_from)
    }

    /// The kind that a text to a country is priced as, and its parts: as the first of the country's providers counts.
    pub fn measure(&self, medium: Medium, country: &str, text: &str) -> (MessageKind, u32) {
        if medium == Medium::Whatsapp {
            return (MessageKind::Whatsapp, 1);
        }
        let first = self.routes.order(country).first().and_then(|name| self.find(name));
        let korean = first.is_some_and(|provider| matches!(provider.adapter, Adapter::Aligo(_)));
        match korean::kind(text).filter(|_| korean) {
            Some(korean::Kind::Sms) => (MessageKind::Sms, 1),
            Some(korean::Kind::Lms) => (MessageKind::Lms, 1),
            None => (MessageKind::Sms, sms::parts(text).count),
        }
    }

    fn not_before(&self, name: &str, now: Timestamp) -> Option<Timestamp> {
        self.find(name).and_then(|provider| provider.breaker().not_before(now))
    }

    fn find(&self, name: &str) -> Option<&Provider> {
        self.all.iter().find(|provider| provider.name == name)
    }

    fn named_or_first(&self, name: Option<&str>) -> Option<&Provider> {
        match name {
            Some(name) => self.find(name),
            None => self.all.first(),
        }
    }

    /// Whether a provider tells people itself what STOP, START and HELP do; without a name the first one is meant.
    pub fn answers_keywords(&self, name: Option<&str>) -> bool {
        self.named_or_first(name)
            .is_none_or(|provider| provider.answers_keywords)
    }

    fn named(&self, name: &str) -> Result<&Provider> {
        let missing = || Fault::internal(format!("the provider of texts '{name}' is no longer configured"));
        self.find(name).ok_or_else(missing)
    }

    /// The name that callbacks of a provider's bear; `None` where there is only one.
    pub fn tag(&self, name: &str) -> Option<String> {
        (self.all.len() > 1).then(|| name.to_owned())
    }

    /// Hands a text to one of them.
    pub async fn send(&self, name: &str, text: &Text<'_>) -> Outcome {
        let Ok(provider) = self.named(name) else {
            return Handed::NotReached.into();
        };
        self.told(provider, provider.breaker().begin(self.clock.now()));
        let handed = match &provider.adapter {
            Adapter::Twilio(twilio) => twilio.send(text).await,
            Adapter::Kannel(kannel) => kannel.send(text).await,
            Adapter::Aligo(aligo) => aligo.send(text).await,
            Adapter::Smpp(smpp) => smpp.send(text).await,
        };
        let worked = handed.worked();
        self.told(provider, provider.breaker().end(self.clock.now(), worked));
        handed.into()
    }

    fn told(&self, provider: &Provider, state: Option<State>) {
        if let Some(state) = state {
            tracing::warn!(
                provider = provider.name,
                state = state.word(),
                "a provider's breaker turned"
            );
            self.metrics.breaker(&provider.name, state);
            self.metrics.breaker_turned(&provider.name, state);
        }
    }

    /// How long after a call an absent text proves that it was never taken; `None`: it cannot be looked up.
    pub fn settles_after(&self, name: &str) -> Option<Duration> {
        match &self.find(name)?.adapter {
            Adapter::Twilio(twilio) => Some(twilio.settle()),
            Adapter::Kannel(_) | Adapter::Aligo(_) | Adapter::Smpp(_) => None,
        }
    }

    /// Looks for a text to `to` whose body holds `token`, at the provider that it was handed to.
    pub async fn look_up(&self, name: &str, to: &PhoneE164, token: &str) -> Result<Option<Found>> {
        match &self.named(name)?.adapter {
            Adapter::Twilio(twilio) => twilio.look_up(to, token).await,
            Adapter::Kannel(_) | Adapter::Aligo(_) | Adapter::Smpp(_) => {
                Err(Fault::internal(format!("a text at '{name}' cannot be looked up")))
            }
        }
    }

    /// What a receipt says; an error: nobody of ours called so.
    pub fn read_receipt(&self, name: &str, called: Called<'_>) -> Result<Report> {
        match self.find(name).map(|provider| &provider.adapter) {
            Some(Adapter::Twilio(twilio)) => twilio.read_receipt(called),
            Some(Adapter::Kannel(kannel)) => kannel.read_receipt(called),
            // Aligo calls nobody, and what comes by SMPP does not come here.
            Some(Adapter::Aligo(_) | Adapter::Smpp(_)) | None => Err(not_authentic()),
        }
    }

    /// What somebody wrote; an error: nobody of ours called so, or it cannot be read. Without a name the first provider
    /// is meant.
    pub fn read_inbound(&self, name: Option<&str>, called: Called<'_>) -> Result<InboundText> {
        match self.named_or_first(name).map(|provider| &provider.adapter) {
            Some(Adapter::Twilio(twilio)) => twilio.read_inbound(called),
            Some(Adapter::Kannel(kannel)) => kannel.read_inbound(called),
            // Aligo calls nobody, and what comes by SMPP does not come here.
            Some(Adapter::Aligo(_) | Adapter::Smpp(_)) | None => Err(not_authentic()),
        }
    }
}

impl Provider {
    fn whatsapp_from(&self) -> Option<&TextSender> {
        match &self.adapter {
            Adapter::Twilio(twilio) => twilio.whatsapp_from(),
            Adapter::Kannel(_) | Adapter::Aligo(_) | Adapter::Smpp(_) => None,
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever calls is not the provider.
pub fn not_authentic() -> Fault {
    let remedy = "does not fit; check the account's token and the public URL";
    Fault::new(&codes::SIGNATURE, remedy).of("signature")
}
