//! The queue: the lock under which it changes, who is asked first, and what is served first. What is found here by index is
//! decided by `domain`.

use super::int;
use super::request::{Row, requests};
use crate::domain::{Agent, Pace, Place, QueueView, Request};
use ::domain::{AgentId, ContactId, Language, RequestId, TeamId, Timestamp, VisitorId, WorkspaceId};
use fault::{Fault, Result};
use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;

/// How many of those served last tell how long it may take.
const WAITS: i64 = 20;
/// Those served longer ago do not tell how fast it moves now: nobody may have been there since.
const LATELY: SignedDuration = SignedDuration::from_hours(1);

/// One transaction at a time changes agents or requests of a workspace, in whichever replica: held until it ends. Taken
/// before anything is read that the change depends on.
pub(crate) async fn lock(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<()> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('queue ' || $1, 0))",
        workspace.as_str() as _,
    )
    .execute(db)
    .await
    .or_fault("lock queue")?;
    Ok(())
}

/// The lock of those who leave everybody's room and place as they are: they hold it together, and each locks the request
/// that it changes.
pub(crate) async fn share(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<()> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock_shared(hashtextextended('queue ' || $1, 0))",
        workspace.as_str() as _,
    )
    .execute(db)
    .await
    .or_fault("share queue")?;
    Ok(())
}

/// The agent to be alerted to a request: of those with room, of its team and language, who holds the smallest share of what
/// they can, then who was given nothing for longest. Who was alerted to it in vain is left out, or, with `again`, comes in
/// question alone. Nobody, where its channel keeps to opening hours and its team is closed.
pub(crate) async fn find_agent(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    request: &Request,
    again: Option<&[String]>,
) -> Result<Option<AgentId>> {
    let need = &request.need;
    let tried: Vec<String> = request.passes.iter().map(|pass| pass.agent.to_string()).collect();
    let found = sqlx::query_scalar!(
        "SELECT l.agent FROM agent_load l JOIN agent a ON a.workspace_id = l.workspace_id AND a.agent = l.agent
         WHERE l.workspace_id = $1 AND l.kind = $2 AND l.is_free AND ($3 = '' OR $3 = ANY (a.teams))
           AND ($4 = '' OR a.languages = '{}' OR $4 = ANY (a.languages))
           AND CASE WHEN $6 THEN l.agent = ANY ($5::text[]) ELSE l.agent <> ALL ($5::text[]) END
           AND (NOT EXISTS (SELECT FROM team_opening o WHERE o.workspace_id = $1 AND o.team = $3 AND NOT o.is_open)
             OR NOT EXISTS (SELECT FROM channel_routing c WHERE c.workspace_id = $1 AND c.channel = $7 AND c.keep_opening_hours))
         ORDER BY l.share, l.last_given_at, l.agent LIMIT 1",
        workspace.as_str(),
        need.kind.word(),
        need.queue(),
        need.language.map_or("", Language::code),
        again.unwrap_or(&tried),
        again.is_some(),
        need.channel.as_str(),
    )
    .fetch_optional(db)
    .await
    .or_fault("find agent")?;
    found.map(|agent| Ok(AgentId::parse(&agent)?)).transpose()
}

/// The requests to which an agent is to be alerted, in order: of those that they fit, at least as many of each kind as they
/// have room for, or all. What somebody passed on to this agent comes also while its team is closed. The ids are an array: each is
/// looked up by key, where a join would read every request of the workspace.
pub(crate) async fn find_requests(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    agent: &Agent,
    now: Timestamp,
) -> Result<Vec<Request>> {
    let (kinds, rooms): (Vec<String>, Vec<i32>) = agent
        .rooms()
        .map(|(kind, room)| (kind.word().to_owned(), int(room)))
        .unzip();
    let languages: Vec<String> = agent
        .languages
        .iter()
        .map(|language| language.code().to_owned())
        .collect();
    let queues: Vec<String> = agent
        .teams
        .iter()
        .map(TeamId::to_string)
        .chain([String::new()])
        .collect();
    let rows = requests!(
        "WHERE workspace_id = $1 AND id = ANY (ARRAY (
           SELECT first.id FROM unnest($2::text[]) queue (team)
           LEFT JOIN team_opening closed ON closed.workspace_id = $1 AND closed.team = queue.team AND NOT closed.is_open
           CROSS JOIN unnest($3::text[], $4::integer[]) free (kind, room)
           CROSS JOIN LATERAL (
             SELECT q.id FROM request q
             WHERE q.workspace_id = $1 AND q.team = queue.team AND q.kind = free.kind AND q.state = 'waiting'
               AND (q.language = '' OR cardinality($5::text[]) = 0 OR q.language = ANY ($5::text[]))
               AND $6 <> ALL (q.passed) AND (q.kept_until IS NULL OR q.kept_until <= $7 OR q.kept_agent = $6)
               AND (closed.team IS NULL OR NOT EXISTS (
                 SELECT FROM channel_routing c WHERE c.workspace_id = $1 AND c.channel = q.channel AND c.keep_opening_hours))
             ORDER BY q.priority, q.waiting_since, q.id LIMIT free.room) first
           UNION ALL
           SELECT kept.id FROM unnest($3::text[], $4::integer[]) free (kind, room)
           CROSS JOIN LATERAL (
             SELECT q.id FROM request q
             WHERE q.workspace_id = $1 AND q.kind = free.kind AND q.state = 'waiting'
               AND q.kept_agent IS NOT NULL AND q.kept_agent = $6 AND q.kept_until > $7 AND $6 <> ALL (q.passed)
             ORDER BY q.priority, q.waiting_since, q.id LIMIT free.room) kept))
         ORDER BY priority, waiting_since, id",
        workspace.as_str(),
        &queues,
        &kinds,
        &rooms,
        &languages,
        agent.id.as_str(),
        now.to_sqlx() as jiff_sqlx::Timestamp
    )
    .fetch_all(db)
    .await
    .or_fault("find requests")?;
    rows.into_iter().map(Row::request).collect()
}

/// Those that wait, in the order in which they are served, after a place; of every queue.
pub(crate) async fn list_waiting(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Request>> {
    let (priority, since, id) = bound(after);
    let rows = requests!(
        "WHERE workspace_id = $1 AND state = 'waiting' AND (priority, waiting_since, id) > ($2, $3, $4)
         ORDER BY priority, waiting_since, id LIMIT $5",
        workspace.as_str(),
        priority,
        since as jiff_sqlx::Timestamp,
        id.0,
        limit
    )
    .fetch_all(db)
    .await
    .or_fault("list waiting requests")?;
    rows.into_iter().map(Row::request).collect()
}

/// The same of one queue.
pub(crate) async fn list_waiting_of(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    team: &str,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Request>> {
    let (priority, since, id) = bound(after);
    let rows = requests!(
        "WHERE workspace_id = $1 AND team = $6 AND state = 'waiting' AND (priority, waiting_since, id) > ($2, $3, $4)
         ORDER BY priority, waiting_since, id LIMIT $5",
        workspace.as_str(),
        priority,
        since as jiff_sqlx::Timestamp,
        id.0,
        limit,
        team
    )
    .fetch_all(db)
    .await
    .or_fault("list waiting requests of a queue")?;
    rows.into_iter().map(Row::request).collect()
}

/// How many wait before a place in a queue.
pub(crate) async fn count_before(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    team: &str,
    place: Place,
) -> Result<u32> {
    let (priority, since, id) = bound(Some(place));
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM request
           WHERE workspace_id = $1 AND team = $2 AND state = 'waiting' AND (priority, waiting_since, id) < ($3, $4, $5)"#,
        workspace.as_str(),
        team,
        priority,
        since as jiff_sqlx::Timestamp,
        id.0,
    )
    .fetch_one(db)
    .await
    .or_fault("count who waits before")?;
    u32::try_from(count).map_err(Fault::internal)
}

/// Agents of a team who have room for a chat of some kind, who holds the least first.
pub(crate) async fn list_free_agents(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    team: &TeamId,
) -> Result<Vec<AgentId>> {
    let agents = sqlx::query_scalar!(
        "SELECT l.agent FROM agent_load l JOIN agent a ON a.workspace_id = l.workspace_id AND a.agent = l.agent
         WHERE l.workspace_id = $1 AND l.is_free AND $2 = ANY (a.teams)
         GROUP BY l.agent ORDER BY min(l.share), l.agent",
        workspace.as_str(),
        team.as_str(),
    )
    .fetch_all(db)
    .await
    .or_fault("list free agents")?;
    agents.iter().map(|agent| Ok(AgentId::parse(agent)?)).collect()
}

/// Who served a contact, else a visitor, last.
pub(crate) async fn last_agent(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contact: Option<ContactId>,
    visitor: Option<VisitorId>,
) -> Result<Option<AgentId>> {
    let found = sqlx::query_scalar!(
        r#"SELECT coalesce(
             (SELECT last_agent FROM request WHERE workspace_id = $1 AND contact_id IS NOT NULL AND contact_id = $2
                AND given_at IS NOT NULL ORDER BY given_at DESC LIMIT 1),
             (SELECT last_agent FROM request WHERE workspace_id = $1 AND visitor_id IS NOT NULL AND visitor_id = $3
                AND given_at IS NOT NULL ORDER BY given_at DESC LIMIT 1)) AS agent"#,
        workspace.as_str(),
        contact.map(|id| id.0),
        visitor.map(|id| id.0),
    )
    .fetch_one(db)
    .await
    .or_fault("find last agent")?;
    found.map(|agent| Ok(AgentId::parse(&agent)?)).transpose()
}

/// Before everything if `None`.
fn bound(place: Option<Place>) -> (i16, jiff_sqlx::Timestamp, RequestId) {
    let (priority, since, id) = match place {
        Some((priority, since, id)) => (i16::from(priority), since, id),
        None => (-1, Timestamp::UNIX_EPOCH, RequestId(uuid::Uuid::nil())),
    };
    (priority, since.to_sqlx(), id)
}

/// A queue as those who watch it see it.
pub(crate) async fn view(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    team: &str,
    now: Timestamp,
) -> Result<QueueView> {
    let waiting = sqlx::query!(
        "SELECT id, waiting_since FROM request WHERE workspace_id = $1 AND team = $2 AND state = 'waiting'
         ORDER BY priority, waiting_since, id",
        workspace.as_str(),
        team,
    )
    .fetch_all(&mut *db)
    .await
    .or_fault("read queue")?;
    let counted = sqlx::query!(
        r#"SELECT
             (SELECT count(*) FROM request WHERE workspace_id = $1 AND team = $2 AND state IN ('alerted', 'serving')
                AND state = 'alerted') AS "alerted!",
             (SELECT count(*) FROM request WHERE workspace_id = $1 AND team = $2 AND state IN ('alerted', 'serving')
                AND state = 'serving') AS "serving!",
             (SELECT count(*) FROM agent a WHERE a.workspace_id = $1 AND ($2 = '' OR $2 = ANY (a.teams))
                AND EXISTS (SELECT FROM agent_load l WHERE l.workspace_id = $1 AND l.agent = a.agent AND l.is_free)) AS "free!""#,
        workspace.as_str(),
        team,
    )
    .fetch_one(&mut *db)
    .await
    .or_fault("count queue")?;
    let small = |count: i64| u32::try_from(count).map_err(Fault::internal);
    let mut view = QueueView::of_waiting(waiting.iter().map(|row| RequestId(row.id)));
    view.waiting_since = waiting.iter().map(|row| row.waiting_since.to_jiff()).min();
    view.alerted = small(counted.alerted)?;
    view.serving = small(counted.serving)?;
    view.free_agents = small(counted.free)?;
    view.pace = pace(db, workspace, team, now).await?;
    Ok(view)
}

/// How fast a queue moves.
async fn pace(db: &mut PgConnection, workspace: &WorkspaceId, team: &str, now: Timestamp) -> Result<Pace> {
    let lately = now.checked_sub(LATELY).unwrap_or(Timestamp::MIN);
    let told = sqlx::query!(
        r#"SELECT coalesce(avg(extract(epoch FROM served_at - waiting_since)), 0)::bigint AS "wait!",
             count(*) FILTER (WHERE served_at > $4) AS "served!",
             coalesce(extract(epoch FROM max(served_at) - min(served_at) FILTER (WHERE served_at > $4)), 0)::bigint AS "span!"
           FROM (SELECT served_at, waiting_since FROM request
             WHERE workspace_id = $1 AND team = $2 AND served_at IS NOT NULL ORDER BY served_at DESC LIMIT $3) last"#,
        workspace.as_str(),
        team,
        WAITS,
        lately.to_sqlx() as _,
    )
    .fetch_one(db)
    .await
    .or_fault("look how fast a queue moves")?;
    let small = |number: i64| u32::try_from(number).map_err(Fault::internal);
    Ok(Pace {
        wait_seconds: small(told.wait)?,
        served: small(told.served)?,
        span_seconds: small(told.span)?,
    })
}
