use super::{signed, unsigned, word};
use crate::domain::{Causes, End, FollowUp, State, Step, Why};
use domain::{ConversationId, FollowUpId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use serde::Deserialize;
use store::{OrFault, Tx};
use tracing::Span;
use uuid::Uuid;

/// The trace in which a follow-up was armed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    pub parent: Option<String>,
    pub at: Timestamp,
}

impl Trace {
    /// The present one.
    pub fn here(at: Timestamp) -> Self {
        Self {
            parent: rpc::traceparent(&Span::current()),
            at,
        }
    }
}

/// A follow-up with what the domain does not decide from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub follow_up: FollowUp,
    pub conversation: ConversationId,
    pub trace: Trace,
}

/// Which conversation a follow-up belongs to.
pub async fn conversation_of(tx: &mut Tx, workspace: &WorkspaceId, id: FollowUpId) -> Result<Option<ConversationId>> {
    let conversation = sqlx::query_scalar!(
        "SELECT conversation FROM follow_up WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        id.0
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("read follow-up's conversation")?;
    Ok(conversation.map(ConversationId))
}

/// Follow-ups of a workspace or a conversation, newest first, older than `before`; without their steps.
pub async fn list_follow_ups(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    conversation: Option<ConversationId>,
    before: Option<FollowUpId>,
    limit: i64,
) -> Result<Vec<Row>> {
    let before = before.map_or(Uuid::max(), |id| id.0);
    let rows = match conversation {
        None => {
            sqlx::query_scalar!(
                r#"SELECT to_jsonb(f) AS "row!" FROM follow_up f WHERE workspace_id = $1 AND id < $2
                 ORDER BY id DESC LIMIT $3"#,
                workspace.as_str(),
                before,
                limit
            )
            .fetch_all(&mut **tx)
            .await
        }
        Some(conversation) => {
            sqlx::query_scalar!(
                r#"SELECT to_jsonb(f) AS "row!" FROM follow_up f
                 WHERE workspace_id = $1 AND conversation = $2 AND id < $3 ORDER BY id DESC LIMIT $4"#,
                workspace.as_str(),
                conversation.0,
                before,
                limit
            )
            .fetch_all(&mut **tx)
            .await
        }
    };
    rows.or_fault("list follow-ups")?.into_iter().map(parse).collect()
}

/// One follow-up; without its steps.
pub async fn read_follow_up(tx: &mut Tx, workspace: &WorkspaceId, id: FollowUpId) -> Result<Option<Row>> {
    let row = sqlx::query_scalar!(
        r#"SELECT to_jsonb(f) AS "row!" FROM follow_up f WHERE workspace_id = $1 AND id = $2"#,
        workspace.as_str(),
        id.0
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("read follow-up")?;
    row.map(parse).transpose()
}

/// A row as JSON: a case is read with its follow-up in one statement.
#[derive(Deserialize)]
struct Stored {
    id: Uuid,
    conversation: Uuid,
    from_seq: i64,
    to_seq: i64,
    first_at: Timestamp,
    started_at: Timestamp,
    state: String,
    step: Option<String>,
    why: Option<String>,
    causes: Vec<String>,
    due_at: Option<Timestamp>,
    trace: Option<String>,
    traced_at: Timestamp,
}

/// Reads a row that the database gave as JSON; without its steps.
pub fn parse(json: serde_json::Value) -> Result<Row> {
    let row: Stored = serde_json::from_value(json).map_err(Fault::internal)?;
    let causes = row
        .causes
        .iter()
        .map(|text| word("follow_up.causes", text, End::from_word(text)))
        .collect::<Result<Causes>>()?;
    let state = State::from_words(&row.state, row.step.as_deref());
    let follow_up = FollowUp {
        id: FollowUpId(row.id),
        from_seq: unsigned(row.from_seq)?,
        to_seq: unsigned(row.to_seq)?,
        first_at: row.first_at,
        started_at: row.started_at,
        state: word("follow_up.state", &row.state, state)?,
        due_at: row.due_at,
        why: row.why.as_deref().and_then(Why::from_word),
        causes,
        text: None,
        mail: None,
    };
    Ok(Row {
        follow_up,
        conversation: ConversationId(row.conversation),
        trace: Trace {
            parent: row.trace,
            at: row.traced_at,
        },
    })
}

/// Writes a follow-up, new or known, and ends its lease.
pub async fn save_follow_up(tx: &mut Tx, workspace: &WorkspaceId, row: &Row) -> Result<()> {
    let follow_up = &row.follow_up;
    sqlx::query!(
        "INSERT INTO follow_up (workspace_id, id, conversation, from_seq, to_seq, first_at, started_at, state, step,
           why, causes, due_at, trace, traced_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (workspace_id, id) DO UPDATE SET from_seq = excluded.from_seq, to_seq = excluded.to_seq,
           first_at = excluded.first_at, state = excluded.state, step = excluded.step, why = excluded.why,
           causes = excluded.causes, due_at = excluded.due_at, leased_until = NULL, trace = excluded.trace,
           traced_at = excluded.traced_at",
        workspace.as_str(),
        follow_up.id.0,
        row.conversation.0,
        signed(follow_up.from_seq)?,
        signed(follow_up.to_seq)?,
        follow_up.first_at.to_sqlx() as _,
        follow_up.started_at.to_sqlx() as _,
        follow_up.state.word(),
        follow_up.state.step().map(Step::word),
        follow_up.why.map(Why::word),
        &follow_up.causes.words(),
        follow_up.due_at.map(|at| at.to_sqlx()) as _,
        row.trace.parent,
        row.trace.at.to_sqlx() as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("save follow-up")?;
    Ok(())
}
