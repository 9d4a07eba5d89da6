//! The second step, outside any transaction: ask the owners, render, place the hold.

use super::App;
use super::carry_message::Carried;
use super::claim::Claimed;
use crate::domain::provider::Choice;
use crate::domain::quiet::Hush;
use crate::domain::render::{self, Frame, MailBody, Quote};
use crate::domain::transcript::Occasion;
use crate::domain::{Case, Fresh, Medium, Presence, Purpose, Settings, Step, Verdict, Why, confirmation};
use crate::outbound::billing::Hold;
use crate::outbound::contacts::{Recipient, Serves};
use crate::outbound::mail_smtp;
use crate::outbound::postgres::delivery::Delivery;
use domain::limits::TEXT_CHARACTERS;
use domain::{AddressId, Country, PersonName, QuietHours, TextSender, Timestamp, VisitorId};
use events::common::{ChannelKind, MessageKind};
use events::instant;
use fault::{Code, Fault, Kind, Result, codes};
use jiff::SignedDuration;
use rpc::conversation::GetFollowUpContextResponse;

/// What is sent.
pub(crate) enum Rendered {
    Text(String),
    Mail(Box<MailBody>),
}

/// Texts wait for providers that are left alone for this long together: then the mail is due.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);
/// Instead of what an agent wrote, nothing else is sent.
const PATIENCE_OF_MESSAGES: SignedDuration = SignedDuration::from_hours(12);

enum Taker {
    Provider(String),
    NotBefore(Timestamp),
    Nobody(&'static Code),
}

/// Ready for its attempt, if the decision still stands.
pub(crate) struct Message {
    pub address: AddressId,
    pub recipient: Recipient,
    pub rendered: Rendered,
    /// Who is to take it.
    pub provider: String,
    /// Who a text comes from.
    pub sender: TextSender,
    /// Name that the message bears.
    pub business: String,
    /// Its words are a bot's.
    pub by_program: bool,
    /// It answers a call.
    pub answers_call: bool,
    /// Its customer has never written in this conversation.
    pub is_first: bool,
    pub country: String,
    /// As it is priced.
    pub kind: MessageKind,
    pub parts: u32,
    pub hold: Hold,
}

/// What the owners said.
pub(crate) struct Checked {
    pub context: GetFollowUpContextResponse,
    pub presence: Option<Presence>,
    pub fresh: Fresh,
    pub carried: Carried,
    /// `None`: the owners' answers speak against sending, so nothing was rendered or held.
    pub message: Option<Message>,
    /// The owners' answers forbid this delivery for good.
    pub refusal: Option<&'static Code>,
    /// It has to wait until then; nothing was rendered or held.
    pub wait: Option<(Timestamp, Why)>,
}

impl App {
    /// Asks everybody at once, then holds. A fault means: later.
    pub(crate) async fn check(&self, claimed: &Claimed) -> Result<Checked> {
        let Claimed {
            workspace,
            delivery,
            case,
            ..
        } = claimed;
        let from_seq = case.follow_up.as_ref().map_or(1, |follow_up| follow_up.from_seq);
        // What an address serves depends on whether the customer has written: until that is known, their owner is not asked.
        let known = address_of(case, delivery.step).filter(|_| !is_first(case, delivery));
        let context = self
            .conversations
            .get_follow_up_context(workspace, delivery.conversation, from_seq);
        let carried = self.read_carried(workspace, delivery);
        let (context, presence, carried, early) = tokio::join!(context, self.ask_presence(claimed), carried, async {
            match known {
                Some(address) => Some((
                    address,
                    self.contacts.get_address(workspace, address, Serves::Support).await,
                )),
                None => None,
            }
        });
        let (context, presence) = (context?, presence?);
        let fresh = presence.map(|(_, fresh)| fresh).unwrap_or_default();
        let presence = presence.map(|(presence, _)| presence);
        let mut now_known = case.clone();
        fold(&mut now_known, &context, presence, delivery, self)?;
        let mut checked = Checked {
            context,
            presence,
            fresh,
            carried: carried?,
            message: None,
            refusal: None,
            wait: None,
        };
        checked.refusal = self.is_void(delivery, &now_known, &checked.carried);
        if checked.refusal.is_some() {
            return Ok(checked);
        }
        let Some(address) = address_of(&now_known, delivery.step) else {
            checked.refusal = Some(&codes::NO_ADDRESS);
            return Ok(checked);
        };
        if delivery.purpose == Purpose::FollowUp
            && now_known.verdict_on(delivery.step, fresh, self.now()) != Some(Verdict::Send(delivery.step))
        {
            return Ok(checked);
        }
        checked.wait = self.too_young(&now_known, delivery);
        if checked.wait.is_some() {
            return Ok(checked);
        }
        let is_first = is_first(&now_known, delivery) && !checked.carried.answers_call;
        if is_first && checked.context.resolved {
            // Whoever resolved it took it back.
            checked.refusal = Some(&codes::CANCELLED);
            return Ok(checked);
        }
        let serves = if is_first { Serves::Outreach } else { Serves::Support };
        let read = match early {
            Some((asked, read)) if asked == address && !is_first => read,
            _ => self.contacts.get_address(workspace, address, serves).await,
        };
        match read {
            Ok((Recipient::Phone { country, .. }, _)) if !allows_texts_to(&now_known, country) => {
                checked.refusal = Some(&codes::SEND_COUNTRY);
            }
            Ok((_, person)) if wants_proof(&now_known, delivery) && !person.verified => {
                checked.refusal = Some(&codes::NOT_VERIFIED);
            }
            Ok((recipient, person)) => {
                let hours = quiet_hours(&now_known, delivery, is_first);
                let (of, home) = ((delivery.id, delivery.step), &checked.context.time_zone);
                let until = self.quiet_until((workspace, &now_known), of, &hours, (&recipient, &person), home);
                match until.await? {
                    Hush::Over => {}
                    Hush::Until(end) => {
                        checked.wait = Some((end, Why::QuietHours));
                        return Ok(checked);
                    }
                    Hush::Always => {
                        checked.refusal = Some(&codes::NO_HOUR);
                        return Ok(checked);
                    }
                }
                let provider = match self.provider_for(delivery, &recipient) {
                    Taker::Provider(name) => name,
                    Taker::NotBefore(until) => {
                        checked.wait = Some((until, Why::ProviderDown));
                        return Ok(checked);
                    }
                    Taker::Nobody(code) => {
                        checked.refusal = Some(code);
                        return Ok(checked);
                    }
                };
                let to = (address, recipient, person.name);
                let message = self.prepare(claimed, &now_known, &checked, to, provider);
                checked.message = Some(message.await?);
            }
            Err(fault) if is_first && fault.kind() == Kind::PermissionDenied => {
                checked.refusal = Some(&codes::NO_CONSENT);
            }
            // Erased, or not given for support: nobody may be written to.
            Err(fault) if matches!(fault.kind(), Kind::NotFound | Kind::PermissionDenied) => {
                checked.refusal = Some(&codes::NO_ADDRESS);
            }
            Err(fault) => return Err(fault),
        }
        Ok(checked)
    }

    /// Why a delivery makes no sense any more, whatever its customer's case is.
    fn is_void(&self, delivery: &Delivery, case: &Case, carried: &Carried) -> Option<&'static Code> {
        let now = self.now();
        let settings = case.settings.as_ref();
        match delivery.purpose {
            Purpose::Message | Purpose::Transcript(_) if self.is_too_old(delivery.created_at) => Some(&codes::TOO_LATE),
            Purpose::Transcript(Occasion::End) if settings.is_some_and(|settings| !settings.sends_transcripts()) => {
                Some(&codes::SWITCHED_OFF)
            }
            Purpose::Transcript(_) => None,
            Purpose::FollowUp => None,
            Purpose::Confirmation | Purpose::Keyword(_) => {
                confirmation::is_over(delivery.created_at, now).then_some(&codes::TOO_LATE)
            }
            Purpose::Message if carried.words.is_empty() => Some(&codes::NOT_FOUND),
            Purpose::Message => (carried.words.chars().count() > TEXT_CHARACTERS).then_some(&codes::SEND_TOO_LONG),
        }
    }

    /// Who takes a message. A text waits for its providers only so long.
    fn provider_for(&self, delivery: &Delivery, recipient: &Recipient) -> Taker {
        let Recipient::Phone { country, .. } = recipient else {
            return Taker::Provider(mail_smtp::PROVIDER.to_owned());
        };
        match self.texts.choose(delivery.medium, country.as_str(), &delivery.tried) {
            Choice::Provider(name) => Taker::Provider(name.to_owned()),
            Choice::NotBefore(until) => {
                let since = delivery.unreachable_since.unwrap_or_else(|| self.now());
                let patience = match delivery.purpose {
                    Purpose::Message => PATIENCE_OF_MESSAGES,
                    _ => PATIENCE,
                };
                if until.duration_since(since) <= patience {
                    Taker::NotBefore(until)
                } else {
                    Taker::Nobody(&codes::SMS_UNREACHABLE)
                }
            }
            Choice::Nobody if delivery.medium == Medium::Whatsapp => Taker::Nobody(&codes::WHATSAPP_NO_SENDER),
            Choice::Nobody => Taker::Nobody(&codes::SMS_NO_PROVIDER),
        }
    }

    /// Renders, counts the parts and holds their price.
    async fn prepare(
        &self,
        claimed: &Claimed,
        case: &Case,
        checked: &Checked,
        (address, recipient, name): (AddressId, Recipient, Option<PersonName>),
        provider: String,
    ) -> Result<Message> {
        let Claimed {
            workspace, delivery, ..
        } = claimed;
        let settings = case.settings.as_ref();
        let settings =
            settings.ok_or_else(|| Fault::new(&codes::UNAVAILABLE, "nobody told the settings of the channel yet"))?;
        let rendered = self.render(claimed, checked, settings, name.as_ref()).await?;
        let ((kind, parts), country) = match (&rendered, &recipient) {
            (Rendered::Text(text), Recipient::Phone { country, .. }) => {
                let measured = self.texts.measure(delivery.medium, country.as_str(), text);
                (measured, country.as_str().to_owned())
            }
            _ => ((MessageKind::Email, 1), String::new()),
        };
        let hold = self.billing.hold(workspace, delivery.id, kind, &country, parts).await?;
        Ok(Message {
            address,
            recipient,
            rendered,
            sender: self.sender(delivery.medium, settings, &provider),
            provider,
            business: settings.business_name.clone(),
            by_program: checked.carried.by_program,
            answers_call: checked.carried.answers_call,
            is_first: is_first(case, delivery) && !checked.carried.answers_call,
            country,
            kind,
            parts,
            hold,
        })
    }

    /// The channel's own sender, else the provider's by WhatsApp, else the deployment's.
    fn sender(&self, medium: Medium, settings: &Settings, provider: &str) -> TextSender {
        let usual = match medium {
            Medium::Sms => None,
            Medium::Whatsapp => self.texts.whatsapp_from(provider).cloned(),
        };
        let own = settings.text_from.clone().or(usual);
        own.unwrap_or_else(|| self.text_from.clone())
    }

    /// Until when a conversation is too young to cause a text, other than what an agent writes or somebody asks for.
    fn too_young(&self, case: &Case, delivery: &Delivery) -> Option<(Timestamp, Why)> {
        let caused = delivery.step == Step::Text && delivery.purpose.has_link();
        let started = case.conversation.started.as_ref().filter(|_| caused)?;
        let until = started.at.checked_add(self.session_age).ok()?;
        (until > self.now()).then_some((until, Why::YoungSession))
    }

    async fn ask_presence(&self, claimed: &Claimed) -> Result<Option<(Presence, Fresh)>> {
        let told = claimed
            .case
            .settings
            .as_ref()
            .is_some_and(|settings| settings.presence_told);
        let visitor: Option<VisitorId> = claimed
            .case
            .conversation
            .started
            .as_ref()
            .and_then(|started| started.visitor);
        match visitor {
            Some(visitor) if told && claimed.delivery.purpose == Purpose::FollowUp => {
                self.presences.get_presence(&claimed.workspace, visitor).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The link that a delivery carries.
    pub(crate) fn return_link(&self, claimed: &Claimed) -> String {
        let token = self.keys.link_token(claimed.delivery.id);
        format!("{}/r/{}.{token}", self.public_url, claimed.workspace)
    }

    /// The link by which a mail's reader opts out.
    pub(crate) fn unsubscribe_link(&self, claimed: &Claimed) -> String {
        let token = self.keys.unsubscribe_token(&claimed.workspace, claimed.delivery.id);
        format!("{}/u/{}.{token}", self.public_url, claimed.workspace)
    }

    async fn render(
        &self,
        claimed: &Claimed,
        checked: &Checked,
        settings: &Settings,
        name: Option<&PersonName>,
    ) -> Result<Rendered> {
        let context = &checked.context;
        let link = self.return_link(claimed);
        let unsubscribe = self.unsubscribe_link(claimed);
        let frame = Frame {
            language: settings.language(),
            business: &settings.business_name,
            number: context.number,
            name: name.filter(|_| settings.name),
            link: &link,
            unsubscribe: &unsubscribe,
        };
        let quote =
            |message: &rpc::conversation::Message| Quote::new(&message.text, instant(message.at).unwrap_or(claimed.at));
        Ok(match (claimed.delivery.purpose, claimed.delivery.step) {
            (Purpose::Message, _) => Rendered::Text(checked.carried.words.clone()),
            (Purpose::Keyword(keyword), _) => Rendered::Text(render::keyword_text(&frame, keyword)),
            (Purpose::Confirmation, _) => Rendered::Text(render::confirmation_text(&frame)),
            (Purpose::FollowUp, Step::Text) => Rendered::Text(render::follow_up_text(&frame)),
            (Purpose::FollowUp, Step::Mail) => {
                let question = context.question.as_ref().map(quote);
                let answers: Vec<Quote> = context.answers.iter().map(quote).collect();
                let body = render::follow_up_mail(&frame, question.as_ref(), &answers, context.answers_total);
                Rendered::Mail(Box::new(body))
            }
            (Purpose::Transcript(_), _) => {
                let copy = self
                    .read_transcript(claimed, &context.time_zone, frame.business)
                    .await?;
                Rendered::Mail(Box::new(render::transcript_mail(&frame, &copy)))
            }
        })
    }
}

fn address_of(case: &Case, step: Step) -> Option<AddressId> {
    let given = match step {
        Step::Text => case.conversation.phone,
        Step::Mail => case.conversation.email,
    };
    given.map(|given| given.id)
}

/// Whether it is sent to somebody who has not written in this conversation: that takes their consent, unless it answers their
/// call.
fn is_first(case: &Case, delivery: &Delivery) -> bool {
    delivery.purpose == Purpose::Message && case.conversation.customer_up_to == 0
}

/// The hours that a delivery waits out.
fn quiet_hours(case: &Case, delivery: &Delivery, is_first: bool) -> Vec<QuietHours> {
    let settings = case.settings.as_ref();
    let own = settings.and_then(|settings| settings.quiet_hours(delivery.step));
    let own = own.filter(|_| is_first || delivery.purpose == Purpose::FollowUp);
    own.into_iter()
        .chain(is_first.then_some(QuietHours::FIRST_MESSAGES))
        .collect()
}

/// Whether a delivery may only go to an address that is proved to be the customer's.
fn wants_proof(case: &Case, delivery: &Delivery) -> bool {
    let is_wanted = case.settings.as_ref().is_some_and(|settings| settings.verified_only);
    is_wanted && delivery.purpose == Purpose::FollowUp
}

fn allows_texts_to(case: &Case, country: Country) -> bool {
    let settings = case.settings.as_ref();
    settings.is_none_or(|settings| settings.allows_texts_to(country.as_str()))
}

/// Folds the owners' answers like facts.
pub(crate) fn fold(
    case: &mut Case,
    context: &GetFollowUpContextResponse,
    presence: Option<Presence>,
    delivery: &Delivery,
    app: &App,
) -> Result<()> {
    let conversation = &mut case.conversation;
    for answer in &context.answers {
        let at = instant(answer.at).ok_or_else(|| Fault::internal("an answer without its time"))?;
        let author = events::role(answer.author).ok_or_else(|| Fault::internal("an answer without its author"))?;
        conversation.posted(answer.seq, author, true, at, app.is_too_old(at));
    }
    conversation.read(context.read_up_to);
    conversation.replied(context.customer_up_to);
    conversation.addresses_now(
        AddressId::parse_optional(&context.phone_address)?,
        AddressId::parse_optional(&context.email_address)?,
        app.now(),
    );
    if let Some(wire) = &context.settings {
        // Nobody told of the channel yet: what is being sent says what it is. Copies do not, and wait until it is told.
        let kind = match (delivery.purpose, delivery.medium) {
            (Purpose::FollowUp | Purpose::Confirmation, _) => ChannelKind::Web,
            (Purpose::Message | Purpose::Keyword(_), Medium::Sms) => ChannelKind::Sms,
            (Purpose::Message | Purpose::Keyword(_), Medium::Whatsapp) => ChannelKind::Whatsapp,
            (Purpose::Transcript(_), _) if case.settings.is_none() => return Ok(()),
            (Purpose::Transcript(_), _) => ChannelKind::Unspecified,
        };
        let told = Settings::from_wire(kind, wire);
        let settings = match &case.settings {
            Some(known) => Settings {
                web: known.web,
                sms: known.sms,
                whatsapp: known.whatsapp,
                ..told
            },
            None => told,
        };
        case.timing = Some(settings.timing(app.time_scale));
        case.settings = Some(settings);
    }
    if let Some(presence) = presence {
        case.presence.changed(presence);
    }
    Ok(())
}
