//! What SMSCs tell: of our texts, and what people write.

use crate::app::App;
use crate::outbound::smpp::{Inbox, Told, Verdict, Written};
use crate::outbound::text_providers::Report;
use fault::{Ack, Fault, Kind, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// Receipts that are settled at a time.
const AT_ONCE: usize = 16;
/// Receipts of texts that nobody knows, and that may yet be told of. They hold up no others; further ones the SMSC brings again.
const STRANGERS: usize = 64;
/// An SMSC waits for an answer at least so long; whether it heard a later one is not known.
const PROMPT: Duration = Duration::from_secs(2);
/// A receipt may be faster than the answer that says what it is about; an answer is written down once more if it cannot be.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(50),
    Duration::from_millis(150),
    Duration::from_millis(400),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// Takes over what a provider tells, until its session is `over`, and what it told by then.
pub async fn listen(app: Arc<App>, provider: String, inbox: Inbox, over: CancellationToken) {
    let Inbox { told, written } = inbox;
    let texts = take_written(app.clone(), provider.clone(), written, &over);
    let reports = take_told(app, provider, told, &over);
    tokio::join!(texts, reports);
}

/// The next one; what comes after `over` has nobody to be brought to.
async fn next<T>(queue: &mut mpsc::Receiver<T>, over: &CancellationToken) -> Option<T> {
    tokio::select! {
        biased;
        next = queue.recv() => next,
        () = over.cancelled() => {
            queue.close();
            queue.recv().await
        }
    }
}

async fn take_told(app: Arc<App>, provider: String, mut queue: mpsc::Receiver<Told>, over: &CancellationToken) {
    let (provider, places) = (Arc::new(provider), Arc::new(Semaphore::new(AT_ONCE)));
    let strangers = Arc::new(Semaphore::new(STRANGERS));
    while let Some(told) = next(&mut queue, over).await {
        match told {
            Told::Part {
                workspace,
                delivery,
                provider_id,
                parts,
            } => {
                let of = (provider.as_str(), provider_id.as_str());
                let note = || app.record_submitted_part(&workspace, delivery, of, parts);
                complain(insist(over, note).await, "what an SMSC calls a text was not kept");
            }
            Told::Late {
                workspace,
                delivery,
                attempt,
                outcome,
            } => {
                let note = || app.record_late_answer(&workspace, delivery, attempt, outcome.clone());
                complain(insist(over, note).await, "a late answer was not kept");
            }
            Told::Report { report, answer } => {
                let Ok(place) = places.clone().acquire_owned().await else {
                    return;
                };
                let (app, provider, strangers) = (app.clone(), provider.clone(), strangers.clone());
                tokio::spawn(async move {
                    let settled = settle(&app, &provider, &report, place, &strangers).await;
                    answer.say(tell(settled, &provider, &report)).await;
                });
            }
        }
    }
}

async fn settle(
    app: &App,
    provider: &str,
    report: &Report,
    place: OwnedSemaphorePermit,
    strangers: &Semaphore,
) -> Result<()> {
    let settle = || app.record_text_report(provider, report);
    match settle().await {
        Err(fault) if fault.kind() == Kind::NotFound => {
            drop(place);
            match strangers.try_acquire() {
                Ok(_seat) => persist(settle).await,
                Err(_) => Err(fault),
            }
        }
        Err(fault) if may_pass(&fault) => persist(settle).await,
        done => done,
    }
}

/// What the SMSC is told of a receipt.
fn tell(settled: Result<()>, provider: &str, report: &Report) -> Verdict {
    let verdict = verdict(&settled);
    match settled {
        // Of a text that somebody else sent, or whose id was lost. The SMSC knows best how long to try.
        Err(fault) if fault.kind() == Kind::NotFound => {
            tracing::warn!(
                provider,
                status = report.status,
                "a receipt of a text that nobody knows"
            );
            Verdict::NotNow
        }
        settled => {
            complain(settled, "a receipt was not taken");
            verdict
        }
    }
}

/// One after the other, as they were written.
async fn take_written(app: Arc<App>, provider: String, mut queue: mpsc::Receiver<Written>, over: &CancellationToken) {
    while let Some(written) = next(&mut queue, over).await {
        let Written {
            workspace,
            channel,
            text,
            part,
            since,
            answer,
        } = written;
        if let Some(part) = part {
            let taken = app.record_bound_part(&workspace, &text, &part, channel).await;
            let verdict = verdict(&taken);
            complain(taken, "a part of a text that came in was not taken");
            answer.say(verdict).await;
            continue;
        }
        let taken = app
            .record_bound_text(&workspace, &provider, text.clone(), channel)
            .await;
        let verdict = verdict(&taken);
        complain(taken, "a text that came in was not taken");
        // As long as the SMSC may bring it again, the same words are the same text.
        if answer.say(verdict).await && verdict != Verdict::NotNow {
            let is_heard = since.elapsed() < PROMPT;
            let answered = persist(|| app.answer_bound_text(&workspace, &text, is_heard)).await;
            complain(answered, "that a text was answered was not kept");
        }
    }
}

fn verdict(taken: &Result<()>) -> Verdict {
    match taken {
        Ok(()) => Verdict::Taken,
        Err(fault) => match fault.kind().ack() {
            Ack::Dead => Verdict::Never,
            Ack::RetryThenDead | Ack::Retry(_) => Verdict::NotNow,
        },
    }
}

/// While an owner of what it needs is away, again and again until the session is `over`: nobody says it a second time.
async fn insist<F: Future<Output = Result<()>>>(
    over: &CancellationToken,
    mut attempt: impl FnMut() -> F,
) -> Result<()> {
    loop {
        match persist(&mut attempt).await {
            Err(fault) if matches!(fault.kind(), Kind::Unavailable | Kind::Timeout) && !over.is_cancelled() => {}
            done => return done,
        }
    }
}

/// Once more after each of the pauses.
async fn persist<F: Future<Output = Result<()>>>(mut attempt: impl FnMut() -> F) -> Result<()> {
    for pause in PAUSES {
        match attempt().await {
            Err(fault) if may_pass(&fault) => tokio::time::sleep(pause).await,
            done => return done,
        }
    }
    attempt().await
}

fn may_pass(fault: &Fault) -> bool {
    !matches!(
        fault.kind(),
        Kind::InvalidArgument | Kind::Unauthenticated | Kind::PermissionDenied
    )
}

fn complain(done: Result<()>, what: &str) {
    if let Err(fault) = done {
        tracing::error!(code = fault.code().name, "{what}: {}", fault.chain());
    }
}
