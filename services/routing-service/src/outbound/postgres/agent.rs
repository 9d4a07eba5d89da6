//! Agents, and how many chats they hold.

use super::{int, known, loaded, staffing, stored};
use crate::domain::{Agent, Availability, CAPACITY, Kind, Load, Profile};
use ::domain::{AgentId, Language, TeamId, Timestamp, VisitorId, WorkspaceId};
use events::event::{AgentAvailability, AgentAvailabilityChanged};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashMap;
use store::{OrFault, Tx};

struct Row {
    agent: String,
    availability: String,
    since: jiff_sqlx::Timestamp,
    version: i64,
    teams: Vec<String>,
    teams_version: i64,
    is_connected: bool,
    languages: Vec<String>,
    /// Capacity and chats in use by kind.
    loads: Option<Json<HashMap<String, (u32, u32)>>>,
}

impl Row {
    fn agent(self) -> Result<Agent> {
        let teams = self.teams.iter().map(|team| Ok(TeamId::parse(team)?));
        let languages = self.languages.iter().map(|code| Ok(Language::parse(code)?));
        let loads = self.loads.map(|loads| loads.0).unwrap_or_default();
        let loads = loads.into_iter().map(|(kind, (capacity, in_use))| {
            let kind = known(Kind::from_word(&kind), "agent_load.kind")?;
            Ok((kind, Load { capacity, in_use }))
        });
        Ok(Agent {
            id: AgentId::parse(&self.agent)?,
            availability: known(Availability::from_word(&self.availability), "agent.availability")?,
            since: self.since.to_jiff(),
            version: loaded(self.version),
            teams: teams.collect::<Result<_>>()?,
            teams_version: loaded(self.teams_version),
            is_connected: self.is_connected,
            languages: languages.collect::<Result<_>>()?,
            loads: loads.collect::<Result<_>>()?,
        })
    }
}

macro_rules! agents {
    ($tail:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT agent, availability, since, version, teams, teams_version, is_connected, languages,
                 (SELECT jsonb_object_agg(l.kind, jsonb_build_array(l.capacity, l.in_use)) FROM agent_load l
                  WHERE l.workspace_id = a.workspace_id AND l.agent = a.agent) AS "loads: Json<HashMap<String, (u32, u32)>>"
               FROM agent a "# + $tail,
            $($argument),*
        )
    };
}

/// Up to `limit` agents by id, after the one named.
pub(crate) async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    after: Option<&AgentId>,
    limit: i64,
) -> Result<Vec<Agent>> {
    let rows = agents!(
        "WHERE workspace_id = $1 AND agent > $2 ORDER BY agent LIMIT $3",
        workspace.as_str(),
        after.map_or("", AgentId::as_str),
        limit
    )
    .fetch_all(db)
    .await
    .or_fault("list agents")?;
    rows.into_iter().map(Row::agent).collect()
}

/// `None` if they never told their availability.
pub(crate) async fn get(db: &mut PgConnection, workspace: &WorkspaceId, id: &AgentId) -> Result<Option<Agent>> {
    let row = agents!(
        "WHERE workspace_id = $1 AND agent = $2",
        workspace.as_str(),
        id.as_str()
    )
    .fetch_optional(db)
    .await
    .or_fault("get agent")?;
    row.map(Row::agent).transpose()
}

/// The agent whose console this is.
pub(crate) async fn get_by_console(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    console: VisitorId,
) -> Result<Option<Agent>> {
    let row = agents!(
        "WHERE workspace_id = $1 AND console = $2",
        workspace.as_str(),
        console.0
    )
    .fetch_optional(db)
    .await
    .or_fault("get agent by console")?;
    row.map(Row::agent).transpose()
}

/// Writes what an agent tells, and whether they can be given anything; their teams are followed from now on. Of who is new,
/// what they hold already is counted.
pub(crate) async fn set(db: &mut PgConnection, workspace: &WorkspaceId, agent: &Agent) -> Result<()> {
    let teams: Vec<String> = agent.teams.iter().map(TeamId::to_string).collect();
    let languages: Vec<String> = agent
        .languages
        .iter()
        .map(|language| language.code().to_owned())
        .collect();
    sqlx::query!(
        "INSERT INTO agent (workspace_id, agent, availability, since, version, teams, languages, console, teams_version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (workspace_id, agent) DO UPDATE
           SET availability = excluded.availability, since = excluded.since, version = excluded.version,
               teams = excluded.teams, languages = excluded.languages, console = excluded.console,
               teams_version = excluded.teams_version",
        workspace.as_str(),
        agent.id.as_str(),
        agent.availability.word(),
        agent.since.to_sqlx() as jiff_sqlx::Timestamp,
        stored(agent.version),
        &teams,
        &languages,
        VisitorId::of_agent(workspace, &agent.id).0,
        stored(agent.teams_version),
    )
    .execute(&mut *db)
    .await
    .or_fault("set agent")?;
    staffing::follow(db, workspace, &agent.teams).await?;
    set_open(db, workspace, agent).await
}

/// Writes whether an agent can be given anything.
pub(crate) async fn set_open(db: &mut PgConnection, workspace: &WorkspaceId, agent: &Agent) -> Result<()> {
    // Most words of agents leave it as it is: rows are not written again for them.
    let is_known = sqlx::query_scalar!(
        r#"WITH opened AS (UPDATE agent_load SET is_open = $3 WHERE workspace_id = $1 AND agent = $2 AND is_open <> $3)
           SELECT EXISTS (SELECT FROM agent_load WHERE workspace_id = $1 AND agent = $2) AS "exists!""#,
        workspace.as_str(),
        agent.id.as_str(),
        agent.is_open(),
    )
    .fetch_one(&mut *db)
    .await
    .or_fault("open agent")?;
    if is_known {
        return Ok(());
    }
    let kinds = Kind::ALL.map(|kind| kind.word().to_owned());
    sqlx::query!(
        "INSERT INTO agent_load (workspace_id, agent, kind, capacity, in_use, is_open, last_given_at)
         SELECT $1, $2, kind, $3, (SELECT count(*) FROM request r WHERE r.workspace_id = $1 AND r.assignee = $2
           AND r.state IN ('alerted', 'serving') AND r.kind = kinds.kind AND NOT r.is_admin), $4, '-infinity'
         FROM unnest($5::text[]) kinds (kind)",
        workspace.as_str(),
        agent.id.as_str(),
        int(CAPACITY),
        agent.is_open(),
        &kinds[..],
    )
    .execute(db)
    .await
    .or_fault("count what a new agent holds")?;
    Ok(())
}

/// Writes how many chats an agent takes, of every kind.
pub(crate) async fn set_capacity(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: &AgentId,
    profile: &Profile,
) -> Result<()> {
    let kinds = Kind::ALL.map(|kind| kind.word().to_owned());
    let chats = Kind::ALL.map(|kind| int(profile.of(kind)));
    sqlx::query!(
        "UPDATE agent_load l SET capacity = given.chats FROM unnest($3::text[], $4::integer[]) given (kind, chats)
         WHERE l.workspace_id = $1 AND l.agent = $2 AND l.kind = given.kind AND l.capacity <> given.chats",
        workspace.as_str(),
        id.as_str(),
        &kinds[..],
        &chats[..],
    )
    .execute(db)
    .await
    .or_fault("set capacity")?;
    Ok(())
}

/// Writes that an agent holds so many chats of a kind more, or fewer; nothing of who is not known. `given_at`: they were
/// given one.
pub(crate) async fn count(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (id, kind): (&AgentId, Kind),
    more: i32,
    given_at: Option<Timestamp>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE agent_load SET in_use = in_use + $4, last_given_at = coalesce($5, last_given_at)
         WHERE workspace_id = $1 AND agent = $2 AND kind = $3",
        workspace.as_str(),
        id.as_str(),
        kind.word(),
        more,
        given_at.map(|at| at.to_sqlx()) as _,
    )
    .execute(db)
    .await
    .or_fault("count what an agent holds")?;
    Ok(())
}

/// Is anybody of a team (`None`: of the workspace) who speaks a language available and connected, whatever they hold?
pub(crate) async fn is_anybody_available(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    team: Option<&TeamId>,
    language: Language,
) -> Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM agent WHERE workspace_id = $1 AND availability = 'available' AND is_connected
             AND ($2 = '' OR $2 = ANY (teams)) AND (languages = '{}' OR $3 = ANY (languages))) AS "exists!""#,
        workspace.as_str(),
        team.map_or("", TeamId::as_str),
        language.code(),
    )
    .fetch_one(db)
    .await
    .or_fault("look for agents")
}

/// Tells an agent's availability as a fact.
pub(crate) fn record(tx: &mut Tx, workspace: &WorkspaceId, agent: &Agent) {
    let fact = AgentAvailabilityChanged {
        agent: agent.id.to_string(),
        availability: AgentAvailability::from(agent.availability).into(),
        version: agent.version,
        at: Some(events::stamp(agent.since)),
    };
    tx.record(workspace, &fact);
}

/// Writes whether an agent's console is connected, unless something newer was told; (epoch, version) orders. False: it was.
pub(crate) async fn set_connected(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: &AgentId,
    is_connected: bool,
    (epoch, version): (u64, u64),
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE agent SET is_connected = $3, presence_epoch = $4, presence_version = $5
         WHERE workspace_id = $1 AND agent = $2 AND (presence_epoch, presence_version) < ($4, $5)",
        workspace.as_str(),
        id.as_str(),
        is_connected,
        stored(epoch),
        stored(version),
    )
    .execute(db)
    .await
    .or_fault("set whether a console is connected")?;
    Ok(done.rows_affected() == 1)
}
