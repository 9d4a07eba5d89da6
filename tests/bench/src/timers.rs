//! Waits of workflows: how late steps begin while a million others wait, all of them rows of conversation-service's database.

use crate::figures::{Latency, latency};
use crate::homing::{Homing, wall};
use anyhow::{Context, Result, ensure};
use events::event::{WorkflowChanged, WorkflowRunState};
use futures::StreamExt;
use jiff::Timestamp;
use prost::Message;
use sqlx::PgPool;
use std::collections::HashMap;
use std::time::Duration;
use uuid::Uuid;

pub const PENDING: u32 = 1_000_000;
pub const PER_SECOND: u32 = 500;
/// The first of them warm pools, plans and caches, and are not measured.
const WARM_UP: u32 = 2;
pub const SECONDS: u32 = 10;
const WORKSPACE: &str = "timers";
/// From the last preparation to the first wait that is over.
const MARGIN: Duration = Duration::from_secs(3);
/// How long the last of them may be late.
const PATIENCE: Duration = Duration::from_secs(60);

/// How late steps began, as the service says, and as their facts came to a subscriber: committed, and through the outbox.
pub struct Lateness {
    pub begun: Latency,
    pub told: Latency,
}

/// Waits that are over tomorrow, one a millisecond.
const WAITING: &str = "
  INSERT INTO workflow_run (workspace_id, id, conversation_id, workflow, workflow_version, steps, step, state, ended_by, skipped, started_at,
      version, due_at)
    SELECT $1, gen_random_uuid(), gen_random_uuid(), 'bench', 1, $2, 0, 'waiting', '', '[]', now(), 2,
      now() + interval '1 day' + n * interval '1 millisecond'
    FROM generate_series(1, $3) AS n";
/// Conversations of which each has a first message.
const CONVERSATIONS: &str = "
  INSERT INTO conversation (workspace_id, id, number, channel_id, last_seq, read_up_to, customer_up_to, opened_by, started_at)
    SELECT $1, id, n, 'web', 1, 0, 1, 'customer', now() FROM UNNEST($2::uuid[]) WITH ORDINALITY AS each (id, n)";
/// In each a wait that is over in its turn.
const DUE: &str = "
  INSERT INTO workflow_run (workspace_id, id, conversation_id, workflow, workflow_version, steps, step, state, ended_by, skipped, started_at,
      version, due_at)
    SELECT $1, id, id, 'bench', 1, $2, 0, 'waiting', '', '[]', now(), 2,
      to_timestamp($4::float8 / 1000000) + n * interval '1 microsecond' * (1000000 / $5)
    FROM UNNEST($3::uuid[]) WITH ORDINALITY AS each (id, n)";

/// Each says something after its wait.
fn steps() -> serde_json::Value {
    serde_json::json!([{"kind": "wait", "seconds": 60}, {"kind": "message", "text": "Are you still there?"}])
}

/// Lets so many waits a second be over, for some seconds, while the others are not.
pub async fn fire(homing: &Homing) -> Result<Lateness> {
    homing.workspace(WORKSPACE, Default::default(), &[]).await?;
    let rows: PgPool = homing.database("conversation").await?;
    let waiting = sqlx::query(WAITING).bind(WORKSPACE).bind(steps());
    let waiting = waiting.bind(i64::from(PENDING)).execute(&rows).await.context("fill")?;
    ensure!(waiting.rows_affected() == u64::from(PENDING));
    let ids: Vec<Uuid> = (0..PER_SECOND * (WARM_UP + SECONDS)).map(id).collect();
    let conversations = sqlx::query(CONVERSATIONS).bind(WORKSPACE).bind(&ids);
    conversations.execute(&rows).await.context("conversations")?;
    sqlx::query("VACUUM ANALYZE workflow_run, conversation")
        .execute(&rows)
        .await?;

    let subject = events::fact_filter::<WorkflowChanged>();
    let mut told = homing.bus().await?.client().subscribe(subject).await?;
    let start = wall() + MARGIN;
    let due = sqlx::query(DUE).bind(WORKSPACE).bind(steps()).bind(&ids);
    let due = due.bind(start.as_microsecond() as f64).bind(f64::from(PER_SECOND));
    due.execute(&rows).await.context("due")?;
    let turns: HashMap<String, u32> = (1..).zip(&ids).map(|(turn, id)| (id.to_string(), turn)).collect();
    let (mut begun, mut heard) = (Vec::new(), Vec::new());
    let mut left = ids.len();
    while left > 0 {
        let next = tokio::time::timeout(PATIENCE, told.next()).await;
        let message = next
            .with_context(|| format!("{left} are not told"))?
            .context("NATS went")?;
        let now = wall();
        let fact = WorkflowChanged::decode(message.payload)?;
        let Some(turn) = turns
            .get(&fact.run)
            .copied()
            .filter(|_| fact.state() == WorkflowRunState::Done)
        else {
            continue;
        };
        left -= 1;
        if turn > PER_SECOND * WARM_UP {
            let due = start + Duration::from_micros(u64::from(turn) * 1_000_000 / u64::from(PER_SECOND));
            let at = events::instant(fact.at).context("a fact without its time")?;
            begun.push(late(at, due));
            heard.push(late(now, due));
        }
    }
    Ok(Lateness {
        begun: latency(begun),
        told: latency(heard),
    })
}

fn late(at: Timestamp, due: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(due)).unwrap_or_default()
}

fn id(number: u32) -> Uuid {
    Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
}
