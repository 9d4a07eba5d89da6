use super::{loaded, stored};
use domain::WorkspaceId;
use fault::{Fault, Result};
use sqlx::PgConnection;
use std::collections::HashMap;
use store::OrFault;

/// Takes the next conversation number of a workspace; numbers of transactions that roll back are given again.
pub async fn next(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<u64> {
    let last = take(db, &[(workspace.clone(), 1)]).await?;
    last.get(workspace)
        .copied()
        .ok_or_else(|| Fault::internal("a counter answered nothing"))
}

/// Takes as many numbers as asked for and answers the last one of each workspace. Holds the workspaces' counters until
/// the transaction ends; `wanted` is in order of workspace, so that two batches cannot lock each other out.
pub async fn take(db: &mut PgConnection, wanted: &[(WorkspaceId, u64)]) -> Result<HashMap<WorkspaceId, u64>> {
    let workspaces: Vec<String> = wanted.iter().map(|(workspace, _)| workspace.to_string()).collect();
    let counts: Vec<i64> = wanted.iter().map(|(_, count)| stored(*count)).collect();
    let rows = sqlx::query!(
        "INSERT INTO counter (workspace_id, kind, value)
         SELECT w, 'conversation', n FROM UNNEST($1::text[], $2::bigint[]) AS t (w, n)
         ON CONFLICT (workspace_id, kind) DO UPDATE SET value = counter.value + excluded.value
         RETURNING workspace_id, value",
        &workspaces,
        &counts,
    )
    .fetch_all(db)
    .await
    .or_fault("take numbers")?;
    rows.into_iter()
        .map(|row| Ok((WorkspaceId::parse(&row.workspace_id)?, loaded(row.value))))
        .collect()
}
