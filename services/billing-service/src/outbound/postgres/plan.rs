use super::amount;
use crate::domain::Plan;
use domain::{Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// The plan, or the default where nobody told of one.
pub async fn read(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Plan> {
    let row = sqlx::query!(
        "SELECT paid, allowance FROM plan WHERE workspace_id = $1",
        workspace.as_str()
    )
    .fetch_optional(db)
    .await
    .or_fault("read plan")?;
    row.map_or(Ok(Plan::default()), |row| {
        Ok(Plan {
            paid: row.paid,
            allowance: amount("plan.allowance", row.allowance)?,
        })
    })
}

/// Writes the plan; `id` is kept where there is one.
pub async fn save(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid, plan: Plan) -> Result<()> {
    sqlx::query!(
        "INSERT INTO plan (workspace_id, id, paid, allowance) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id) DO UPDATE SET paid = excluded.paid, allowance = excluded.allowance",
        workspace.as_str(),
        id,
        plan.paid,
        plan.allowance.micro(),
    )
    .execute(db)
    .await
    .or_fault("save plan")?;
    Ok(())
}

/// Arms the next allowance, or none.
pub async fn arm(db: &mut PgConnection, workspace: &WorkspaceId, due_at: Option<Timestamp>) -> Result<()> {
    sqlx::query!(
        "UPDATE plan SET due_at = $2, leased_until = NULL WHERE workspace_id = $1",
        workspace.as_str(),
        due_at.map(|at| at.to_sqlx()) as _,
    )
    .execute(db)
    .await
    .or_fault("arm allowance")?;
    Ok(())
}
