//! Names every port and adapter, and starts what runs.

use crate::app::{App, Daily, Desk};
use crate::config::Config;
use crate::domain::keys::Keys;
use crate::domain::provider;
use crate::inbound::{events, grpc, persons, smpp};
use crate::metrics::Metrics;
use crate::outbound::billing::Billing;
use crate::outbound::contacts::Contacts;
use crate::outbound::conversation::Conversations;
use crate::outbound::dkim::Dkim;
use crate::outbound::mail_smtp::MailServer;
use crate::outbound::presence::Presences;
use crate::outbound::routing::Agents;
use crate::outbound::smpp::{Inbox, Place, Session, Smpp, SmppConfig};
use crate::outbound::sms_aligo::{Aligo, AligoConfig};
use crate::outbound::sms_kannel::{Kannel, KannelConfig};
use crate::outbound::sms_twilio::{self, Twilio, TwilioConfig};
use crate::outbound::text_providers::{Adapter, Known, TextProviders};
use crate::provider_file::{self, Named, ProviderKind, SETTING, SmppEntry, certificates, secret};
use domain::limits::MAIL_BYTES;
use domain::{Email, FollowUpId, TextSender};
use fault::{Fault, Result};
use jiff::SignedDuration;
use rpc::notifier::follow_up_service_server::FollowUpServiceServer;
use rpc::notifier::person_service_server::PersonServiceServer;
use runtime::{Running, Secret, Shell, due_loop};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

/// The lease on a delivery is 30 s: the calls of a check and of a provider have to fit in.
const LONGEST_CALL: Duration = Duration::from_secs(5);
/// The setting of the only provider's WhatsApp sender.
const WHATSAPP_FROM: &str = "HOMING_NOTIFIER_WHATSAPP_FROM";
/// Where Aligo is.
const ALIGO: &str = "https://apis.aligo.in";
/// Less would take answers for old ones that only waited for us.
const SHORTEST_MAX_AGE: Duration = Duration::from_secs(60);
/// A longer wait would be no answer to what the customer has just done.
const OLDEST_SESSION: Duration = Duration::from_secs(600);
/// Days.
const LONGEST_RETENTION: u32 = 36_500;
/// A text that arrives later than this is out of place.
const LONGEST_VALIDITY: Duration = Duration::from_secs(900);

/// Starts the service.
pub async fn start(config: Config, shell: Shell) -> Result<Running> {
    let (desk, queue) = Desk::open();
    let (app, smscs) = build(&config, &shell, desk)?;
    let app = Arc::new(app);
    for Smsc { name, session, inbox } in smscs {
        let (over, stop) = (CancellationToken::new(), shell.stop.clone());
        shell.spawn(
            "what an SMSC tells",
            smpp::listen(app.clone(), name, inbox, over.clone()),
        );
        shell.spawn("smsc", async move {
            session.run(stop).await;
            over.cancel();
        });
    }
    shell.spawn("handed deliveries", app.clone().send_handed(queue, shell.stop.clone()));
    shell.spawn("prune", app.clone().prune(shell.stop.clone()));
    let facts = Arc::new(events::Facts(app.clone()));
    let consume = bus::consume(shell.bus(), events::spec(), facts, shell.stop.clone());
    shell.spawn("facts", consume);
    let timers = app.clone();
    due_loop(&shell, "follow_up", move |workspace, id| {
        let app = timers.clone();
        async move { app.take_due(&workspace, FollowUpId(id)).await }
    });
    let deliveries = app.clone();
    due_loop(&shell, "delivery", move |workspace, id| {
        let app = deliveries.clone();
        async move { app.take_delivery(&workspace, id.into()).await }
    });
    let joining = app.clone();
    due_loop(&shell, "joining_text", move |workspace, id| {
        let app = joining.clone();
        async move { app.post_joined_text(&workspace, id).await }
    });
    let reminders = app.clone();
    due_loop(&shell, "reminder_mail", move |workspace, id| {
        let app = reminders.clone();
        async move { app.take_reminder(&workspace, id).await }
    });
    let persons = PersonServiceServer::new(persons::Persons(app.clone()));
    let rpcs =
        FollowUpServiceServer::new(grpc::Grpc(app)).max_decoding_message_size(MAIL_BYTES + runtime::MESSAGE_BYTES);
    shell.serve(Routes::new(rpcs).add_service(persons)).await
}

/// What runs for a provider that is spoken to by SMPP.
struct Smsc {
    name: String,
    session: Session,
    inbox: Inbox,
}

fn build(config: &Config, shell: &Shell, desk: Desk) -> Result<(App, Vec<Smsc>)> {
    let timeout = config.provider_timeout.0;
    if timeout.is_zero() || timeout > LONGEST_CALL {
        return Err(Fault::invalid(
            "HOMING_NOTIFIER_PROVIDER_TIMEOUT_MS",
            "must be 1 to 5000",
        ));
    }
    let validity = config.text_validity.0;
    if validity < Duration::from_secs(1) || validity > LONGEST_VALIDITY {
        return Err(Fault::invalid(
            "HOMING_NOTIFIER_TEXT_VALIDITY_MS",
            "must be 1000 to 900000",
        ));
    }
    let answer_max_age = config.answer_max_age.0;
    if answer_max_age < SHORTEST_MAX_AGE {
        return Err(Fault::invalid(
            "HOMING_NOTIFIER_ANSWER_MAX_AGE_MS",
            "must be at least 60000",
        ));
    }
    if !(1..=LONGEST_RETENTION).contains(&config.retention_days) {
        return Err(Fault::invalid("HOMING_NOTIFIER_RETENTION_DAYS", "must be 1 to 36500"));
    }
    let session_age = config.session_age.0;
    if session_age > OLDEST_SESSION {
        return Err(Fault::invalid("HOMING_NOTIFIER_SESSION_AGE_MS", "must be 0 to 600000"));
    }
    let keys = Keys::new(config.link_key.expose())
        .ok_or_else(|| Fault::invalid("HOMING_NOTIFIER_LINK_KEY", "needs at least 32 characters"))?;
    let mail_from = Email::parse(&config.mail_from).map_err(|wrong| wrong.of("HOMING_NOTIFIER_MAIL_FROM"))?;
    let metrics = Metrics::new();
    let mut smscs = Vec::new();
    let (known, routes) = text_providers(config, &mut smscs)?;
    let texts = TextProviders::new(known, routes, validity, shell.clock.clone(), metrics.clone());
    let app = App {
        store: shell.store(),
        time_scale: shell.time_scale,
        keys,
        public_url: config.public_url.trim_end_matches('/').to_owned(),
        text_from: TextSender::parse(&config.text_from).map_err(|wrong| wrong.of("HOMING_NOTIFIER_TEXT_FROM"))?,
        daily: Daily {
            micro_pu: config.daily_micro_pu,
            texts_per_prefix: config.texts_per_prefix,
            texts_per_visitor: config.texts_per_visitor,
            texts: config.texts_per_workspace,
            copies: config.copies_per_workspace,
        },
        session_age: SignedDuration::try_from(shell.time_scale.apply(session_age)).map_err(Fault::internal)?,
        answer_max_age: SignedDuration::try_from(answer_max_age).map_err(Fault::internal)?,
        retention: SignedDuration::from_hours(24 * i64::from(config.retention_days)),
        metrics,
        conversations: Conversations::new(shell.channel(&config.conversation_url)?),
        presences: Presences::new(shell.channel(&config.presence_url)?),
        agents: Agents::new(shell.channel(&config.routing_url)?),
        contacts: Contacts::new(shell.channel(&config.contacts_url)?),
        billing: Billing::new(shell.channel(&config.billing_url)?),
        texts,
        mails: mail_server(config, mail_from, timeout)?,
        desk,
    };
    Ok((app, smscs))
}

/// The providers of texts by name, and who takes what; what has to run for them is added to `smscs`.
fn text_providers(config: &Config, smscs: &mut Vec<Smsc>) -> Result<(Vec<Known>, provider::Routes)> {
    let (timeout, validity) = (config.provider_timeout.0, config.text_validity.0);
    let twilio = |base_url: &str, account_sid: &str, auth_token: Secret, whatsapp_from: Option<TextSender>| {
        let twilio = Twilio::new(TwilioConfig {
            base_url: base_url.trim_end_matches('/').to_owned(),
            account_sid: account_sid.to_owned(),
            auth_token,
            whatsapp_from,
            timeout,
            validity,
            settle: config.text_settle.0,
        });
        twilio.map(Adapter::Twilio)
    };
    let Some(path) = &config.text_providers else {
        if config.sms_provider != sms_twilio::PROVIDER {
            return Err(Fault::invalid("HOMING_SMS_PROVIDER", "must be twilio"));
        }
        let missing = |name| Fault::invalid(name, "is not set; give it, or HOMING_NOTIFIER_TEXT_PROVIDERS");
        let account = config.twilio_account_sid.as_ref();
        let account = account.ok_or_else(|| missing("HOMING_TWILIO_ACCOUNT_SID"))?;
        let token = config.twilio_auth_token.clone();
        let token = token.ok_or_else(|| missing("HOMING_TWILIO_AUTH_TOKEN"))?;
        let whatsapp_from = config.whatsapp_from.as_deref().map(provider_file::whatsapp_sender);
        let whatsapp_from = whatsapp_from
            .transpose()
            .map_err(|why| Fault::invalid(WHATSAPP_FROM, why))?;
        let only = twilio(&config.twilio_base_url, account, token, whatsapp_from)?;
        let name = sms_twilio::PROVIDER.to_owned();
        let routes = provider::Routes::all_through(std::slice::from_ref(&name));
        let only = Known {
            name,
            adapter: only,
            answers_keywords: true,
        };
        return Ok((vec![only], routes));
    };
    if config.whatsapp_from.is_some() {
        let remedy = "would do nothing beside HOMING_NOTIFIER_TEXT_PROVIDERS; set whatsapp_from of a provider there";
        return Err(Fault::invalid(WHATSAPP_FROM, remedy));
    }
    let (providers, routes) = provider_file::read(path)?;
    let mut adapters = Vec::new();
    for Named {
        name,
        kind,
        answers_keywords,
    } in providers
    {
        let adapter = match kind {
            ProviderKind::Twilio {
                base_url,
                account_sid,
                auth_token_file,
                whatsapp_from,
            } => {
                let base_url = base_url.as_deref().unwrap_or(&config.twilio_base_url);
                let sender = whatsapp_from.as_deref().map(provider_file::whatsapp_sender).transpose();
                let sender = sender.map_err(|why| Fault::invalid(SETTING, format!("the provider '{name}': {why}")))?;
                twilio(base_url, &account_sid, secret(&auth_token_file)?, sender)?
            }
            ProviderKind::Kannel {
                base_url,
                username,
                password_file,
                inbound_token_file,
            } => Adapter::Kannel(Kannel::new(KannelConfig {
                base_url: base_url.trim_end_matches('/').to_owned(),
                username,
                password: secret(&password_file)?,
                inbound_token: inbound_token_file.as_deref().map(secret).transpose()?,
                timeout,
                validity,
            })?),
            ProviderKind::Aligo {
                base_url,
                user_id,
                key_file,
            } => Adapter::Aligo(Aligo::new(AligoConfig {
                base_url: base_url.as_deref().unwrap_or(ALIGO).trim_end_matches('/').to_owned(),
                user_id,
                key: secret(&key_file)?,
                timeout,
            })?),
            ProviderKind::Smpp(entry) => {
                let (smpp, session, inbox) = Smpp::new(smpp_config(&name, *entry, timeout, validity)?);
                let name = name.clone();
                smscs.push(Smsc { name, session, inbox });
                Adapter::Smpp(smpp)
            }
        };
        adapters.push(Known {
            name,
            adapter,
            answers_keywords,
        });
    }
    Ok((adapters, routes))
}

fn smpp_config(name: &str, entry: SmppEntry, timeout: Duration, validity: Duration) -> Result<SmppConfig> {
    let password = secret(&entry.password_file)?;
    if password.expose().len() > 8 || !password.expose().is_ascii() {
        let file = entry.password_file.display();
        return Err(Fault::invalid(
            SETTING,
            format!("{file} holds more than the 8 characters of ASCII that SMPP 3.4 has for a password"),
        ));
    }
    let authorities = entry.ca_file.as_deref().map(certificates).transpose()?;
    Ok(SmppConfig {
        name: name.to_owned(),
        place: Place::parse(&entry.url, authorities.as_deref(), SETTING)?,
        numbers: entry.numbers(name)?,
        system_id: entry.system_id,
        password,
        system_type: entry.system_type,
        window: entry.window,
        long_texts: entry.long_texts,
        timeout,
        validity,
    })
}

fn mail_server(config: &Config, from: Email, timeout: Duration) -> Result<MailServer> {
    let mut server = MailServer::new(config.smtp_url.expose(), from, timeout)?;
    if let Some(file) = &config.smtp_ca {
        server = server.trusting(&read("HOMING_NOTIFIER_SMTP_CA", file)?)?;
    }
    match &config.dkim_domain {
        Some(domain) => {
            let key = read("HOMING_NOTIFIER_DKIM_KEY", &config.dkim_key)?;
            server = server.signing(Dkim::new(domain, &config.dkim_selector, &key)?);
        }
        None if config.dkim_selector.is_empty() && config.dkim_key.is_empty() => {}
        None => {
            return Err(Fault::invalid(
                "HOMING_NOTIFIER_DKIM_DOMAIN",
                "is not set, but HOMING_NOTIFIER_DKIM_SELECTOR or HOMING_NOTIFIER_DKIM_KEY is, and mails would not be \
                 signed; set it, or leave those empty too",
            ));
        }
    }
    Ok(server)
}

fn read(setting: &'static str, file: &str) -> Result<String> {
    let remedy = "names no file that can be read";
    std::fs::read_to_string(file).map_err(|error| Fault::invalid(setting, remedy).because(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::Settings;

    /// What is wrong with these settings of mails, and where.
    fn wrong(changed: &[(&str, &str)]) -> Option<(String, String)> {
        testkit::install_crypto();
        let lookup = |name: &str| {
            let given = changed.iter().find(|(changed, _)| *changed == name);
            Some(match (given, name) {
                (Some((_, value)), _) => (*value).to_owned(),
                (None, "HOMING_SMTP_URL") => "smtp://localhost:25".to_owned(),
                (None, "HOMING_NOTIFIER_LINK_KEY") => "x".repeat(32),
                (None, name) if name.ends_with("_URL") => "http://127.0.0.1:1".to_owned(),
                _ => return None,
            })
        };
        let config = Config::read(&lookup).expect("settings");
        let from = Email::parse("notify@homing.example").expect("an address");
        let refused = mail_server(&config, from, LONGEST_CALL).err()?;
        Some((refused.field()?.to_owned(), refused.public().to_owned()))
    }

    #[test]
    fn settings_of_mails_that_would_do_nothing_are_refused() {
        assert_eq!(wrong(&[]), None);
        for unused in [
            ("HOMING_NOTIFIER_DKIM_SELECTOR", "homing"),
            ("HOMING_NOTIFIER_DKIM_KEY", "/run/secrets/dkim.pem"),
        ] {
            let (field, remedy) = wrong(&[unused]).expect("refused");
            assert_eq!(field, "HOMING_NOTIFIER_DKIM_DOMAIN");
            assert!(remedy.contains("set it, or leave those empty"), "{remedy}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("authority.pem");
        let authority = testkit::Authority::new().expect("an authority");
        std::fs::write(&file, authority.certificate()).expect("a file");
        let trusted = ("HOMING_NOTIFIER_SMTP_CA", file.to_str().expect("a path"));
        let (field, remedy) = wrong(&[trusted]).expect("refused");
        assert_eq!(field, "HOMING_NOTIFIER_SMTP_CA");
        assert!(remedy.contains("smtps:// or add ?tls=required"), "{remedy}");
        assert_eq!(wrong(&[trusted, ("HOMING_SMTP_URL", "smtps://localhost")]), None);
        assert_eq!(
            wrong(&[trusted, ("HOMING_SMTP_URL", "smtp://localhost?tls=required")]),
            None
        );
    }
}
