//! Agents.

use super::{known, loaded, stored};
use crate::domain::{Agent, Availability};
use ::domain::{AgentId, TeamId, VisitorId, WorkspaceId};
use events::event::{AgentAvailability, AgentAvailabilityChanged};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::{OrFault, Tx};

struct Row {
    agent: String,
    availability: String,
    since: jiff_sqlx::Timestamp,
    version: i64,
    teams: Vec<String>,
    is_connected: bool,
}

impl Row {
    fn agent(self) -> Result<Agent> {
        Ok(Agent {
            id: AgentId::parse(&self.agent)?,
            availability: known(Availability::from_word(&self.availability), "agent.availability")?,
            since: self.since.to_jiff(),
            version: loaded(self.version),
            teams: self
                .teams
                .iter()
                .map(|team| Ok(TeamId::parse(team)?))
                .collect::<Result<_>>()?,
            is_connected: self.is_connected,
        })
    }
}

macro_rules! agents {
    ($tail:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            "SELECT agent, availability, since, version, teams, is_connected FROM agent " + $tail,
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

/// Writes what an agent tells.
pub(crate) async fn set(db: &mut PgConnection, workspace: &WorkspaceId, agent: &Agent) -> Result<()> {
    let teams: Vec<String> = agent.teams.iter().map(TeamId::to_string).collect();
    sqlx::query!(
        "INSERT INTO agent (workspace_id, agent, availability, since, version, teams, console)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (workspace_id, agent) DO UPDATE
           SET availability = excluded.availability, since = excluded.since, version = excluded.version,
               teams = excluded.teams, console = excluded.console",
        workspace.as_str(),
        agent.id.as_str(),
        agent.availability.word(),
        agent.since.to_sqlx() as jiff_sqlx::Timestamp,
        stored(agent.version),
        &teams,
        VisitorId::of_agent(workspace, &agent.id).0,
    )
    .execute(db)
    .await
    .or_fault("set agent")?;
    Ok(())
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

/// Writes whether an agent's console is connected, unless something newer was told; (epoch, version) orders.
pub(crate) async fn set_connected(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    console: VisitorId,
    is_connected: bool,
    (epoch, version): (u64, u64),
) -> Result<()> {
    sqlx::query!(
        "UPDATE agent SET is_connected = $3, presence_epoch = $4, presence_version = $5
         WHERE workspace_id = $1 AND console = $2 AND (presence_epoch, presence_version) < ($4, $5)",
        workspace.as_str(),
        console.0,
        is_connected,
        stored(epoch),
        stored(version),
    )
    .execute(db)
    .await
    .or_fault("set whether a console is connected")?;
    Ok(())
}
