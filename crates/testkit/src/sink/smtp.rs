//! A mail server that keeps what it is given. No TLS and no authentication: it listens on 127.0.0.1.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::mail::Mail;
use super::sms::{AbortOnDrop, now};
use super::{Faults, KEEP};
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

#[derive(Debug)]
struct State {
    mails: Mutex<Vec<Mail>>,
    faults: Faults<MailFault>,
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
        let state = Arc::new(State {
            mails: Mutex::default(),
            faults: Faults::none(),
        });
        let serving = state.clone();
        let server = tokio::spawn(async move {
            let mut sessions = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let state = serving.clone();
                sessions.spawn(async move {
                    if let Err(error) = Session::new(stream, state).run().await {
                        tracing::debug!(%error, "an SMTP session broke off");
                    }
                });
                while sessions.try_join_next().is_some() {}
            }
        });
        Ok(Self {
            state,
            url,
            _server: Arc::new(AbortOnDrop(server)),
        })
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

/// One connection. A mail's fault is drawn at its first MAIL command.
struct Session {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    state: Arc<State>,
    from: Option<String>,
    to: Vec<String>,
    fault: Option<MailFault>,
}

impl Session {
    fn new(stream: TcpStream, state: Arc<State>) -> Self {
        let (reader, writer) = stream.into_split();
        Self {
            reader: BufReader::new(reader),
            writer,
            state,
            from: None,
            to: Vec::new(),
            fault: None,
        }
    }

    async fn run(mut self) -> Result<()> {
        self.say("220 sink.invalid ESMTP").await?;
        while let Some(line) = self.line().await? {
            let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
            let going_on = match verb.as_str() {
                "EHLO" => {
                    self.reset();
                    self.say(&format!(
                        "250-sink.invalid\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE {SIZE_LIMIT}"
                    ))
                    .await?;
                    true
                }
                "HELO" | "RSET" | "NOOP" => {
                    self.reset();
                    self.say("250 ok").await?;
                    true
                }
                "MAIL" => self.mail(&line).await?,
                "RCPT" => self.rcpt(&line).await?,
                "DATA" => self.data().await?,
                "QUIT" => {
                    self.say("221 bye").await?;
                    false
                }
                _ => {
                    self.say("502 not implemented").await?;
                    true
                }
            };
            if !going_on {
                break;
            }
        }
        Ok(())
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
            let mut limited = (&mut self.reader).take(left);
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
        let mut limited = (&mut self.reader).take(LINE_LIMIT);
        let read = limited.read_line(&mut line);
        let length = tokio::time::timeout(IDLE_LIMIT, read).await??;
        Ok((length > 0).then_some(line))
    }

    async fn say(&mut self, answer: &str) -> Result<()> {
        self.writer.write_all(answer.as_bytes()).await?;
        Ok(self.writer.write_all(b"\r\n").await?)
    }
}

/// The address in `MAIL FROM:<address>`; an empty one is a bounce's sender.
fn path(line: &str) -> Option<String> {
    let (_, rest) = line.split_once('<')?;
    Some(rest.split_once('>')?.0.to_owned())
}
