use crate::domain::{Agent, Availability};
use ::domain::{AgentId, WorkspaceId};
use events::event::{AgentAvailability, AgentAvailabilityChanged};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use store::{OrFault, Store, Tx};

/// The agents of all workspaces.
#[derive(Clone)]
pub(crate) struct Agents {
    store: Store,
}

/// The agents of one workspace, within a transaction. Dropping it changes nothing.
pub(crate) struct AgentsTx {
    workspace: WorkspaceId,
    tx: Tx,
}

struct Row {
    agent: String,
    availability: String,
    since: jiff_sqlx::Timestamp,
    version: i64,
}

impl Agents {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    pub(crate) async fn begin(&self, workspace: &WorkspaceId) -> Result<AgentsTx> {
        let tx = self.store.begin(workspace).await?;
        let workspace = workspace.clone();
        Ok(AgentsTx { workspace, tx })
    }

    /// Up to `limit` agents by id, after the one named.
    pub(crate) async fn list_agents(
        &self,
        workspace: &WorkspaceId,
        after: Option<&AgentId>,
        limit: i64,
    ) -> Result<Vec<Agent>> {
        let mut tx = self.store.begin(workspace).await?;
        let rows = sqlx::query_as!(
            Row,
            "SELECT agent, availability, since, version FROM agent
             WHERE workspace_id = $1 AND agent > $2 ORDER BY agent LIMIT $3",
            workspace.as_str(),
            after.map_or("", AgentId::as_str),
            limit,
        )
        .fetch_all(&mut *tx)
        .await
        .or_fault("list agents")?;
        rows.into_iter().map(read).collect()
    }
}

impl AgentsTx {
    /// The agent as they are, locked until the transaction ends; `None` if they never told their availability.
    pub(crate) async fn lock_agent(&mut self, id: &AgentId) -> Result<Option<Agent>> {
        let row = sqlx::query_as!(
            Row,
            "SELECT agent, availability, since, version FROM agent WHERE workspace_id = $1 AND agent = $2 FOR UPDATE",
            self.workspace.as_str(),
            id.as_str(),
        )
        .fetch_optional(&mut *self.tx)
        .await
        .or_fault("lock agent")?;
        row.map(read).transpose()
    }

    /// Writes the next version of an agent, with its fact. A conflict if somebody else wrote that version.
    pub(crate) async fn set_agent_availability(&mut self, agent: &Agent) -> Result<()> {
        let version = i64::try_from(agent.version).map_err(Fault::internal)?;
        let done = sqlx::query!(
            "INSERT INTO agent AS row (workspace_id, agent, availability, since, version)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (workspace_id, agent) DO UPDATE
               SET availability = excluded.availability, since = excluded.since, version = excluded.version
               WHERE row.version = excluded.version - 1",
            self.workspace.as_str(),
            agent.id.as_str(),
            agent.availability.word(),
            agent.since.to_sqlx() as jiff_sqlx::Timestamp,
            version,
        )
        .execute(&mut *self.tx)
        .await
        .or_fault("set agent availability")?;
        if done.rows_affected() != 1 {
            let changed = "the agent's availability changed in between; try again";
            return Err(Fault::new(&fault::codes::CONFLICT, changed));
        }
        let fact = AgentAvailabilityChanged {
            agent: agent.id.to_string(),
            availability: AgentAvailability::from(agent.availability).into(),
            version: agent.version,
            at: Some(events::stamp(agent.since)),
        };
        self.tx.record(&self.workspace, &fact);
        Ok(())
    }

    pub(crate) async fn commit(self) -> Result<()> {
        self.tx.commit().await
    }
}

fn read(row: Row) -> Result<Agent> {
    let availability = Availability::from_word(&row.availability)
        .ok_or_else(|| Fault::internal(format!("the table has a word that is not ours: {}", row.availability)))?;
    Ok(Agent {
        id: AgentId::parse(&row.agent)?,
        availability,
        since: row.since.to_jiff(),
        version: u64::try_from(row.version).map_err(Fault::internal)?,
    })
}
