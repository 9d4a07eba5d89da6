//! Answers NATS's auth callout: an integration connects as `<workspace>.<integration>` with its API token as password,
//! and may, with the scope ingest, publish below its own ingest prefix, and with the scope facts, read its own consumer of
//! facts. It hears its own inbox, `_INBOX.<workspace>.<integration>`: a shared one would show it what others are sent.
//! Nothing is configured per integration, and a rotated token stops the next connection.

use super::nats_jwt::{self, Login, Rights};
use crate::app::App;
use crate::domain::token::Scope;
use bus::Bus;
use domain::{Clock, Entropy};
use events::FactsReader;
use fault::{Fault, Result, codes};
use futures::StreamExt;
use nkeys::{KeyPair, KeyPairType};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Where a server asks; NATS's own subject.
const QUESTIONS: &str = "$SYS.REQ.USER.AUTH";
/// Replicas of this service share the questions.
const GROUP: &str = "conversation-service";
/// An integration publishes; it needs a subscription for acknowledgements and a few to spare.
const SUBSCRIPTIONS: i64 = 10;
/// What the ingest stream takes at most.
const PAYLOAD: i64 = events::INGEST.max_message_bytes as i64;
/// Logins decided at once.
const AT_ONCE: usize = 32;

/// Signs users into one account.
pub struct Issuer {
    key: KeyPair,
    account: String,
}

impl Issuer {
    /// `seed` is that of an account key (`SA...`); its public key stands in the server's configuration as issuer.
    pub fn new(seed: &str, account: &str) -> Result<Self> {
        let refused = || {
            Fault::invalid(
                "HOMING_CONVERSATION_NATS_ISSUER_SEED",
                "must be the seed of a NATS account key (SA...)",
            )
        };
        let key = KeyPair::from_seed(seed).map_err(|error| refused().because(error))?;
        if key.key_pair_type() != KeyPairType::Account {
            return Err(refused());
        }
        Ok(Self {
            key,
            account: account.to_owned(),
        })
    }
}

/// Answers until `stop`.
pub async fn answer_logins(
    app: App,
    bus: Bus,
    issuer: Issuer,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    stop: CancellationToken,
) {
    let client = bus.client();
    let questions = match client.queue_subscribe(QUESTIONS, GROUP.into()).await {
        Ok(questions) => questions,
        Err(error) => return tracing::error!("cannot listen for logins: {error}"),
    };
    let answered = questions
        .take_until(stop.cancelled())
        .for_each_concurrent(AT_ONCE, |question| {
            let (app, issuer, clock, entropy) = (&app, &issuer, &clock, &entropy);
            async move {
                let Some(reply) = question.reply else { return };
                match login(app, issuer, &**clock, &**entropy, &question.payload).await {
                    Ok(answer) => {
                        if let Err(error) = client.publish(reply, answer.into()).await {
                            tracing::warn!("an answer to a login was lost: {error}");
                        }
                    }
                    Err(fault) => tracing::warn!("a login could not be answered: {}", fault.chain()),
                }
            }
        });
    answered.await;
}

async fn login(
    app: &App,
    issuer: &Issuer,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    question: &[u8],
) -> Result<String> {
    let login = nats_jwt::read(question)?;
    let id = || entropy.id().simple().to_string();
    let now = clock.now();
    let decided = match rights(app, &login).await {
        Ok(rights) => nats_jwt::user(&issuer.key, &login, &issuer.account, rights, id(), now),
        Err(fault) => Err(fault),
    };
    let decided = match &decided {
        Ok(user) => Ok(user.as_str()),
        Err(fault) => {
            tracing::info!(code = fault.code().name, "a NATS login was refused: {}", fault.chain());
            Err(fault.public())
        }
    };
    nats_jwt::answer(&issuer.key, &login, decided, id(), now)
}

async fn rights(app: &App, login: &Login) -> Result<Rights> {
    let credentials = &login.connect_opts;
    let whose = app.authenticate_token(&credentials.pass).await?;
    if credentials.user != format!("{}.{}", whose.workspace, whose.integration) {
        return Err(Fault::new(
            &codes::UNAUTHENTICATED,
            "the user name must be <workspace>.<integration> of the token",
        ));
    }
    let mut publish = Vec::new();
    if whose.scopes.contains(&Scope::Ingest) {
        publish.push(events::ingest_prefix(&whose.workspace, &whose.integration));
    }
    if whose.scopes.contains(&Scope::Facts) {
        publish.extend(FactsReader::new(&whose.workspace, &whose.integration).publish());
    }
    // To NATS an empty list would mean everything.
    if publish.is_empty() {
        return Err(Fault::new(
            &codes::DENIED,
            "the token lacks the scopes ingest and facts",
        ));
    }
    Ok(Rights {
        publish,
        subscribe: vec![format!("_INBOX.{}.>", credentials.user)],
        subscriptions: SUBSCRIPTIONS,
        payload: PAYLOAD,
    })
}
