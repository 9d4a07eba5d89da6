//! Invitations. Who moves one on holds the lock on the workspace's queue.

use super::{known, loaded, stored};
use crate::domain::channel_routing::Mode;
use crate::domain::invitation::{Invitation, State};
use crate::domain::launch::Asked;
use ::domain::{AgentId, ChannelId, InvitationId, Timestamp, VisitorId, WorkspaceId};
use events::event::{InvitationChanged, InvitationState, ProactiveMode};
use events::stamp;
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::{OrFault, Tx};
use uuid::Uuid;

struct Row {
    id: Uuid,
    channel: String,
    visitor: Uuid,
    mode: String,
    rule: String,
    greeting: String,
    state: String,
    version: i64,
    offered_at: jiff_sqlx::Timestamp,
    changed_at: jiff_sqlx::Timestamp,
    due_at: Option<jiff_sqlx::Timestamp>,
    is_declined: bool,
    request_id: Option<Uuid>,
    conversation_id: Option<Uuid>,
    agent: Option<String>,
}

impl Row {
    fn invitation(self) -> Result<Invitation> {
        Ok(Invitation {
            id: self.id.into(),
            channel: ChannelId::parse(&self.channel)?,
            visitor: self.visitor.into(),
            mode: known(Mode::from_word(&self.mode), "invitation.mode")?,
            rule: self.rule,
            greeting: self.greeting,
            state: known(State::from_word(&self.state), "invitation.state")?,
            version: loaded(self.version),
            offered_at: self.offered_at.to_jiff(),
            changed_at: self.changed_at.to_jiff(),
            expires_at: self.due_at.map(|at| at.to_jiff()),
            is_declined: self.is_declined,
            request: self.request_id.map(Into::into),
            conversation: self.conversation_id.map(Into::into),
            agent: self.agent.as_deref().map(AgentId::parse).transpose()?,
            untold: Vec::new(),
        })
    }
}

macro_rules! invitations {
    ($tail:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT id, channel, visitor, mode, rule, greeting, state, version, offered_at, changed_at, due_at, is_declined,
                      request_id, conversation_id, agent
               FROM invitation "# + $tail,
            $($argument),*
        )
    };
}

pub(crate) async fn get(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: InvitationId,
) -> Result<Option<Invitation>> {
    let row = invitations!("WHERE workspace_id = $1 AND id = $2", workspace.as_str(), id.0)
        .fetch_optional(db)
        .await
        .or_fault("get invitation")?;
    row.map(Row::invitation).transpose()
}

/// The visitor's one that is not over.
pub(crate) async fn get_open(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    visitor: VisitorId,
) -> Result<Option<Invitation>> {
    let row = invitations!(
        "WHERE workspace_id = $1 AND visitor = $2 AND state NOT IN ('declined', 'expired', 'ended', 'abandoned')",
        workspace.as_str(),
        visitor.0
    )
    .fetch_optional(db)
    .await
    .or_fault("get open invitation")?;
    row.map(Row::invitation).transpose()
}

/// Up to `limit` invitations of a channel and a visitor, or of all, newest first, older than the one named.
pub(crate) async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (channel, visitor): (Option<&ChannelId>, Option<VisitorId>),
    before: Option<InvitationId>,
    limit: i64,
) -> Result<Vec<Invitation>> {
    let rows = invitations!(
        "WHERE workspace_id = $1 AND ($2 = '' OR channel = $2) AND ($3::uuid IS NULL OR id < $3)
           AND ($5::uuid IS NULL OR visitor = $5) ORDER BY id DESC LIMIT $4",
        workspace.as_str(),
        channel.map_or("", ChannelId::as_str),
        before.map(|id| id.0),
        limit,
        visitor.map(|id| id.0)
    )
    .fetch_all(db)
    .await
    .or_fault("list invitations")?;
    rows.into_iter().map(Row::invitation).collect()
}

/// What the visitor was asked on a channel since `since`, and how often its rules asked anybody since the day began.
pub(crate) async fn asked(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (channel, visitor): (&ChannelId, VisitorId),
    (since, today): (Timestamp, Timestamp),
) -> Result<Asked> {
    let rows = sqlx::query!(
        r#"SELECT channel, rule, max(offered_at) AS "last!: jiff_sqlx::Timestamp",
             count(*) FILTER (WHERE offered_at >= $4) AS "today!",
             max(changed_at) FILTER (WHERE is_declined) AS "declined_at: jiff_sqlx::Timestamp"
           FROM invitation WHERE workspace_id = $1 AND visitor = $2 AND offered_at >= $3 GROUP BY channel, rule"#,
        workspace.as_str(),
        visitor.0,
        since.to_sqlx() as _,
        today.to_sqlx() as _,
    )
    .fetch_all(&mut *db)
    .await
    .or_fault("read what the visitor was asked")?;
    let of_rules = sqlx::query!(
        "SELECT rule, asked FROM rule_day
         WHERE workspace_id = $1 AND channel = $2 AND day = ($3::timestamptz AT TIME ZONE 'UTC')::date",
        workspace.as_str(),
        channel.as_str(),
        today.to_sqlx() as _,
    )
    .fetch_all(db)
    .await
    .or_fault("count what rules asked")?;
    let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Asked {
        declined_at: rows
            .iter()
            .filter_map(|row| row.declined_at)
            .map(|at| at.to_jiff())
            .max(),
        today: rows.iter().map(|row| count(row.today)).fold(0, u32::saturating_add),
        by_rule: rows
            .into_iter()
            .filter(|row| row.channel == channel.as_str())
            .map(|row| (row.rule, row.last.to_jiff()))
            .collect(),
        of_rule_today: of_rules.into_iter().map(|row| (row.rule, count(row.asked))).collect(),
    })
}

/// Adds one, unless its visitor has one that is not over; false then. Tells what it came through.
pub(crate) async fn insert(tx: &mut Tx, workspace: &WorkspaceId, invitation: &mut Invitation) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO invitation (workspace_id, id, channel, visitor, mode, rule, greeting, state, version, offered_at,
           changed_at, is_declined, request_id, conversation_id, agent, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT DO NOTHING",
        workspace.as_str(),
        invitation.id.0,
        invitation.channel.as_str(),
        invitation.visitor.0,
        invitation.mode.word(),
        invitation.rule,
        invitation.greeting,
        invitation.state.word(),
        stored(invitation.version),
        invitation.offered_at.to_sqlx() as _,
        invitation.changed_at.to_sqlx() as _,
        invitation.is_declined,
        invitation.request.map(|id| id.0),
        invitation.conversation.map(|id| id.0),
        invitation.agent.as_ref().map(AgentId::as_str),
        invitation.expires_at.map(|at| at.to_sqlx()) as _,
    )
    .execute(&mut **tx)
    .await
    .or_fault("insert invitation")?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    count_rule(tx, workspace, invitation).await?;
    tell(tx, workspace, invitation);
    Ok(true)
}

/// Counts that a rule asked somebody today.
async fn count_rule(db: &mut PgConnection, workspace: &WorkspaceId, invitation: &Invitation) -> Result<()> {
    sqlx::query!(
        "WITH before AS (
           DELETE FROM rule_day WHERE workspace_id = $1 AND channel = $2 AND rule = $3
             AND day < ($4::timestamptz AT TIME ZONE 'UTC')::date)
         INSERT INTO rule_day AS row (workspace_id, channel, rule, day, asked)
         VALUES ($1, $2, $3, ($4::timestamptz AT TIME ZONE 'UTC')::date, 1)
         ON CONFLICT (workspace_id, channel, rule, day) DO UPDATE SET asked = row.asked + 1",
        workspace.as_str(),
        invitation.channel.as_str(),
        invitation.rule,
        invitation.offered_at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("count what a rule asked")?;
    Ok(())
}

/// Writes what can change, and tells what it came through.
pub(crate) async fn update(tx: &mut Tx, workspace: &WorkspaceId, invitation: &mut Invitation) -> Result<()> {
    sqlx::query!(
        "UPDATE invitation SET state = $3, version = $4, changed_at = $5, is_declined = $6, request_id = $7,
           conversation_id = $8, agent = $9, due_at = $10, leased_until = NULL
         WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        invitation.id.0,
        invitation.state.word(),
        stored(invitation.version),
        invitation.changed_at.to_sqlx() as _,
        invitation.is_declined,
        invitation.request.map(|id| id.0),
        invitation.conversation.map(|id| id.0),
        invitation.agent.as_ref().map(AgentId::as_str),
        invitation.expires_at.map(|at| at.to_sqlx()) as _,
    )
    .execute(&mut **tx)
    .await
    .or_fault("update invitation")?;
    tell(tx, workspace, invitation);
    Ok(())
}

/// Each version as a fact, in order.
fn tell(tx: &mut Tx, workspace: &WorkspaceId, invitation: &mut Invitation) {
    for (version, state) in std::mem::take(&mut invitation.untold) {
        let fact = InvitationChanged {
            invitation: invitation.id.to_string(),
            channel: invitation.channel.to_string(),
            visitor: invitation.visitor.to_string(),
            mode: ProactiveMode::from(invitation.mode).into(),
            state: InvitationState::from(state).into(),
            version,
            request: invitation.request.map(|id| id.to_string()).unwrap_or_default(),
            conversation: invitation.conversation.map(|id| id.to_string()).unwrap_or_default(),
            agent: invitation.agent.as_ref().map(AgentId::to_string).unwrap_or_default(),
            at: Some(stamp(invitation.changed_at)),
            rule: invitation.rule.clone(),
        };
        tx.record(workspace, &fact);
    }
}
