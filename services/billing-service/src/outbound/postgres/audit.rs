use domain::{Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// A balance that is not what it should be, micro-PU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BooksDrift {
    pub what: String,
    pub kept: i64,
    pub counted: i64,
}

/// Where balances and journal, or held balances and open holds, disagree.
pub async fn drift(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Vec<BooksDrift>> {
    sqlx::query_as!(
        BooksDrift,
        r#"SELECT what AS "what!", kept AS "kept!", counted AS "counted!" FROM books_drift() WHERE workspace_id = $1
           UNION ALL SELECT what, kept, counted FROM usage_drift() WHERE workspace_id = $1"#,
        workspace.as_str(),
    )
    .fetch_all(db)
    .await
    .or_fault("compare books")
}

/// Arms a workspace's first comparison; no effect where one is armed.
pub async fn arm(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid, due_at: Timestamp) -> Result<()> {
    sqlx::query!(
        "INSERT INTO audit (workspace_id, id, due_at) VALUES ($1, $2, $3) ON CONFLICT (workspace_id) DO NOTHING",
        workspace.as_str(),
        id,
        due_at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("arm audit")?;
    Ok(())
}

/// Arms the next comparison.
pub async fn arm_again(db: &mut PgConnection, workspace: &WorkspaceId, due_at: Timestamp) -> Result<()> {
    sqlx::query!(
        "UPDATE audit SET due_at = $2, leased_until = NULL WHERE workspace_id = $1",
        workspace.as_str(),
        due_at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("arm next audit")?;
    Ok(())
}
