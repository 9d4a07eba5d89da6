//! Requests and their history. Who writes holds the workspace's lock.

use super::{known, loaded, stored};
use crate::domain::{About, Cause, Holder, Kept, Kind, Moved, Need, Pass, Request, State, VisitedPage};
use ::domain::{
    AgentId, ChannelId, ContactId, ConversationId, InvitationId, Language, RequestId, TeamId, Timestamp, VisitorId,
    WorkspaceId,
};
use fault::{Fault, Result, codes};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::types::Json;
use store::OrFault;
use uuid::Uuid;

pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) channel: String,
    pub(super) kind: String,
    pub(super) team: String,
    pub(super) language: String,
    pub(super) state: String,
    pub(super) priority: i16,
    pub(super) waiting_since: jiff_sqlx::Timestamp,
    pub(super) assignee: Option<String>,
    pub(super) is_admin: bool,
    pub(super) alert_seconds: i32,
    pub(super) alert_until: Option<jiff_sqlx::Timestamp>,
    pub(super) kept_agent: Option<String>,
    pub(super) kept_until: Option<jiff_sqlx::Timestamp>,
    pub(super) passes: Json<Vec<Pass>>,
    pub(super) conversation_id: Option<Uuid>,
    pub(super) visitor_id: Option<Uuid>,
    pub(super) contact_id: Option<Uuid>,
    pub(super) invitation_id: Option<Uuid>,
    pub(super) page: Option<Json<VisitedPage>>,
    pub(super) version: i64,
    pub(super) last_agent: Option<String>,
    pub(super) given_at: Option<jiff_sqlx::Timestamp>,
    pub(super) served_at: Option<jiff_sqlx::Timestamp>,
}

impl Row {
    pub(super) fn request(self) -> Result<Request> {
        let agent = |slug: &Option<String>| slug.as_deref().map(AgentId::parse).transpose();
        let state = match (self.state.as_str(), agent(&self.assignee)?, self.alert_until) {
            ("waiting", None, None) => Some(State::Waiting),
            ("alerted", Some(agent), Some(until)) => {
                let until = until.to_jiff();
                Some(State::Alerted { agent, until })
            }
            ("serving", Some(agent), None) if self.is_admin => Some(State::Serving(Holder::Admin(agent))),
            ("serving", Some(agent), None) => Some(State::Serving(Holder::Agent(agent))),
            ("done", None, None) => Some(State::Done),
            ("resolved", None, None) => Some(State::Resolved),
            _ => None,
        };
        let kept = agent(&self.kept_agent)?.zip(self.kept_until);
        Ok(Request {
            id: RequestId(self.id),
            need: Need {
                channel: ChannelId::parse(&self.channel)?,
                kind: known(Kind::from_word(&self.kind), "request.kind")?,
                team: some(&self.team).map(TeamId::parse).transpose()?,
                language: some(&self.language).map(Language::parse).transpose()?,
            },
            about: About {
                conversation: self.conversation_id.map(ConversationId),
                visitor: self.visitor_id.map(VisitorId),
                contact: self.contact_id.map(ContactId),
                invitation: self.invitation_id.map(InvitationId),
                page: self.page.map(|page| page.0),
            },
            state: known(state, "request.state")?,
            priority: u8::try_from(self.priority).map_err(Fault::internal)?,
            waiting_since: self.waiting_since.to_jiff(),
            alert_seconds: u32::try_from(self.alert_seconds).map_err(Fault::internal)?,
            kept: kept.map(|(agent, until)| Kept {
                agent,
                until: until.to_jiff(),
            }),
            passes: self.passes.0,
            version: loaded(self.version),
            last_agent: agent(&self.last_agent)?,
            given_at: self.given_at.map(|at| at.to_jiff()),
            served_at: self.served_at.map(|at| at.to_jiff()),
        })
    }
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

macro_rules! requests {
    ($tail:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            crate::outbound::postgres::request::Row,
            r#"SELECT id, channel, kind, team, language, state, priority, waiting_since, assignee, is_admin, alert_seconds, alert_until,
                 kept_agent, kept_until, passes AS "passes: sqlx::types::Json<Vec<crate::domain::Pass>>", conversation_id, visitor_id,
                 contact_id, invitation_id, page AS "page: sqlx::types::Json<crate::domain::VisitedPage>", version, last_agent, given_at,
                 served_at
               FROM request r "# + $tail,
            $($argument),*
        )
    };
}
pub(super) use requests;

pub(crate) async fn get(db: &mut PgConnection, workspace: &WorkspaceId, id: RequestId) -> Result<Option<Request>> {
    let row = requests!("WHERE workspace_id = $1 AND id = $2", workspace.as_str(), id.0)
        .fetch_optional(db)
        .await
        .or_fault("get request")?;
    row.map(Row::request).transpose()
}

/// The same, until the transaction ends nobody else's.
pub(crate) async fn lock(db: &mut PgConnection, workspace: &WorkspaceId, id: RequestId) -> Result<Option<Request>> {
    let row = requests!(
        "WHERE workspace_id = $1 AND id = $2 FOR UPDATE",
        workspace.as_str(),
        id.0
    )
    .fetch_optional(db)
    .await
    .or_fault("lock request")?;
    row.map(Row::request).transpose()
}

pub(crate) async fn get_by_conversation(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: ConversationId,
) -> Result<Option<Request>> {
    let row = requests!(
        "WHERE workspace_id = $1 AND conversation_id = $2",
        workspace.as_str(),
        id.0
    )
    .fetch_optional(db)
    .await
    .or_fault("get request by conversation")?;
    row.map(Row::request).transpose()
}

/// The one that somebody has for a visitor to whom nobody had spoken.
pub(crate) async fn get_unbegun(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    visitor: VisitorId,
) -> Result<Option<Request>> {
    let row = requests!(
        "WHERE workspace_id = $1 AND visitor_id = $2 AND conversation_id IS NULL AND state IN ('alerted', 'serving')",
        workspace.as_str(),
        visitor.0
    )
    .fetch_optional(db)
    .await
    .or_fault("get request of visitor")?;
    row.map(Row::request).transpose()
}

/// Names the invitation that a request is of.
pub(crate) async fn set_invitation(db: &mut PgConnection, workspace: &WorkspaceId, request: &Request) -> Result<()> {
    sqlx::query!(
        "UPDATE request SET invitation_id = $3 WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        request.id.0,
        request.about.invitation.map(|id| id.0),
    )
    .execute(db)
    .await
    .or_fault("name invitation of request")?;
    Ok(())
}

/// What an agent is alerted to and serves, by id, after the one named.
pub(crate) async fn list_held_by(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    agent: &AgentId,
    after: Option<RequestId>,
    limit: i64,
) -> Result<Vec<Request>> {
    let rows = requests!(
        "WHERE workspace_id = $1 AND assignee = $2 AND state IN ('alerted', 'serving') AND id > $3 ORDER BY id LIMIT $4",
        workspace.as_str(),
        agent.as_str(),
        after.map_or(Uuid::nil(), |id| id.0),
        limit
    )
    .fetch_all(db)
    .await
    .or_fault("list what an agent holds")?;
    rows.into_iter().map(Row::request).collect()
}

/// What waits for an agent alone.
pub(crate) async fn list_kept_for(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    agent: &AgentId,
) -> Result<Vec<Request>> {
    let rows = requests!(
        "WHERE workspace_id = $1 AND state = 'waiting' AND kept_agent IS NOT NULL AND kept_agent = $2",
        workspace.as_str(),
        agent.as_str()
    )
    .fetch_all(db)
    .await
    .or_fault("list what waits for an agent")?;
    rows.into_iter().map(Row::request).collect()
}

/// What agents are alerted to and serve, by id, after the one named; of one team's queue, or of all.
pub(crate) async fn list_held(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    team: Option<&str>,
    after: Option<RequestId>,
    limit: i64,
) -> Result<Vec<Request>> {
    let rows = requests!(
        "WHERE workspace_id = $1 AND state IN ('alerted', 'serving') AND id > $2 AND ($3::text IS NULL OR team = $3)
         ORDER BY id LIMIT $4",
        workspace.as_str(),
        after.map_or(Uuid::nil(), |id| id.0),
        team,
        limit
    )
    .fetch_all(db)
    .await
    .or_fault("list what agents hold")?;
    rows.into_iter().map(Row::request).collect()
}

/// Writes a change as the next version, and notes who has it from then on. A conflict if somebody else wrote that.
pub(crate) async fn save(db: &mut PgConnection, workspace: &WorkspaceId, moved: &Moved, now: Timestamp) -> Result<()> {
    let after = &moved.after;
    let (need, about, timers) = (&after.need, &after.about, Timers::of(after, now));
    let is_over = matches!(after.state, State::Done | State::Resolved);
    let assignee = after.assignee();
    let saved = sqlx::query_scalar!(
        r#"WITH saved AS (
             INSERT INTO request AS row (workspace_id, id, channel, kind, team, language, state, priority, waiting_since, assignee, is_admin,
               alert_seconds, alert_until, kept_agent, kept_until, passes, passed, conversation_id, visitor_id, contact_id, invitation_id,
               page, version, last_agent, given_at, served_at, done_at, due_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
               $26, $27, $28)
             ON CONFLICT (workspace_id, id) DO UPDATE SET team = excluded.team, state = excluded.state, priority = excluded.priority,
               assignee = excluded.assignee, is_admin = excluded.is_admin, alert_until = excluded.alert_until,
               kept_agent = excluded.kept_agent, kept_until = excluded.kept_until, passes = excluded.passes, passed = excluded.passed,
               conversation_id = excluded.conversation_id, page = excluded.page, version = excluded.version,
               last_agent = excluded.last_agent, given_at = excluded.given_at, served_at = excluded.served_at, done_at = excluded.done_at,
               due_at = excluded.due_at, leased_until = NULL
             WHERE row.version = excluded.version - 1
             RETURNING id),
           noted AS (
             INSERT INTO assignment (workspace_id, request_id, version, assignee_kind, assignee, cause, by_agent, at)
             SELECT $1, id, $23, $29, $30, $31::text, $32::text, $33 FROM saved WHERE $31::text IS NOT NULL)
           SELECT count(*) AS "count!" FROM saved"#,
        workspace.as_str(),
        after.id.0,
        need.channel.as_str(),
        need.kind.word(),
        need.queue(),
        need.language.map_or("", Language::code),
        state_word(&after.state),
        i16::from(after.priority),
        after.waiting_since.to_sqlx() as _,
        after.agent().map(AgentId::as_str),
        matches!(after.state, State::Serving(Holder::Admin(_))),
        i32::try_from(after.alert_seconds).map_err(Fault::internal)?,
        timers.alert_until as _,
        after.kept.as_ref().map(|kept| kept.agent.as_str()),
        after.kept.as_ref().map(|kept| kept.until.to_sqlx()) as _,
        Json(&after.passes) as _,
        &timers.passed,
        about.conversation.map(|id| id.0),
        about.visitor.map(|id| id.0),
        about.contact.map(|id| id.0),
        about.invitation.map(|id| id.0),
        about.page.as_ref().map(Json) as _,
        stored(after.version),
        after.last_agent.as_ref().map(AgentId::as_str),
        after.given_at.map(|at| at.to_sqlx()) as _,
        after.served_at.map(|at| at.to_sqlx()) as _,
        is_over.then(|| now.to_sqlx()) as _,
        timers.due_at as _,
        assignee.word(),
        assignee.id(),
        moved.cause.map(Cause::word),
        moved.by.as_ref().map(AgentId::as_str),
        now.to_sqlx() as _,
    )
    .fetch_one(db)
    .await
    .or_fault("save request")?;
    if saved == 1 { Ok(()) } else { Err(moved_on()) }
}

/// The same of requests to which one agent is alerted, and which waited until now. A conflict if somebody else wrote one of them.
pub(crate) async fn save_alerts(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    agent: &AgentId,
    alerts: &[Moved],
    now: Timestamp,
) -> Result<()> {
    let ids: Vec<Uuid> = alerts.iter().map(|moved| moved.after.id.0).collect();
    let versions: Vec<i64> = alerts.iter().map(|moved| stored(moved.after.version)).collect();
    let (untils, dues): (Vec<_>, Vec<_>) = alerts
        .iter()
        .map(|moved| Timers::of(&moved.after, now))
        .map(|timers| (timers.alert_until, timers.due_at))
        .unzip();
    let done = sqlx::query!(
        "WITH alerted AS (
           UPDATE request r SET state = 'alerted', assignee = $2, is_admin = false, alert_until = t.alert_until, kept_agent = NULL,
             kept_until = NULL, version = t.version, due_at = t.due_at, leased_until = NULL
           FROM UNNEST($3::uuid[], $4::bigint[], $5::timestamptz[], $6::timestamptz[]) t (id, version, alert_until, due_at)
           WHERE r.workspace_id = $1 AND r.id = t.id AND r.version = t.version - 1
           RETURNING r.id, r.version)
         INSERT INTO assignment (workspace_id, request_id, version, assignee_kind, assignee, cause, at)
         SELECT $1, id, version, 'agent', $2, $7, $8 FROM alerted",
        workspace.as_str(),
        agent.as_str(),
        &ids,
        &versions,
        &untils as _,
        &dues as _,
        Cause::Alerted.word(),
        now.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("save alerts")?;
    if done.rows_affected() == alerts.len() as u64 {
        Ok(())
    } else {
        Err(moved_on())
    }
}

fn moved_on() -> Fault {
    Fault::new(&codes::CONFLICT, "somebody else moved the request; try again")
}

/// Writes what became of a request by time alone, and when to look at it again.
pub(crate) async fn rearm(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    request: &Request,
    now: Timestamp,
) -> Result<()> {
    let timers = Timers::of(request, now);
    sqlx::query!(
        "UPDATE request SET passed = $3, due_at = $4, leased_until = NULL WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        request.id.0,
        &timers.passed,
        timers.due_at as _,
    )
    .execute(db)
    .await
    .or_fault("rearm request")?;
    Ok(())
}

/// Columns that follow from others and the present.
struct Timers {
    alert_until: Option<jiff_sqlx::Timestamp>,
    passed: Vec<String>,
    due_at: Option<jiff_sqlx::Timestamp>,
}

impl Timers {
    fn of(request: &Request, now: Timestamp) -> Self {
        let alert_until = match &request.state {
            State::Alerted { until, .. } => Some(until.to_sqlx()),
            _ => None,
        };
        Self {
            alert_until,
            passed: request.passed(now).map(AgentId::to_string).collect(),
            due_at: request.due_at(now).map(|at| at.to_sqlx()),
        }
    }
}

fn state_word(state: &State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Alerted { .. } => "alerted",
        State::Serving(_) => "serving",
        State::Done => "done",
        State::Resolved => "resolved",
    }
}
