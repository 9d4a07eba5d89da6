use domain::{Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use store::{OrFault, Tx};

/// What was last said about an address, known by its keyed hash: opted out or not, and when.
pub async fn read_opt_out(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    address_mac: &[u8],
) -> Result<Option<(bool, Timestamp)>> {
    let row = sqlx::query!(
        "SELECT opted_out, at FROM opt_out WHERE workspace_id = $1 AND address_mac = $2",
        workspace.as_str(),
        address_mac
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("look for opt-out")?;
    Ok(row.map(|row| (row.opted_out, row.at.to_jiff())))
}

/// Keeps what was said about an address unless something newer is known.
pub async fn set_opt_out(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    address_mac: &[u8],
    opted_out: bool,
    at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO opt_out AS held (workspace_id, address_mac, opted_out, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, address_mac) DO UPDATE SET opted_out = excluded.opted_out, at = excluded.at
         WHERE held.at <= excluded.at",
        workspace.as_str(),
        address_mac,
        opted_out,
        at.to_sqlx() as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("set opt-out")?;
    Ok(())
}
