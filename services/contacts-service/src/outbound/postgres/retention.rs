//! How long contacts are kept, and of which nothing was noted for so long.

use crate::domain::{Period, Retention};
use domain::{ContactId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// As it is, locked until the transaction ends; `None`: nobody has set it.
pub async fn lock(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Option<Retention>> {
    let row = sqlx::query!(
        "SELECT days, version, by, set_at, looked_up_to, applied_at, erased FROM retention WHERE workspace_id = $1 FOR UPDATE",
        workspace.as_str(),
    )
    .fetch_optional(db)
    .await
    .or_fault("get retention")?;
    let read = row.map(|row| {
        Ok(Retention {
            period: Period::parse(row.days.unsigned_abs())?,
            version: row.version.unsigned_abs(),
            by: row.by,
            set_at: Some(row.set_at.to_jiff()),
            looked_up_to: row.looked_up_to.map(ContactId),
            applied_at: row.applied_at.map(|at| at.to_jiff()),
            erased: row.erased.unsigned_abs(),
        })
    });
    read.transpose()
}

/// Sets it. It is applied from the first contact on, at `due`; `None`: not at all. False where somebody else set it first.
pub async fn set(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (id, next): (Uuid, &Retention),
    due: Option<Timestamp>,
) -> Result<bool> {
    let written = sqlx::query!(
        "INSERT INTO retention (workspace_id, id, days, version, by, set_at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (workspace_id) WHERE version > 0 DO UPDATE SET days = excluded.days, version = excluded.version, by = excluded.by,
           set_at = excluded.set_at, due_at = excluded.due_at, looked_up_to = NULL, leased_until = NULL
         WHERE retention.version = excluded.version - 1",
        workspace.as_str(),
        id,
        i32::try_from(next.period.days()).map_err(Fault::internal)?,
        number(next.version)?,
        next.by,
        next.set_at.map(|at| at.to_sqlx()) as _,
        due.map(|at| at.to_sqlx()) as _,
    )
    .execute(db)
    .await
    .or_fault("set retention")?;
    Ok(written.rows_affected() == 1)
}

/// Notes how far this round is, and when it goes on; unless it was set anew meanwhile, which begins another.
pub async fn go_on(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    version: u64,
    (looked_up_to, applied_at, due): (Option<ContactId>, Option<Timestamp>, Timestamp),
) -> Result<()> {
    sqlx::query!(
        "UPDATE retention SET looked_up_to = $3, applied_at = coalesce($4, applied_at), due_at = $5, leased_until = NULL
         WHERE workspace_id = $1 AND version = $2",
        workspace.as_str(),
        number(version)?,
        looked_up_to.map(|id| id.0),
        applied_at.map(|at| at.to_sqlx()) as _,
        due.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("note how far retention is")?;
    Ok(())
}

/// Counts one that was erased because of it.
pub async fn count(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<()> {
    sqlx::query!(
        "UPDATE retention SET erased = erased + 1 WHERE workspace_id = $1",
        workspace.as_str()
    )
    .execute(db)
    .await
    .or_fault("count what retention erased")?;
    Ok(())
}

/// Contacts after one, in the order of their ids, that stand for themselves.
pub async fn page(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    after: Option<ContactId>,
    limit: i64,
) -> Result<Vec<ContactId>> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM contact WHERE workspace_id = $1 AND id > $2 AND merged_into IS NULL ORDER BY id LIMIT $3",
        workspace.as_str(),
        after.map_or(Uuid::nil(), |id| id.0),
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("list contacts for retention")?;
    Ok(found.into_iter().map(ContactId).collect())
}

/// When something was last noted of each of these contacts, with all that went into it, and those with it. In a transaction that sees
/// all addresses.
pub async fn noted(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contacts: &[ContactId],
) -> Result<Vec<(ContactId, Vec<ContactId>, Timestamp)>> {
    let ids: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    let rows = sqlx::query!(
        r#"WITH RECURSIVE part AS (
             SELECT id AS root, id FROM contact WHERE workspace_id = $1 AND id = ANY($2)
             UNION ALL
             SELECT p.root, c.id FROM contact c JOIN part p ON c.merged_into = p.id WHERE c.workspace_id = $1)
           SELECT p.root AS "root!", array_agg(p.id) AS "parts!", max(GREATEST(
             c.created_at,
             (SELECT max(k.at) FROM captured k WHERE k.workspace_id = $1 AND k.contact_id = p.id),
             (SELECT max(h.at) FROM contact_change h WHERE h.workspace_id = $1 AND h.contact_id = p.id),
             (SELECT max(s.given_at) FROM consent s WHERE s.workspace_id = $1 AND s.contact_id = p.id),
             (SELECT max(w.at) FROM withdrawal w WHERE w.workspace_id = $1 AND w.contact_id = p.id),
             (SELECT max(GREATEST(o.placed_at, o.changed_at)) FROM purchase o WHERE o.workspace_id = $1 AND o.owner_id = p.id)
           )) AS "noted_at!"
           FROM part p JOIN contact c ON c.workspace_id = $1 AND c.id = p.id GROUP BY p.root"#,
        workspace.as_str(),
        &ids,
    )
    .fetch_all(db)
    .await
    .or_fault("when contacts were last noted")?;
    let read = rows.into_iter().map(|row| {
        let parts = row.parts.into_iter().map(ContactId).collect();
        (ContactId(row.root), parts, row.noted_at.to_jiff())
    });
    Ok(read.collect())
}

fn number(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(Fault::internal)
}
