//! A mail server that keeps what it is given. It listens on 127.0.0.1, with TLS and a login where a test asks for them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::ServerConfig;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::mail::Mail;
use super::sms::{AbortOnDrop, now};
use super::{Faults, KEEP};
use crate::Authority;
use crate::eventually::{TimedOut, eventually};

/// The longest mail: ten times what a follow-up may have.
const SIZE_LIMIT: u64 = 1024 * 1024;
const LINE_LIMIT: u64 = 4096;
const IDLE_LIMIT: Duration = Duration::from_secs(300);

/// How a mail fails; each is used up by one mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailFault {
    /// `550` to the recipient.
    RefuseRecipient,
    /// `451` to the recipient: come again later.
    Greylist,
    /// `421` to the sender's command, and the connection closes.
    Unavailable,
    /// The connection closes after the last byte, without an answer; the mail is kept.
    AcceptThenDrop,
    /// The connection closes after the last byte, without an answer; the mail is lost.
    DropAfterData,
    /// `554` to the content.
    RefuseContent,
    /// No answer after the last byte; the mail is kept.
    AcceptThenHang,
}

/// How a connection becomes a secret one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// At once: smtps://
    Implicit,
    /// After STARTTLS; nothing else is taken before.
    Upgraded,
}

/// What a server asks of those who connect.
#[derive(Default)]
struct Security {
    tls: Option<(SmtpTls, Arc<ServerConfig>)>,
    /// User and password; nothing is taken from anybody else.
    login: Option<(String, String)>,
}

struct State {
    mails: Mutex<Vec<Mail>>,
    faults: Faults<MailFault>,
    connections: AtomicUsize,
    security: Security,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("State")
    }
}

/// A mail server on 127.0.0.1. Clones are the same server.
#[derive(Clone, Debug)]
pub struct SmtpSink {
    state: Arc<State>,
    url: String,
    _server: Arc<AbortOnDrop>,
}

impl SmtpSink {
    /// Listens on a free port.
    pub async fn start() -> Result<Self> {
        Self::on(TcpListener::bind(("127.0.0.1", 0)).await?)
    }

    /// Serves `listener`.
    pub fn on(listener: TcpListener) -> Result<Self> {
        let url = format!("smtp://{}", listener.local_addr()?);
        Ok(Self::serve(listener, url, Security::default()))
    }

    /// Listens on a free port with a certificate of `authority`; with `login` for that user and password only, which
    /// stand in the URL.
    pub async fn secured(authority: &Authority, tls: SmtpTls, login: Option<(&str, &str)>) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let user = login
            .map(|(user, password)| format!("{user}:{password}@"))
            .unwrap_or_default();
        let address = listener.local_addr()?;
        let url = match tls {
            SmtpTls::Implicit => format!("smtps://{user}{address}"),
            SmtpTls::Upgraded => format!("smtp://{user}{address}?tls=required"),
        };
        let security = Security {
            tls: Some((tls, authority.server("127.0.0.1")?)),
            login: login.map(|(user, password)| (user.to_owned(), password.to_owned())),
        };
        Ok(Self::serve(listener, url, security))
    }

    fn serve(listener: TcpListener, url: String, security: Security) -> Self {
        let state = Arc::new(State {
            mails: Mutex::default(),
            faults: Faults::none(),
            connections: AtomicUsize::new(0),
            security,
        });
        let serving = state.clone();
        let server = tokio::spawn(async move {
            let mut sessions = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let state = serving.clone();
                state.connections.fetch_add(1, Ordering::Relaxed);
                sessions.spawn(async move {
                    if let Err(error) = Session::serve(stream, state).await {
                        tracing::debug!(%error, "an SMTP session broke off");
                    }
                });
                while sessions.try_join_next().is_some() {}
            }
        });
        Self {
            state,
            url,
            _server: Arc::new(AbortOnDrop(server)),
        }
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// What `HOMING_SMTP_URL` is set to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Everything accepted so far, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.state.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The mails accepted for one address.
    pub fn to(&self, address: &str) -> Vec<Mail> {
        let wanted = address.to_owned();
        self.mails()
            .into_iter()
            .filter(|mail| mail.envelope_to.contains(&wanted))
            .collect()
    }

    /// Waits for the `n`th mail to `address` (from 1).
    pub async fn nth(&self, address: &str, n: usize, within: Duration) -> Result<Mail, TimedOut> {
        eventually(format!("mail {n} arrives"), within, async || {
            self.to(address).into_iter().nth(n - 1)
        })
        .await
    }

    /// The next mail fails so; several queue up.
    pub fn fail_next(&self, fault: MailFault) {
        self.state.faults.next(fault);
    }

    /// All mails fail so; `None`: none does.
    pub fn fail_always(&self, fault: Option<MailFault>) {
        self.state.faults.always(fault);
    }
}

/// A connection, secret or not.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// One connection. A mail's fault is drawn at its first MAIL command.
struct Session {
    wire: BufReader<Box<dyn Wire>>,
    state: Arc<State>,
    secret: bool,
    known: bool,
    from: Option<String>,
    to: Vec<String>,
    fault: Option<MailFault>,
}

impl Session {
    async fn serve(stream: TcpStream, state: Arc<State>) -> Result<()> {
        let known = state.security.login.is_none();
        let tls = state.security.tls.clone();
        let mut session = Self {
            wire: BufReader::new(Box::new(stream)),
            state,
            secret: false,
            known,
            from: None,
            to: Vec::new(),
            fault: None,
        };
        if let Some((SmtpTls::Implicit, config)) = &tls {
            session.encrypt(config.clone()).await?;
        }
        session.say("220 sink.invalid ESMTP").await?;
        while let Some(line) = session.line().await? {
            let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
            let upgrade = tls.as_ref().filter(|_| !session.secret);
            let going_on = match (verb.as_str(), upgrade) {
                ("STARTTLS", Some((_, config))) => {
                    session.say("220 go ahead").await?;
                    session.encrypt(config.clone()).await?;
                    true
                }
                ("MAIL" | "AUTH", Some(_)) => session.refuse("530 5.7.0 STARTTLS first").await?,
                ("MAIL", None) if !session.known => session.refuse("530 5.7.0 authentication required").await?,
                _ => session.take(&verb, &line).await?,
            };
            if !going_on {
                break;
            }
        }
        Ok(())
    }

    /// From here on nobody else can read it.
    async fn encrypt(&mut self, config: Arc<ServerConfig>) -> Result<()> {
        ensure!(self.wire.buffer().is_empty(), "something was said before the handshake");
        let nothing: Box<dyn Wire> = Box::new(tokio::io::empty());
        let open = std::mem::replace(&mut self.wire, BufReader::new(nothing)).into_inner();
        let secret = TlsAcceptor::from(config).accept(open).await?;
        self.wire = BufReader::new(Box::new(secret));
        self.secret = true;
        self.reset();
        Ok(())
    }

    async fn take(&mut self, verb: &str, line: &str) -> Result<bool> {
        match verb {
            "EHLO" => {
                self.reset();
                let mut offers = format!("250-sink.invalid\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-SIZE {SIZE_LIMIT}");
                let security = &self.state.security;
                if security.tls.is_some() && !self.secret {
                    offers.push_str("\r\n250-STARTTLS");
                } else if security.login.is_some() {
                    offers.push_str("\r\n250-AUTH PLAIN LOGIN");
                }
                self.say(&format!("{offers}\r\n250 HELP")).await?;
                Ok(true)
            }
            "HELO" | "RSET" | "NOOP" => {
                self.reset();
                self.say("250 ok").await?;
                Ok(true)
            }
            "AUTH" => self.auth(line).await,
            "MAIL" => self.mail(line).await,
            "RCPT" => self.rcpt(line).await,
            "DATA" => self.data().await,
            "QUIT" => {
                self.say("221 bye").await?;
                Ok(false)
            }
            _ => self.refuse("502 not implemented").await,
        }
    }

    async fn refuse(&mut self, answer: &str) -> Result<bool> {
        self.say(answer).await?;
        Ok(true)
    }

    /// PLAIN with its answer on the line.
    async fn auth(&mut self, line: &str) -> Result<bool> {
        let given = line.split_whitespace().nth(2).unwrap_or_default();
        let given = STANDARD.decode(given).unwrap_or_default();
        let login = self.state.security.login.as_ref();
        let right = login.map(|(user, password)| format!("\0{user}\0{password}"));
        self.known = right.is_some_and(|right| right.as_bytes() == given);
        self.say(if self.known {
            "235 2.7.0 welcome"
        } else {
            "535 5.7.8 authentication failed"
        })
        .await?;
        Ok(true)
    }

    async fn mail(&mut self, line: &str) -> Result<bool> {
        self.reset();
        self.fault = self.state.faults.take();
        if self.fault == Some(MailFault::Unavailable) {
            self.say("421 try again later").await?;
            return Ok(false);
        }
        self.from = path(line);
        self.say(if self.from.is_some() {
            "250 ok"
        } else {
            "501 no address"
        })
        .await?;
        Ok(true)
    }

    async fn rcpt(&mut self, line: &str) -> Result<bool> {
        let answer = match (self.fault, path(line)) {
            (Some(MailFault::RefuseRecipient), _) => "550 5.1.1 no such user",
            (Some(MailFault::Greylist), _) => "451 4.7.1 come again later",
            (_, Some(to)) if self.from.is_some() => {
                self.to.push(to);
                "250 ok"
            }
            (_, Some(_)) => "503 MAIL first",
            (_, None) => "501 no address",
        };
        self.say(answer).await?;
        Ok(true)
    }

    async fn data(&mut self) -> Result<bool> {
        let Some(from) = self.from.clone().filter(|_| !self.to.is_empty()) else {
            self.say("503 MAIL and RCPT first").await?;
            return Ok(true);
        };
        self.say("354 end with a lone dot").await?;
        let Some(content) = self.content().await? else {
            self.say("552 too big").await?;
            return Ok(false);
        };
        let mail = Mail::parse(from, std::mem::take(&mut self.to), &content, now());
        let keep = !matches!(self.fault, Some(MailFault::DropAfterData | MailFault::RefuseContent));
        let parsed = mail.is_some();
        if let Some(mail) = mail.filter(|_| keep) {
            let mut mails = self.state.mails.lock().unwrap_or_else(PoisonError::into_inner);
            if mails.len() >= KEEP {
                mails.remove(0);
            }
            mails.push(mail);
        }
        match self.fault {
            Some(MailFault::DropAfterData | MailFault::AcceptThenDrop) => return Ok(false),
            Some(MailFault::AcceptThenHang) => std::future::pending().await,
            Some(MailFault::RefuseContent) => self.say("554 5.6.0 content refused").await?,
            _ if !parsed => self.say("554 not a mail").await?,
            _ => self.say("250 kept").await?,
        }
        self.reset();
        Ok(true)
    }

    /// Everything up to the lone dot, dots unstuffed; `None` when it is too long.
    async fn content(&mut self) -> Result<Option<Vec<u8>>> {
        let mut content = Vec::new();
        loop {
            let mut line = Vec::new();
            let left = SIZE_LIMIT.saturating_sub(content.len() as u64);
            let mut limited = (&mut self.wire).take(left);
            let read = limited.read_until(b'\n', &mut line);
            if tokio::time::timeout(IDLE_LIMIT, read).await?? == 0 {
                return if left == 0 {
                    Ok(None)
                } else {
                    Err(anyhow::anyhow!("closed within DATA"))
                };
            }
            if line == b".\r\n" || line == b".\n" {
                return Ok(Some(content));
            }
            content.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }

    fn reset(&mut self) {
        self.from = None;
        self.to.clear();
        self.fault = None;
    }

    async fn line(&mut self) -> Result<Option<String>> {
        let mut line = String::new();
        let mut limited = (&mut self.wire).take(LINE_LIMIT);
        let read = limited.read_line(&mut line);
        let length = tokio::time::timeout(IDLE_LIMIT, read).await??;
        Ok((length > 0).then_some(line))
    }

    async fn say(&mut self, answer: &str) -> Result<()> {
        self.wire.write_all(answer.as_bytes()).await?;
        self.wire.write_all(b"\r\n").await?;
        Ok(self.wire.flush().await?)
    }
}

/// The address in `MAIL FROM:<address>`; an empty one is a bounce's sender.
fn path(line: &str) -> Option<String> {
    let (_, rest) = line.split_once('<')?;
    Some(rest.split_once('>')?.0.to_owned())
}
