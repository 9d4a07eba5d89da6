//! The bind: made, kept, made again after a pause, and given back at the end.

use super::awake::{Awake, Wrote};
use super::brought::{Brought, read_brought};
use super::sift::Sifted;
use super::{Answer, LATEST_ANSWER, Smpp, Told, Verdict, Written};
use futures::{Stream, StreamExt};
use rusmpp::pdus::{BindTransceiver, DeliverSm, DeliverSmResp};
use rusmpp::types::COctetString;
use rusmpp::values::InterfaceVersion;
use rusmpp::{Command, CommandId, CommandStatus, Pdu};
use rusmppc::{Client, ConnectionBuilder, Event};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Between two binds: doubles from the first to the second.
const BIND_AGAIN: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// A bind that held for so long was a good one.
const GOOD_BIND: Duration = Duration::from_secs(30);
/// For the connection, for the bind, and for giving it back.
const STEP: Duration = Duration::from_secs(5);
/// We ask so often whether the SMSC is there.
const ENQUIRE: Duration = Duration::from_secs(15);
/// A PDU is no longer: a payload of 64 KiB, and what surrounds it.
pub(super) const LONGEST_PDU: usize = 70_000;

/// What has to run for a provider.
pub struct Session {
    smpp: Smpp,
    written: mpsc::Sender<Written>,
}

impl Session {
    pub(super) fn new(smpp: Smpp, written: mpsc::Sender<Written>) -> Self {
        Self { smpp, written }
    }

    /// Keeps a bind until `stop`; then lets what was submitted be answered, and gives it back.
    pub async fn run(self, stop: CancellationToken) {
        let provider = self.smpp.0.config.name.clone();
        let mut pause = BIND_AGAIN.0;
        loop {
            let bound = tokio::select! {
                bound = self.bind() => bound,
                () = stop.cancelled() => return,
            };
            match bound {
                Ok((client, events)) => {
                    let since = tokio::time::Instant::now();
                    tracing::info!(provider, "bound to the SMSC");
                    self.smpp.0.set_bound(Some(client.clone()));
                    let why = self.listen(&client, events, &stop).await;
                    self.smpp.0.set_bound(None);
                    self.close(&client, &stop).await;
                    if stop.is_cancelled() {
                        return;
                    }
                    tracing::warn!(provider, why, "the bind ended");
                    if since.elapsed() >= GOOD_BIND {
                        pause = BIND_AGAIN.0;
                    }
                }
                Err(why) => tracing::warn!(provider, why, "cannot bind to the SMSC"),
            }
            tokio::select! { () = tokio::time::sleep(pause) => {}, () = stop.cancelled() => return }
            pause = (pause * 2).min(BIND_AGAIN.1);
        }
    }

    /// What is said of a failure never comes from the library: it would show what was written.
    async fn bind(&self) -> Result<(Client, impl Stream<Item = Event> + Unpin + use<>), &'static str> {
        let config = &self.smpp.0.config;
        let stream = match timeout(STEP, config.place.connect()).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(_)) => return Err("no connection"),
            Err(_) => return Err("no connection in time"),
        };
        let wrote = Wrote::default();
        let (client, events, connection) = ConnectionBuilder::new()
            .max_command_length(LONGEST_PDU)
            .enquire_link_interval(ENQUIRE)
            .enquire_link_response_timeout(STEP)
            .response_timeout(LATEST_ANSWER)
            .disable_interface_version_check()
            .no_spawn()
            .connected(Sifted::new(stream, wrote.clone()));
        tokio::spawn(Awake::new(connection, wrote));
        let words = || "system_id, password or system_type is too long";
        let bind = BindTransceiver::builder()
            .system_id(COctetString::from_string(config.system_id.clone()).map_err(|_| words())?)
            .password(COctetString::from_string(config.password.expose().to_owned()).map_err(|_| words())?)
            .system_type(COctetString::from_string(config.system_type.clone()).map_err(|_| words())?)
            .interface_version(InterfaceVersion::Smpp3_4)
            .build();
        match timeout(STEP, client.bind_transceiver(bind)).await {
            Ok(Ok(_)) => Ok((client, events)),
            Ok(Err(rusmppc::error::Error::UnexpectedResponse { response })) => {
                let _ = client.close().await;
                let wrong = [CommandStatus::EsmeRinvpaswd, CommandStatus::EsmeRinvsysid];
                Err(if wrong.contains(&response.status()) {
                    "system_id or password is wrong"
                } else {
                    "the SMSC refused the bind"
                })
            }
            Ok(Err(_)) => Err("the connection broke before the bind"),
            Err(_) => {
                let _ = client.close().await;
                Err("no answer to the bind in time")
            }
        }
    }

    /// Until the bind ends, or `stop`; says why.
    async fn listen(
        &self,
        client: &Client,
        mut events: impl Stream<Item = Event> + Unpin,
        stop: &CancellationToken,
    ) -> &'static str {
        loop {
            let event = tokio::select! {
                event = events.next() => event,
                () = stop.cancelled() => return "stopping",
            };
            match event {
                None => return "the connection broke",
                // Broken off, or no frames any more: neither is shown, it could hold what was written.
                Some(Event::Error(_)) => return "the connection broke, or the SMSC sent what is no SMPP",
                Some(Event::Incoming(command)) => {
                    let number = command.sequence_number();
                    match command.pdu() {
                        Some(Pdu::DeliverSm(brought)) => self.take(client, number, brought).await,
                        Some(Pdu::Unbind) => {
                            let _ = client.unbind_resp(number).await;
                            return "the SMSC ended it";
                        }
                        _ => decline(client, &command).await,
                    }
                }
            }
        }
    }

    /// Hands on what the SMSC brings; its answer goes out when somebody here took it.
    async fn take(&self, client: &Client, number: u32, brought: &DeliverSm) {
        let (answer, answered) = oneshot::channel();
        let answer = Answer(answer);
        let config = &self.smpp.0.config;
        match read_brought(brought) {
            Brought::Report(report) => {
                // Nobody listens once the service has stopped: the SMSC brings it again.
                let _ = self.smpp.0.told.send(Told::Report { report, answer }).await;
            }
            Brought::Text(heard) => match heard.whose(&config.numbers) {
                Ok((whose, text)) => {
                    let written = Written {
                        workspace: whose.workspace.clone(),
                        channel: whose.channel.clone(),
                        text,
                        part: heard.part,
                        since: Instant::now(),
                        answer,
                    };
                    // Behind a queue that is full nothing else would be heard of: the SMSC brings it again.
                    if let Err(TrySendError::Full(written)) = self.written.try_send(written) {
                        tokio::spawn(written.answer.say(Verdict::NotNow));
                    }
                }
                Err(why) => {
                    tracing::error!(provider = config.name, "a text was refused: {why}");
                    tokio::spawn(answer.say(Verdict::Never));
                }
            },
            Brought::Unreadable => {
                tracing::warn!(provider = config.name, "what the SMSC brought cannot be read");
                tokio::spawn(answer.say(Verdict::Never));
            }
        }
        let client = client.clone();
        tokio::spawn(async move {
            // Whoever was to decide is gone.
            let (verdict, written) = match answered.await {
                Ok((verdict, written)) => (verdict, Some(written)),
                Err(_) => (Verdict::NotNow, None),
            };
            let status = match verdict {
                Verdict::Taken => CommandStatus::EsmeRok,
                Verdict::NotNow => CommandStatus::EsmeRxTAppn,
                Verdict::Never => CommandStatus::EsmeRxRAppn,
            };
            let told = client.status(status).deliver_sm_resp(number, DeliverSmResp::default());
            if told.await.is_ok()
                && let Some(written) = written
            {
                // Nobody waits for it where it makes no difference.
                let _ = written.send(());
            }
        });
    }

    /// What was submitted may still be answered; then the bind is given back.
    async fn close(&self, client: &Client, stop: &CancellationToken) {
        let shared = &self.smpp.0;
        if stop.is_cancelled() {
            shared.texts.close();
            let _ = timeout(shared.config.timeout, shared.texts.wait()).await;
            let _ = timeout(STEP, client.unbind()).await;
        }
        let _ = timeout(STEP, client.close()).await;
    }
}

/// What is not ours to do, and what could not be read, of which only the header is left.
async fn decline(client: &Client, command: &Command) {
    let number = command.sequence_number();
    let _ = match (command.id(), command.pdu()) {
        (id, _) if id.is_response() => return,
        // Brought again it could be read no better.
        (CommandId::DeliverSm, _) => {
            let never = client.status(CommandStatus::EsmeRxRAppn);
            never.deliver_sm_resp(number, DeliverSmResp::default()).await
        }
        (_, None) => client.status(CommandStatus::EsmeRinvmsglen).generic_nack(number).await,
        (_, Some(_)) => client.status(CommandStatus::EsmeRinvcmdid).generic_nack(number).await,
    };
}
