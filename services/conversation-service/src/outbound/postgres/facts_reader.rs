use super::{loaded, stored};
use domain::{IntegrationId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// Whether an integration is to have a consumer of facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    pub integration: IntegrationId,
    pub wanted: bool,
    /// The consumer begins with the facts of then.
    pub since: Timestamp,
    pub version: u64,
}

/// Wants the integration to have a consumer, which is due at once; one that it has already stays what it is.
pub async fn want(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    integration: &IntegrationId,
    id: Uuid,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO facts_reader AS r (workspace_id, integration_id, id, wanted, since, version, due_at)
         VALUES ($1, $2, $3, true, $4, 1, $4)
         ON CONFLICT (workspace_id, integration_id) DO UPDATE SET wanted = true, version = r.version + 1, due_at = $4,
           since = CASE WHEN r.wanted THEN r.since ELSE $4 END",
        workspace.as_str(),
        integration.as_str(),
        id,
        now.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("want a reader of facts")?;
    Ok(())
}

/// Wants the integration's consumer gone, at once; false if there was none to be.
pub async fn unwant(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    integration: &IntegrationId,
    now: Timestamp,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE facts_reader SET wanted = false, version = version + 1, due_at = $3
         WHERE workspace_id = $1 AND integration_id = $2 AND wanted",
        workspace.as_str(),
        integration.as_str(),
        now.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("unwant a reader of facts")?;
    Ok(done.rows_affected() == 1)
}

pub async fn get(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid) -> Result<Option<Reader>> {
    let row = sqlx::query!(
        r#"SELECT integration_id, wanted, since AS "since: jiff_sqlx::Timestamp", version FROM facts_reader
           WHERE workspace_id = $1 AND id = $2"#,
        workspace.as_str(),
        id,
    )
    .fetch_optional(db)
    .await
    .or_fault("get a reader of facts")?;
    row.map(|row| {
        Ok(Reader {
            integration: IntegrationId::parse(&row.integration_id)?,
            wanted: row.wanted,
            since: row.since.to_jiff(),
            version: loaded(row.version),
        })
    })
    .transpose()
}

/// Ends the turn of who looked after it. It is next due at `next` (never if `None`), unless something else is wanted by
/// now: then it stays due.
pub async fn looked_after(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: Uuid,
    version: u64,
    next: Option<Timestamp>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE facts_reader SET leased_until = NULL, due_at = CASE WHEN version = $3 THEN $4 ELSE due_at END
         WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        id,
        stored(version),
        next.map(|at| at.to_sqlx()) as _,
    )
    .execute(db)
    .await
    .or_fault("end the turn of a reader of facts")?;
    Ok(())
}
