//! E-mail through SMTP, stage by stage: what is refused before the data was certainly not taken; what is lost after the
//! data may have been, and is never sent again.

use crate::outbound::Outcome;
use crate::outbound::dkim::Dkim;
use domain::Email;
use fault::{Fault, Result, codes};
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Name of this adapter in facts and rows.
pub const PROVIDER: &str = "smtp";
/// Connections kept for the next mail.
const KEEP_IDLE: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    /// smtp://
    None,
    /// smtps://
    Implicit,
    /// smtp://...?tls=required
    Upgraded,
}

/// A mail server. Cheap to clone.
#[derive(Clone)]
pub struct MailServer {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    hello: ClientId,
    timeout: Duration,
    from: Email,
    /// Whose certificates are believed; `None`: those of the public authorities.
    authority: Option<Certificate>,
    dkim: Option<Dkim>,
    idle: Arc<Mutex<Vec<AsyncSmtpConnection>>>,
}

/// A mail to send.
pub struct Mail<'a> {
    pub to: &'a Email,
    /// Display name of the sender.
    pub business: &'a str,
    pub subject: &'a str,
    pub text: &'a str,
    pub html: &'a str,
    /// What its Message-ID has before the @; the same for every try of one delivery.
    pub id: &'a str,
    /// The same for all mails of one conversation.
    pub conversation: &'a str,
    /// What the address that is answered to has before the @; `None`: answers go to the sender.
    pub reply_to: Option<&'a str>,
    /// Address that opts the reader out by one POST (RFC 8058); `None`: they cannot.
    pub unsubscribe: Option<&'a str>,
    pub at: jiff::Timestamp,
}

macro_rules! header {
    ($type:ident, $name:literal) => {
        #[derive(Clone)]
        struct $type(String);

        impl Header for $type {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($name)
            }

            fn parse(value: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Self(value.to_owned()))
            }

            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), self.0.clone())
            }
        }
    };
}

header!(AutoSubmitted, "Auto-Submitted");
header!(ListUnsubscribe, "List-Unsubscribe");
header!(ListUnsubscribePost, "List-Unsubscribe-Post");

/// Before or after the data: what an interruption means.
enum Broken {
    Refused { again: bool },
    Lost,
}

impl MailServer {
    /// Reads `smtp://[user:password@]host[:port][?tls=required]` or `smtps://...`. `from` is the sender of all mails. A
    /// user and a password go to another machine by TLS only.
    pub fn new(url: &str, from: Email, timeout: Duration) -> Result<Self> {
        let wrong = || {
            Fault::invalid(
                "HOMING_SMTP_URL",
                "needs the form smtp://[user:password@]host[:port][?tls=required] or smtps://...",
            )
        };
        let parsed = reqwest::Url::parse(url).map_err(|error| wrong().because(error))?;
        let required = parsed
            .query_pairs()
            .any(|(name, value)| name == "tls" && value == "required");
        let (tls, port) = match (parsed.scheme(), required) {
            ("smtps", _) => (Tls::Implicit, 465),
            ("smtp", true) => (Tls::Upgraded, 587),
            ("smtp", false) => (Tls::None, 25),
            _ => return Err(wrong()),
        };
        let credentials = match (parsed.username(), parsed.password()) {
            ("", _) => None,
            (user, password) => Some(Credentials::new(
                unescape(user).ok_or_else(wrong)?,
                unescape(password.unwrap_or_default()).ok_or_else(wrong)?,
            )),
        };
        let host = parsed.host_str().ok_or_else(wrong)?.to_owned();
        if credentials.is_some() && tls == Tls::None && !is_loopback(&host) {
            return Err(Fault::invalid(
                "HOMING_SMTP_URL",
                "names a user for a server on another machine without TLS, so the password could be read on the way; \
                 use smtps:// or add ?tls=required",
            ));
        }
        let (_, domain) = from.expose().rsplit_once('@').ok_or_else(wrong)?;
        Ok(Self {
            host,
            port: parsed.port().unwrap_or(port),
            tls,
            credentials,
            hello: ClientId::Domain(domain.to_owned()),
            timeout,
            from,
            authority: None,
            dkim: None,
            idle: Arc::default(),
        })
    }

    /// Believes only certificates that lead back to these, PEM.
    pub fn trusting(mut self, pem: &str) -> Result<Self> {
        let remedy = "holds no certificates; give a file in PEM";
        let wrong = || Fault::invalid("HOMING_NOTIFIER_SMTP_CA", remedy);
        if self.tls == Tls::None {
            let remedy = "is set, but HOMING_SMTP_URL is plain smtp, which looks at no certificate; use smtps:// or add \
                          ?tls=required there, or leave this empty";
            return Err(Fault::invalid("HOMING_NOTIFIER_SMTP_CA", remedy));
        }
        if !pem.contains("-----BEGIN CERTIFICATE-----") {
            return Err(wrong());
        }
        self.authority = Some(Certificate::from_pem(pem.as_bytes()).map_err(|error| wrong().because(error))?);
        // What cannot be believed is said at the start, not with the first mail.
        self.tls_parameters().map_err(|error| wrong().because(error))?;
        Ok(self)
    }

    /// Signs all mails.
    pub fn signing(mut self, dkim: Dkim) -> Self {
        self.dkim = Some(dkim);
        self
    }

    /// Sends one mail.
    pub async fn send(&self, mail: &Mail<'_>) -> Outcome {
        let refused = |again| Outcome::Refused {
            code: if again {
                &codes::MAIL_UNREACHABLE
            } else {
                &codes::MAIL_REFUSED
            },
            again,
        };
        let Ok(message) = self.compose(mail) else {
            return refused(false);
        };
        let (Ok(from), Ok(to)) = (
            self.from.expose().parse::<Address>(),
            mail.to.expose().parse::<Address>(),
        ) else {
            return refused(false);
        };
        let connected = tokio::time::timeout(self.timeout, self.connection()).await;
        let Ok(Some(mut connection)) = connected else {
            return refused(true);
        };
        match self.transfer(&mut connection, from, to, &message).await {
            Ok(()) => {
                self.keep(connection);
                Outcome::Accepted { provider_id: None }
            }
            Err(Broken::Refused { again }) => {
                let _ = tokio::time::timeout(self.timeout, connection.abort()).await;
                refused(again)
            }
            Err(Broken::Lost) => Outcome::Unknown {
                code: &codes::MAIL_UNKNOWN,
            },
        }
    }

    async fn transfer(
        &self,
        connection: &mut AsyncSmtpConnection,
        from: Address,
        to: Address,
        message: &[u8],
    ) -> Result<(), Broken> {
        let envelope = async {
            connection.command(MailFrom::new(Some(from), vec![])).await?;
            connection.command(Rcpt::new(to, vec![])).await?;
            connection.command(Data).await
        };
        match tokio::time::timeout(self.timeout, envelope).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                let again = !error.is_permanent();
                // Only the code: servers repeat addresses in their sentences.
                tracing::warn!(smtp = error.status().map(u16::from), again, "refused before the data");
                return Err(Broken::Refused { again });
            }
            Err(_) => return Err(Broken::Refused { again: true }),
        }
        match tokio::time::timeout(self.timeout, connection.message(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() || error.is_transient() => {
                tracing::warn!(smtp = error.status().map(u16::from), "the content was refused");
                Err(Broken::Refused {
                    again: error.is_transient(),
                })
            }
            _ => Err(Broken::Lost),
        }
    }

    /// A kept connection that still answers, or a new one.
    async fn connection(&self) -> Option<AsyncSmtpConnection> {
        let kept = || self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        while let Some(mut connection) = kept() {
            if connection.test_connected().await {
                return Some(connection);
            }
        }
        match self.connect().await {
            Ok(connection) => Some(connection),
            Err(error) => {
                tracing::warn!(
                    smtp = error.status().map(u16::from),
                    tls = error.is_tls(),
                    "cannot reach the mail server"
                );
                None
            }
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, lettre::transport::smtp::Error> {
        let implicit = match self.tls {
            Tls::Implicit => Some(self.tls_parameters()?),
            Tls::None | Tls::Upgraded => None,
        };
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(self.timeout), &self.hello, implicit, None).await?;
        if self.tls == Tls::Upgraded {
            connection.starttls(self.tls_parameters()?, &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    fn tls_parameters(&self) -> Result<TlsParameters, lettre::transport::smtp::Error> {
        let parameters = TlsParameters::builder(self.host.clone());
        match &self.authority {
            Some(authority) => parameters
                .certificate_store(CertificateStore::None)
                .add_root_certificate(authority.clone()),
            None => parameters,
        }
        .build()
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEEP_IDLE && !connection.has_broken() {
            idle.push(connection);
        }
    }

    fn domain(&self) -> &str {
        self.from.expose().rsplit('@').next().unwrap_or_default()
    }

    fn compose(&self, mail: &Mail<'_>) -> Result<Vec<u8>> {
        let wrong = |error: Box<dyn std::error::Error + Send + Sync>| {
            Fault::new(&codes::MAIL_REFUSED, "the mail cannot be composed").because(error)
        };
        let mailbox = |name: Option<&str>, address: &str| -> Result<Mailbox> {
            let address = address.parse::<Address>().map_err(|error| wrong(error.into()))?;
            Ok(Mailbox::new(name.map(str::to_owned), address))
        };
        let domain = self.domain();
        let thread = format!("<conversation-{}@{domain}>", mail.conversation);
        let mut message = Message::builder()
            .from(mailbox(Some(mail.business), self.from.expose())?)
            .to(mailbox(None, mail.to.expose())?);
        if let Some(reply_to) = mail.reply_to {
            message = message.reply_to(mailbox(Some(mail.business), &format!("{reply_to}@{domain}"))?);
        }
        message = message
            .subject(mail.subject)
            .date(SystemTime::from(mail.at))
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .in_reply_to(thread.clone())
            .references(thread)
            .header(AutoSubmitted("auto-generated".to_owned()));
        if let Some(unsubscribe) = mail.unsubscribe {
            message = message
                .header(ListUnsubscribe(format!("<{unsubscribe}>")))
                .header(ListUnsubscribePost("List-Unsubscribe=One-Click".to_owned()));
        }
        let message = message
            .multipart(
                // Of our own making, so that the same mail is the same every time.
                MultiPart::builder()
                    .kind(MultiPartKind::Alternative)
                    .boundary(boundary(mail.id))
                    .singlepart(part(ContentType::TEXT_PLAIN, mail.text))
                    .singlepart(part(ContentType::TEXT_HTML, mail.html)),
            )
            .map_err(|error| wrong(error.into()))?;
        let message = message.formatted();
        match &self.dkim {
            Some(dkim) => dkim.sign(&message, mail.at.as_second()),
            None => Ok(message),
        }
    }
}

impl std::fmt::Debug for MailServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MailServer({}:{}, {:?})", self.host, self.port, self.tls)
    }
}

/// At most 70 characters (RFC 2046, 5.1.1), whatever the workspace's name; what makes an id one of its own comes first.
fn boundary(id: &str) -> String {
    let id: String = id.chars().take(68).collect();
    format!("=_{id}")
}

fn part(kind: ContentType, text: &str) -> SinglePart {
    SinglePart::builder().header(kind).body(text.to_owned())
}

/// Whether what is sent there stays on this machine.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// Decodes `%40` and the like in a URL's user and password.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
#[path = "mail_smtp_tests.rs"]
mod tests;
