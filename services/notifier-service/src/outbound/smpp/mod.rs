//! Texts through an SMSC that is spoken to by SMPP 3.4. One bind carries what we submit, its receipts, and what people
//! write. The protocol has no idempotency key and no look-up without the SMSC's own id, so what is not answered stays
//! unknown: an answer that comes late still counts, and so does a receipt.

mod awake;
mod brought;
mod connect;
mod pdu;
mod session;
mod sift;

pub use brought::read_octets;
pub use connect::Place;
pub use session::Session;

use super::Outcome;
use super::text_providers::{Handed, Report, Text};
use crate::domain::inbound_text::{InboundText, Part};
use domain::{ChannelId, DeliveryId, WorkspaceId};
use pdu::Answered;
use runtime::Secret;
use rusmpp::pdus::SubmitSm;
use rusmppc::Client;
use serde::Deserialize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// An answer that takes longer than this is not waited for any more; nobody else does after the call's own time.
const LATEST_ANSWER: Duration = Duration::from_secs(60);
/// Before a part is submitted again that the SMSC had no room for, after it took the ones before it.
const NO_ROOM: Duration = Duration::from_millis(500);
/// So often.
const TRIES: u32 = 20;
/// What waits to be taken over here; what comes beyond is read no further than its frame.
const QUEUE: usize = 64;

/// How texts of several parts are submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LongTexts {
    /// One by one, each with a header that says which it is. Every SMSC knows that.
    #[default]
    Parts,
    /// At once, in `message_payload`: the SMSC divides them.
    Payload,
}

/// Whose number people write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// As the SMSC says it, without a plus.
    pub digits: String,
    pub workspace: WorkspaceId,
    /// Where people come who were never written to.
    pub channel: Option<ChannelId>,
}

/// The SMSC to send through.
#[derive(Debug, Clone)]
pub struct SmppConfig {
    /// The provider's name.
    pub name: String,
    pub place: Place,
    /// At most 15 characters.
    pub system_id: String,
    /// At most 8 characters.
    pub password: Secret,
    /// At most 12 characters.
    pub system_type: String,
    /// So many submitted texts may wait for their answer at a time.
    pub window: u32,
    pub long_texts: LongTexts,
    pub numbers: Vec<Number>,
    /// A call takes no longer.
    pub timeout: Duration,
    /// After this the SMSC gives up delivering.
    pub validity: Duration,
}

/// An SMSC that texts are handed to.
#[derive(Debug, Clone)]
pub struct Smpp(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: SmppConfig,
    /// The bind, while there is one.
    bound: Mutex<Option<Client>>,
    window: Semaphore,
    /// Texts on their way, whatever their parts are doing.
    texts: TaskTracker,
    told: mpsc::Sender<Told>,
}

/// What an SMSC tells of our texts, apart from the answers that are waited for.
#[derive(Debug)]
pub enum Told {
    /// It took one of a delivery's `parts`, and calls it so.
    Part {
        workspace: WorkspaceId,
        delivery: DeliveryId,
        provider_id: String,
        parts: u32,
    },
    /// The answer to an attempt that nobody waited for any more.
    Late {
        workspace: WorkspaceId,
        delivery: DeliveryId,
        attempt: u32,
        outcome: Outcome,
    },
    /// A delivery receipt.
    Report { report: Report, answer: Answer },
}

/// What somebody wrote, and to whom.
pub struct Written {
    pub workspace: WorkspaceId,
    pub channel: Option<ChannelId>,
    /// Without an id: the SMSC gives none.
    pub text: InboundText,
    /// Only one part of it came.
    pub part: Option<Part>,
    /// Since when the SMSC waits for our answer.
    pub since: Instant,
    pub answer: Answer,
}

/// What the SMSC is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Taken,
    /// It has to bring it again.
    NotNow,
    /// It need not.
    Never,
}

/// The way to tell it.
#[derive(Debug)]
pub struct Answer(oneshot::Sender<(Verdict, oneshot::Sender<()>)>);

impl Answer {
    /// Says so; true once it was written to the SMSC.
    pub async fn say(self, verdict: Verdict) -> bool {
        let (written, is_written) = oneshot::channel();
        self.0.send((verdict, written)).is_ok() && is_written.await.is_ok()
    }
}

/// Both directions of what an SMSC tells.
pub struct Inbox {
    pub told: mpsc::Receiver<Told>,
    pub written: mpsc::Receiver<Written>,
}

impl Smpp {
    /// The adapter, the session that has to run, and what it hears.
    pub fn new(config: SmppConfig) -> (Self, Session, Inbox) {
        let (told, told_here) = mpsc::channel(QUEUE);
        let (written, written_here) = mpsc::channel(QUEUE);
        let window = usize::try_from(config.window).unwrap_or(Semaphore::MAX_PERMITS);
        let smpp = Self(Arc::new(Shared {
            window: Semaphore::new(window),
            texts: TaskTracker::new(),
            config,
            bound: Mutex::default(),
            told,
        }));
        let session = Session::new(smpp.clone(), written);
        let inbox = Inbox {
            told: told_here,
            written: written_here,
        };
        (smpp, session, inbox)
    }

    /// Sends one text. Without a bind nothing was taken; what is submitted runs to its answer, whoever waits for it.
    pub async fn send(&self, text: &Text<'_>) -> Handed {
        let shared = &self.0;
        let Some(client) = shared.bound().filter(Client::is_active) else {
            return Handed::NotReached;
        };
        let Some(submits) = pdu::submits(text, shared.config.long_texts, shared.config.validity) else {
            return Handed::NotForIt;
        };
        let (answer, answered) = oneshot::channel();
        let submission = Submission {
            shared: shared.clone(),
            client,
            workspace: text.attempt.workspace.clone(),
            delivery: text.attempt.delivery,
            attempt: text.attempt.number,
        };
        shared.texts.spawn(submission.run(submits, answer));
        match timeout(shared.config.timeout, answered).await {
            Ok(Ok(handed)) => handed,
            Ok(Err(_)) | Err(_) => {
                tracing::warn!(provider = shared.config.name, "the SMSC's answer is late");
                Handed::Unknown
            }
        }
    }
}

impl Shared {
    fn bound(&self) -> Option<Client> {
        self.bound.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_bound(&self, client: Option<Client>) {
        *self.bound.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }
}

/// A text on its way.
struct Submission {
    shared: Arc<Shared>,
    client: Client,
    workspace: WorkspaceId,
    delivery: DeliveryId,
    attempt: u32,
}

impl Submission {
    async fn run(self, submits: Vec<SubmitSm>, answer: oneshot::Sender<Handed>) {
        let handed = self.hand_over(submits).await;
        if !matches!(handed, Handed::Accepted { .. }) {
            tracing::warn!(
                provider = self.shared.config.name,
                ?handed,
                "an SMSC did not accept a text"
            );
        }
        let Err(handed) = answer.send(handed) else {
            return;
        };
        if handed == Handed::Unknown {
            return;
        }
        let late = Told::Late {
            workspace: self.workspace,
            delivery: self.delivery,
            attempt: self.attempt,
            outcome: handed.into(),
        };
        // Nobody listens once the service has stopped: it stays unknown.
        let _ = self.shared.told.send(late).await;
    }

    /// Part by part. Once one was taken, or may have been, the text is nobody else's.
    async fn hand_over(&self, submits: Vec<SubmitSm>) -> Handed {
        let mut taken: Option<String> = None;
        let parts = u32::try_from(submits.len()).unwrap_or(u32::MAX);
        for submit in submits {
            match self.hand_over_part(submit, taken.is_some()).await {
                Answered::Taken(provider_id) => {
                    let told = Told::Part {
                        workspace: self.workspace.clone(),
                        delivery: self.delivery,
                        provider_id: provider_id.clone(),
                        parts,
                    };
                    // Nobody listens once the service has stopped: its receipts will say nothing to anybody.
                    let _ = self.shared.told.send(told).await;
                    taken.get_or_insert(provider_id);
                }
                Answered::Not(handed) if taken.is_none() => return handed,
                Answered::Not(_) => return Handed::Unknown,
            }
        }
        Handed::Accepted { provider_id: taken }
    }

    async fn hand_over_part(&self, submit: SubmitSm, is_next: bool) -> Answered {
        let mut tries = if is_next { TRIES } else { 1 };
        loop {
            tries -= 1;
            let answered = self.submit(submit.clone()).await;
            if answered != Answered::Not(Handed::Later) || tries == 0 {
                return answered;
            }
            tokio::time::sleep(NO_ROOM).await;
        }
    }

    async fn submit(&self, submit: SubmitSm) -> Answered {
        // Half of the time of a call: whoever waits hears that nothing was taken, not nothing.
        let patience = self.shared.config.timeout / 2;
        let Ok(Ok(_place)) = timeout(patience, self.shared.window.acquire()).await else {
            return Answered::Not(Handed::Later);
        };
        if !self.client.is_active() {
            return Answered::Not(Handed::NotReached);
        }
        // Writing has no time-out of its own.
        match timeout(LATEST_ANSWER, self.client.submit_sm(submit)).await {
            Ok(answer) => pdu::read_answer(answer),
            Err(_) => Answered::Not(Handed::Unknown),
        }
    }
}
