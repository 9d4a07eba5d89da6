use domain::{Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use store::{OrFault, Tx};

/// Notes that a text came, by its provider's id; false if that was noted before.
pub async fn add_inbound_text(tx: &mut Tx, workspace: &WorkspaceId, provider_id: &str, now: Timestamp) -> Result<bool> {
    let added = sqlx::query!(
        "INSERT INTO inbound_text (workspace_id, provider_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        workspace.as_str(),
        provider_id,
        now.to_sqlx() as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("add inbound text")?;
    Ok(added.rows_affected() == 1)
}

/// Deletes some notes of all workspaces that are older than `before`; says how many. In a worker's transaction.
pub async fn prune_inbound_texts(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64> {
    let pruned = sqlx::query!(
        "DELETE FROM inbound_text t
         USING (SELECT workspace_id, provider_id FROM inbound_text WHERE at < $1 LIMIT $2) old
         WHERE t.workspace_id = old.workspace_id AND t.provider_id = old.provider_id",
        before.to_sqlx() as _,
        limit
    )
    .execute(&mut **tx)
    .await
    .or_fault("prune inbound texts")?;
    Ok(pruned.rows_affected())
}
