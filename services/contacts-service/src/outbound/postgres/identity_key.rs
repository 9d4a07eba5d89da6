use super::unreadable;
use crate::domain::identity::{Algorithm, IdentityKey};
use domain::{Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;

/// The keys of a workspace, oldest first.
pub async fn list(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Vec<(IdentityKey, String, Timestamp)>> {
    let rows = sqlx::query!(
        "SELECT key, algorithm, public_key, by, added_at FROM identity_key WHERE workspace_id = $1 ORDER BY added_at, key",
        workspace.as_str(),
    )
    .fetch_all(db)
    .await
    .or_fault("list identity keys")?;
    rows.into_iter()
        .map(|row| {
            let key = IdentityKey {
                key: row.key,
                algorithm: Algorithm::from_word(&row.algorithm).ok_or_else(|| unreadable("identity_key.algorithm"))?,
                public: row.public_key,
            };
            Ok((key, row.by, row.added_at.to_jiff()))
        })
        .collect()
}

/// Keeps a key; false where there is one of its name.
pub async fn insert(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    key: &IdentityKey,
    (at, by): (Timestamp, &str),
) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO identity_key (workspace_id, key, algorithm, public_key, by, added_at)
         SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT count(*) FROM identity_key WHERE workspace_id = $1) < 2
         ON CONFLICT DO NOTHING",
        workspace.as_str(),
        key.key,
        key.algorithm.word(),
        key.public,
        by,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("insert identity key")?;
    Ok(done.rows_affected() == 1)
}

/// Removes a key; false where there is none.
pub async fn remove(db: &mut PgConnection, workspace: &WorkspaceId, key: &str) -> Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM identity_key WHERE workspace_id = $1 AND key = $2",
        workspace.as_str(),
        key,
    )
    .execute(db)
    .await
    .or_fault("remove identity key")?;
    Ok(done.rows_affected() == 1)
}
