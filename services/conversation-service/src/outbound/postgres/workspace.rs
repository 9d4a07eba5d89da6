use super::{loaded, stored};
use domain::{Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;

/// A tenant as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    pub name: String,
    pub time_zone: String,
    pub language: String,
    /// Where agents open a conversation; may be empty.
    pub console_url: String,
}

/// False if the workspace exists.
pub async fn insert(db: &mut PgConnection, id: &WorkspaceId, workspace: &Workspace, at: Timestamp) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO workspace (workspace_id, name, time_zone, language, console_url, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING",
        id.as_str(),
        workspace.name,
        workspace.time_zone,
        workspace.language,
        workspace.console_url,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("insert workspace")?;
    Ok(done.rows_affected() == 1)
}

pub async fn get(db: &mut PgConnection, id: &WorkspaceId) -> Result<Option<Workspace>> {
    sqlx::query_as!(
        Workspace,
        "SELECT name, time_zone, language, console_url FROM workspace WHERE workspace_id = $1",
        id.as_str()
    )
    .fetch_optional(db)
    .await
    .or_fault("get workspace")
}

/// Its version: 1 after its creation, and one more with each change.
pub async fn version(db: &mut PgConnection, id: &WorkspaceId) -> Result<Option<u64>> {
    let version = sqlx::query_scalar!("SELECT version FROM workspace WHERE workspace_id = $1", id.as_str())
        .fetch_optional(db)
        .await
        .or_fault("get version of workspace")?;
    Ok(version.map(loaded))
}

/// Like [`version`], and nobody else changes the workspace until the transaction ends.
pub async fn lock(db: &mut PgConnection, id: &WorkspaceId) -> Result<Option<u64>> {
    let version = sqlx::query_scalar!(
        "SELECT version FROM workspace WHERE workspace_id = $1 FOR NO KEY UPDATE",
        id.as_str()
    )
    .fetch_optional(db)
    .await
    .or_fault("lock workspace")?;
    Ok(version.map(loaded))
}

pub async fn update(db: &mut PgConnection, id: &WorkspaceId, workspace: &Workspace, version: u64) -> Result<()> {
    sqlx::query!(
        "UPDATE workspace SET name = $2, time_zone = $3, language = $4, console_url = $5, version = $6 WHERE workspace_id = $1",
        id.as_str(),
        workspace.name,
        workspace.time_zone,
        workspace.language,
        workspace.console_url,
        stored(version),
    )
    .execute(db)
    .await
    .or_fault("update workspace")?;
    Ok(())
}
