//! The lock under which a workspace's agents and requests change.

use ::domain::WorkspaceId;
use fault::Result;
use sqlx::PgConnection;
use store::OrFault;

/// One transaction at a time changes agents or requests of a workspace, in whichever replica: held until it ends. Taken
/// before anything is read that the change depends on.
pub(crate) async fn lock(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<()> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('queue ' || $1, 0))",
        workspace.as_str() as _,
    )
    .execute(db)
    .await
    .or_fault("lock queue")?;
    Ok(())
}
