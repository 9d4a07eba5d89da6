use crate::domain::Outcome;
use domain::{DeliveryId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;

/// Notes how a person knew what became of a delivery.
pub async fn note(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    delivery: DeliveryId,
    outcome: Outcome,
    note: &str,
    at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO settlement (workspace_id, delivery, outcome, note, at) VALUES ($1, $2, $3, $4, $5)",
        workspace.as_str(),
        delivery.0,
        outcome.word(),
        note,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("note settlement")?;
    Ok(())
}
