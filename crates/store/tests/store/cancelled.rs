//! Callers go away at any poll: nothing leaks, nothing stays open, and what began to commit is there.

use crate::{Tested, database, open, workspace};
use domain::Entropy;
use events::event::WorkspaceCreated;
use sqlx::{Connection, PgConnection, Row};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use testkit::{SeededEntropy, eventually};

const ROUNDS: usize = 10_000;
/// More polls than a whole round takes, so that some are not cancelled.
const MOST_POLLS: u8 = 12;
const SEED: u64 = 4_393;

async fn count(admin: &mut PgConnection, question: &'static str) -> Option<i64> {
    let row = sqlx::query(question).fetch_one(admin).await.ok()?;
    row.try_get("n").ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_begins_and_commits_dropped_at_random_polls_leak_nothing_and_lose_nothing() -> Tested {
    let database = database().await?;
    let store = open(&database, 1)?;
    let (acme, chance) = (workspace("acme"), SeededEntropy::new(SEED));
    let (mut committing, mut dropped, mut finished) = (BTreeSet::new(), 0_usize, 0_usize);
    for round in 0..ROUNDS {
        let id = round.to_string();
        let begins_to_commit = Cell::new(false);
        let work = async {
            let mut tx = store.begin(&acme).await?;
            tx.first_time(&acme, "cancelled", &id).await?;
            tx.record(&acme, &WorkspaceCreated::default());
            begins_to_commit.set(true);
            tx.commit().await
        };
        let mut work = pin!(work);
        let mut polls = chance.secret()[0] % MOST_POLLS;
        let ended = poll_fn(|context| {
            if polls == 0 {
                return Poll::Ready(None);
            }
            polls -= 1;
            work.as_mut().poll(context).map(Some)
        })
        .await;
        match ended {
            Some(result) => {
                result?;
                finished += 1;
            }
            None => dropped += 1,
        }
        if begins_to_commit.get() {
            committing.insert(id.clone());
        }
    }
    assert!(
        dropped > ROUNDS / 4 && finished > ROUNDS / 100 && committing.len() < ROUNDS,
        "seed {SEED}: {dropped} dropped, {finished} finished, {} began to commit",
        committing.len()
    );

    // The one connection still serves; what was left of the last rounds is done before.
    store.begin(&acme).await?.commit().await?;
    let mut admin = PgConnection::connect(&database.admin_url()).await?;
    let rows = sqlx::query("SELECT event_id FROM inbox").fetch_all(&mut admin).await?;
    let kept: BTreeSet<String> = rows
        .iter()
        .map(|row| row.try_get("event_id"))
        .collect::<Result<_, _>>()?;
    let lost = committing.difference(&kept).count();
    let torn = kept.difference(&committing).count();
    assert_eq!(
        (lost, torn),
        (0, 0),
        "seed {SEED}: lost, and there although never committed"
    );
    let facts = count(&mut admin, "SELECT count(*) AS n FROM outbox").await;
    assert_eq!(
        facts,
        i64::try_from(kept.len()).ok(),
        "seed {SEED}: rows and their facts"
    );
    eventually("no transaction is left open", Duration::from_secs(5), async || {
        let open = "SELECT count(*) AS n FROM pg_stat_activity WHERE usename = 'kit' AND datname = current_database()
                    AND state LIKE 'idle in transaction%'";
        (count(&mut admin, open).await? == 0).then_some(())
    })
    .await?;
    let connections =
        "SELECT count(*) AS n FROM pg_stat_activity WHERE usename = 'kit' AND datname = current_database()";
    assert_eq!(
        count(&mut admin, connections).await,
        Some(1),
        "seed {SEED}: leaked connections"
    );
    Ok(())
}
