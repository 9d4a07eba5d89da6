//! Runs of workflows. Who writes one holds the lock on the conversation's row.

use super::{known, loaded, stored};
use crate::domain::ingest::Place;
use crate::domain::run::{End, Run, Skipped, State};
use crate::domain::workflow::Step;
use domain::{AgentId, ConversationId, FormId, RunId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashMap;
use store::OrFault;
use uuid::Uuid;

struct Row {
    workspace_id: String,
    id: Uuid,
    conversation_id: Uuid,
    workflow: String,
    workflow_version: i64,
    steps: Json<Vec<Step>>,
    step: i32,
    state: String,
    ended_by: String,
    form_id: Option<Uuid>,
    skipped: Json<Vec<Skipped>>,
    agent_id: Option<String>,
    started_at: jiff_sqlx::Timestamp,
    ended_at: Option<jiff_sqlx::Timestamp>,
    version: i64,
    due_at: Option<jiff_sqlx::Timestamp>,
}

impl Row {
    fn run(self) -> Result<Run> {
        let state = match (self.state.as_str(), self.due_at) {
            ("running", _) => Some(State::Running),
            ("waiting", Some(until)) => Some(State::Waiting { until: until.to_jiff() }),
            ("done", _) => Some(State::Done),
            ("cancelled", _) => End::from_word(&self.ended_by).map(State::Cancelled),
            _ => None,
        };
        Ok(Run {
            id: self.id.into(),
            conversation: self.conversation_id.into(),
            workflow: self.workflow,
            workflow_version: loaded(self.workflow_version),
            steps: self.steps.0,
            at: usize::try_from(self.step).map_err(Fault::internal)?,
            state: known(state, "workflow_run.state")?,
            form: self.form_id.map(FormId),
            skipped: self.skipped.0,
            by: self.agent_id.as_deref().map(AgentId::parse).transpose()?,
            started_at: self.started_at.to_jiff(),
            ended_at: self.ended_at.map(|at| at.to_jiff()),
            version: loaded(self.version),
        })
    }
}

macro_rules! runs {
    ($tail:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT r.workspace_id, r.id, r.conversation_id, r.workflow, r.workflow_version, r.steps AS "steps: Json<Vec<Step>>",
                      r.step, r.state, r.ended_by, r.form_id, r.skipped AS "skipped: Json<Vec<Skipped>>", r.agent_id,
                      r.started_at, r.ended_at AS "ended_at: jiff_sqlx::Timestamp", r.version,
                      r.due_at AS "due_at: jiff_sqlx::Timestamp"
               FROM "# + $tail,
            $($argument),*
        )
    };
}

pub async fn get(db: &mut PgConnection, workspace: &WorkspaceId, id: RunId) -> Result<Option<Run>> {
    let row = runs!(
        "workflow_run r WHERE r.workspace_id = $1 AND r.id = $2",
        workspace.as_str(),
        id.0
    )
    .fetch_optional(db)
    .await
    .or_fault("get run")?;
    row.map(Row::run).transpose()
}

pub async fn get_by_request(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: ConversationId,
    request: &str,
) -> Result<Option<Run>> {
    let row = runs!(
        "workflow_run r WHERE r.workspace_id = $1 AND r.conversation_id = $2 AND r.request_id = $3",
        workspace.as_str(),
        id.0,
        request
    )
    .fetch_optional(db)
    .await
    .or_fault("get run by request")?;
    row.map(Row::run).transpose()
}

/// Those that have not ended, of these conversations.
pub async fn active(db: &mut PgConnection, places: &[Place]) -> Result<HashMap<Place, Run>> {
    let workspaces: Vec<String> = places.iter().map(|(workspace, _)| workspace.to_string()).collect();
    let ids: Vec<Uuid> = places.iter().map(|(_, id)| id.0).collect();
    let rows = runs!(
        "UNNEST($1::text[], $2::uuid[]) AS k (workspace_id, id)
         CROSS JOIN LATERAL (
           SELECT * FROM workflow_run n WHERE n.workspace_id = k.workspace_id AND n.conversation_id = k.id
             AND n.ended_at IS NULL OFFSET 0) r",
        &workspaces,
        &ids
    )
    .fetch_all(db)
    .await
    .or_fault("get active runs")?;
    rows.into_iter()
        .map(|row| {
            let workspace = WorkspaceId::parse(&row.workspace_id)?;
            let run = row.run()?;
            Ok(((workspace, run.conversation), run))
        })
        .collect()
}

/// Newest first, below an id; with a conversation only its own.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (conversation, active_only): (Option<ConversationId>, bool),
    below: Option<RunId>,
    limit: i64,
) -> Result<Vec<Run>> {
    let below = below.map_or(Uuid::max(), |id| id.0);
    let rows = match conversation {
        Some(id) => {
            runs!(
                "workflow_run r WHERE r.workspace_id = $1 AND r.conversation_id = $2 AND r.version > 0 AND r.id < $3
                   AND (r.ended_at IS NULL OR NOT $4) ORDER BY r.id DESC LIMIT $5",
                workspace.as_str(),
                id.0,
                below,
                active_only,
                limit
            )
            .fetch_all(db)
            .await
        }
        None => {
            runs!(
                "workflow_run r WHERE r.workspace_id = $1 AND r.id < $2 AND (r.ended_at IS NULL OR NOT $3)
                 ORDER BY r.id DESC LIMIT $4",
                workspace.as_str(),
                below,
                active_only,
                limit
            )
            .fetch_all(db)
            .await
        }
    };
    let rows = rows.or_fault("list runs")?;
    rows.into_iter().map(Row::run).collect()
}

/// Writes runs that are new, or whose conversations are locked, and when each is taken up next.
pub async fn put(
    db: &mut PgConnection,
    runs: &[(&WorkspaceId, &Run)],
    request: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let words: Vec<(&str, &str)> = runs.iter().map(|(_, run)| words(run)).collect();
    let step = |run: &Run| i32::try_from(run.at).map_err(Fault::internal);
    let time = |at: Option<Timestamp>| at.map(|at| at.to_sqlx());
    sqlx::query!(
        "INSERT INTO workflow_run (workspace_id, id, conversation_id, workflow, workflow_version, steps, step, state, ended_by,
           form_id, skipped, agent_id, started_at, ended_at, version, due_at, request_id)
         SELECT t.*, $17 FROM UNNEST($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::jsonb[], $7::integer[],
           $8::text[], $9::text[], $10::uuid[], $11::jsonb[], $12::text[], $13::timestamptz[], $14::timestamptz[],
           $15::bigint[], $16::timestamptz[]) t
         ON CONFLICT (workspace_id, id) DO UPDATE SET step = excluded.step, state = excluded.state,
           ended_by = excluded.ended_by, form_id = excluded.form_id, skipped = excluded.skipped,
           ended_at = excluded.ended_at, version = excluded.version, due_at = excluded.due_at, leased_until = NULL",
        &runs
            .iter()
            .map(|(workspace, _)| workspace.to_string())
            .collect::<Vec<_>>(),
        &runs.iter().map(|(_, run)| run.id.0).collect::<Vec<_>>(),
        &runs.iter().map(|(_, run)| run.conversation.0).collect::<Vec<_>>(),
        &runs.iter().map(|(_, run)| run.workflow.clone()).collect::<Vec<_>>(),
        &runs
            .iter()
            .map(|(_, run)| stored(run.workflow_version))
            .collect::<Vec<_>>(),
        &runs.iter().map(|(_, run)| Json(&run.steps)).collect::<Vec<_>>() as _,
        &runs.iter().map(|(_, run)| step(run)).collect::<Result<Vec<_>>>()?,
        &words.iter().map(|(state, _)| (*state).to_owned()).collect::<Vec<_>>(),
        &words.iter().map(|(_, end)| (*end).to_owned()).collect::<Vec<_>>(),
        &runs.iter().map(|(_, run)| run.form.map(|form| form.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &runs.iter().map(|(_, run)| Json(&run.skipped)).collect::<Vec<_>>() as _,
        &runs
            .iter()
            .map(|(_, run)| run.by.as_ref().map(AgentId::to_string))
            .collect::<Vec<_>>() as &[Option<String>],
        &runs
            .iter()
            .map(|(_, run)| run.started_at.to_sqlx())
            .collect::<Vec<_>>() as _,
        &runs.iter().map(|(_, run)| time(run.ended_at)).collect::<Vec<_>>() as _,
        &runs.iter().map(|(_, run)| stored(run.version)).collect::<Vec<_>>(),
        &runs.iter().map(|(_, run)| time(run.due_at(now))).collect::<Vec<_>>() as _,
        request,
    )
    .execute(db)
    .await
    .or_fault("put runs")?;
    Ok(())
}

/// The words of its state, and of what cancelled it.
fn words(run: &Run) -> (&'static str, &'static str) {
    match run.state {
        State::Running => ("running", ""),
        State::Waiting { .. } => ("waiting", ""),
        State::Done => ("done", ""),
        State::Cancelled(end) => ("cancelled", end.word()),
    }
}

/// Deletes the runs of a conversation.
pub async fn erase(db: &mut PgConnection, workspace: &WorkspaceId, id: ConversationId) -> Result<()> {
    sqlx::query!(
        "DELETE FROM workflow_run WHERE workspace_id = $1 AND conversation_id = $2 AND version > 0",
        workspace.as_str(),
        id.0,
    )
    .execute(db)
    .await
    .or_fault("erase runs")?;
    Ok(())
}

/// Rows deleted at a time: short transactions.
const PRUNE: i64 = 5_000;

/// Deletes some of the runs that ended before a time, as the worker. Answers how many.
pub async fn prune(db: &mut PgConnection, before: Timestamp) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM workflow_run r
         USING (SELECT workspace_id, id FROM workflow_run WHERE ended_at < $1 LIMIT $2) old
         WHERE r.workspace_id = old.workspace_id AND r.id = old.id",
        before.to_sqlx() as _,
        PRUNE,
    )
    .execute(db)
    .await
    .or_fault("prune runs")?;
    Ok(done.rows_affected())
}
