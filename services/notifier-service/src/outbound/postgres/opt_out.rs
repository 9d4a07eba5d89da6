use domain::{Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use store::{OrFault, Tx};

/// Whether an address, known by its keyed hash, opted out.
pub async fn is_opted_out(tx: &mut Tx, workspace: &WorkspaceId, address_mac: &[u8]) -> Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM opt_out WHERE workspace_id = $1 AND address_mac = $2) AS "it!""#,
        workspace.as_str(),
        address_mac
    )
    .fetch_one(&mut **tx)
    .await
    .or_fault("look for opt-out")
}

pub async fn set_opt_out(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    address_mac: &[u8],
    opted_out: bool,
    now: Timestamp,
) -> Result<()> {
    if opted_out {
        sqlx::query!(
            "INSERT INTO opt_out (workspace_id, address_mac, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            workspace.as_str(),
            address_mac,
            now.to_sqlx() as _
        )
        .execute(&mut **tx)
        .await
        .or_fault("set opt-out")?;
    } else {
        sqlx::query!(
            "DELETE FROM opt_out WHERE workspace_id = $1 AND address_mac = $2",
            workspace.as_str(),
            address_mac
        )
        .execute(&mut **tx)
        .await
        .or_fault("set opt-out")?;
    }
    Ok(())
}
