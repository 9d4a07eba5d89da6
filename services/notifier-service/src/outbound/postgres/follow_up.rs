use super::{signed, unsigned, word};
use crate::domain::{Causes, End, FollowUp, State, Step, Why};
use domain::{ConversationId, FollowUpId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use store::{OrFault, Tx};

/// The trace in which a follow-up was armed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    pub parent: Option<String>,
    pub at: Timestamp,
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
    read(tx, workspace, conversation, None, before, limit).await
}

/// One follow-up; without its steps.
pub async fn read_follow_up(tx: &mut Tx, workspace: &WorkspaceId, id: FollowUpId) -> Result<Option<Row>> {
    Ok(read(tx, workspace, None, Some(id), None, 1).await?.pop())
}

async fn read(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    conversation: Option<ConversationId>,
    id: Option<FollowUpId>,
    before: Option<FollowUpId>,
    limit: i64,
) -> Result<Vec<Row>> {
    sqlx::query!(
        "SELECT id, conversation, from_seq, to_seq, first_at, started_at, state, step, why, causes, due_at, trace,
           traced_at
         FROM follow_up WHERE workspace_id = $1 AND ($2::uuid IS NULL OR conversation = $2)
           AND ($3::uuid IS NULL OR id = $3) AND ($4::uuid IS NULL OR id < $4)
         ORDER BY id DESC LIMIT $5",
        workspace.as_str(),
        conversation.map(|id| id.0),
        id.map(|id| id.0),
        before.map(|id| id.0),
        limit
    )
    .fetch_all(&mut **tx)
    .await
    .or_fault("read follow-ups")?
    .into_iter()
    .map(|row| {
        let causes = row
            .causes
            .iter()
            .map(|text| word("follow_up.causes", text, End::from_word(text)))
            .collect::<Result<Causes>>()?;
        let follow_up = FollowUp {
            id: FollowUpId(row.id),
            from_seq: unsigned(row.from_seq)?,
            to_seq: unsigned(row.to_seq)?,
            first_at: row.first_at.to_jiff(),
            started_at: row.started_at.to_jiff(),
            state: word(
                "follow_up.state",
                &row.state,
                State::from_words(&row.state, row.step.as_deref()),
            )?,
            due_at: row.due_at.map(|at| at.to_jiff()),
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
                at: row.traced_at.to_jiff(),
            },
        })
    })
    .collect()
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
