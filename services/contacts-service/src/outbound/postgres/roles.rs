//! Versions of the roles of workspaces; the highest one counts.

use crate::domain::roles::{RoleChange, Roles};
use domain::WorkspaceId;
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::types::Json;
use store::OrFault;

/// The roles as they are, and their version; 0: nobody has changed them.
pub async fn get(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<(Roles, u64)> {
    let row = sqlx::query!(
        r#"SELECT version, roles AS "roles: Json<Roles>" FROM role_version
           WHERE workspace_id = $1 ORDER BY version DESC LIMIT 1"#,
        workspace.as_str(),
    )
    .fetch_optional(db)
    .await
    .or_fault("get roles")?;
    Ok(row.map_or_else(Default::default, |row| (row.roles.0, row.version.unsigned_abs())))
}

/// False where somebody else wrote this version.
pub async fn insert(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    roles: &Roles,
    change: &RoleChange,
) -> Result<bool> {
    let written = sqlx::query!(
        "INSERT INTO role_version (workspace_id, version, at, by, changes, roles) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (workspace_id, version) DO NOTHING",
        workspace.as_str(),
        number(change.version)?,
        change.at.to_sqlx() as _,
        change.by,
        &change.changes,
        Json(roles) as _,
    )
    .execute(db)
    .await
    .or_fault("insert roles")?;
    Ok(written.rows_affected() == 1)
}

/// Versions below this one, the newest first.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    below: Option<u64>,
    limit: i64,
) -> Result<Vec<RoleChange>> {
    let rows = sqlx::query!(
        "SELECT version, at, by, changes FROM role_version
         WHERE workspace_id = $1 AND ($2::bigint IS NULL OR version < $2) ORDER BY version DESC LIMIT $3",
        workspace.as_str(),
        below.map(number).transpose()?,
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("list versions of roles")?;
    let changes = rows.into_iter().map(|row| RoleChange {
        version: row.version.unsigned_abs(),
        at: row.at.to_jiff(),
        by: row.by,
        changes: row.changes,
    });
    Ok(changes.collect())
}

fn number(version: u64) -> Result<i64> {
    i64::try_from(version).map_err(Fault::internal)
}
