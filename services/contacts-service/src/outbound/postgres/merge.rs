use domain::{AddressId, ContactId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// A merge that stands.
#[derive(Debug)]
pub struct Merge {
    pub id: Uuid,
    /// Went into the other one.
    pub contact: ContactId,
    pub into: ContactId,
    /// Of the other one after it.
    pub version: u64,
    /// Of the other one, of when it filled what another merge had filled before that was undone.
    pub filled_later: Vec<u64>,
    /// That moved.
    pub addresses: Vec<AddressId>,
}

/// Locks these contacts; what each that was merged went into, those that do not exist left out.
pub async fn lock(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contacts: &[ContactId],
) -> Result<Vec<(ContactId, Option<ContactId>)>> {
    let ids: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    let rows = sqlx::query!(
        "SELECT id, merged_into FROM contact WHERE workspace_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE",
        workspace.as_str(),
        &ids,
    )
    .fetch_all(db)
    .await
    .or_fault("lock contacts to merge")?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|row| (ContactId(row.id), row.merged_into.map(ContactId)))
        .collect())
}

/// The contact that this one is part of now: itself, unless it was merged. `None`: there is none.
pub async fn survivor(db: &mut PgConnection, workspace: &WorkspaceId, id: ContactId) -> Result<Option<ContactId>> {
    let found = sqlx::query_scalar!(
        r#"WITH RECURSIVE path AS (
             SELECT id, merged_into FROM contact WHERE workspace_id = $1 AND id = $2
             UNION ALL
             SELECT c.id, c.merged_into FROM contact c JOIN path p ON c.id = p.merged_into WHERE c.workspace_id = $1)
           SELECT id AS "id!" FROM path WHERE merged_into IS NULL"#,
        workspace.as_str(),
        id.0,
    )
    .fetch_optional(db)
    .await
    .or_fault("look for survivor of contact")?;
    Ok(found.map(ContactId))
}

/// A survivor and all that went into it.
pub async fn members(db: &mut PgConnection, workspace: &WorkspaceId, survivor: ContactId) -> Result<Vec<ContactId>> {
    let found = sqlx::query_scalar!(
        r#"WITH RECURSIVE part AS (
             SELECT id FROM contact WHERE workspace_id = $1 AND id = $2
             UNION ALL
             SELECT c.id FROM contact c JOIN part p ON c.merged_into = p.id WHERE c.workspace_id = $1)
           SELECT id AS "id!" FROM part"#,
        workspace.as_str(),
        survivor.0,
    )
    .fetch_all(db)
    .await
    .or_fault("look for parts of contact")?;
    Ok(found.into_iter().map(ContactId).collect())
}

/// Notes a merge of two locked contacts.
pub async fn insert(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    merge: &Merge,
    (at, by): (Timestamp, &str),
) -> Result<()> {
    let addresses: Vec<Uuid> = merge.addresses.iter().map(|address| address.0).collect();
    sqlx::query!(
        "INSERT INTO contact_merge (workspace_id, id, contact_id, into_id, version, addresses, at, by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        workspace.as_str(),
        merge.id,
        merge.contact.0,
        merge.into.0,
        i64::try_from(merge.version).map_err(Fault::internal)?,
        &addresses,
        at.to_sqlx() as _,
        by,
    )
    .execute(&mut *db)
    .await
    .or_fault("insert merge")?;
    point(db, workspace, merge.contact, Some(merge.into)).await
}

/// The merge that took this contact into another one and stands.
pub async fn find(db: &mut PgConnection, workspace: &WorkspaceId, contact: ContactId) -> Result<Option<Merge>> {
    let row = sqlx::query!(
        "SELECT id, into_id, version, filled_later, addresses FROM contact_merge
         WHERE workspace_id = $1 AND contact_id = $2 AND undone_at IS NULL",
        workspace.as_str(),
        contact.0,
    )
    .fetch_optional(db)
    .await
    .or_fault("read merge")?;
    Ok(row.map(|row| Merge {
        id: row.id,
        contact,
        into: ContactId(row.into_id),
        version: row.version.unsigned_abs(),
        filled_later: row.filled_later.into_iter().map(i64::unsigned_abs).collect(),
        addresses: row.addresses.into_iter().map(AddressId).collect(),
    }))
}

/// Pairs among these contacts of which a person undid a merge.
pub async fn parted(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contacts: &[ContactId],
) -> Result<Vec<(ContactId, ContactId)>> {
    let ids: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    let rows = sqlx::query!(
        "SELECT DISTINCT contact_id, into_id FROM contact_merge
         WHERE workspace_id = $1 AND contact_id = ANY($2) AND into_id = ANY($2) AND undone_at IS NOT NULL",
        workspace.as_str(),
        &ids,
    )
    .fetch_all(db)
    .await
    .or_fault("look for undone merges")?;
    Ok(rows
        .into_iter()
        .map(|row| (ContactId(row.contact_id), ContactId(row.into_id)))
        .collect())
}

/// Contacts that went into this one and stand in it, in the order in which they did.
pub async fn standing(db: &mut PgConnection, workspace: &WorkspaceId, into: ContactId) -> Result<Vec<ContactId>> {
    let found = sqlx::query_scalar!(
        "SELECT m.contact_id FROM contact c
         JOIN contact_merge m ON m.workspace_id = c.workspace_id AND m.contact_id = c.id AND m.undone_at IS NULL
         WHERE c.workspace_id = $1 AND c.merged_into = $2 ORDER BY m.version",
        workspace.as_str(),
        into.0,
    )
    .fetch_all(db)
    .await
    .or_fault("look for merges into contact")?;
    Ok(found.into_iter().map(ContactId).collect())
}

/// Notes that a contact that stands in another one filled something of it later.
pub async fn fill_later(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contact: ContactId,
    version: u64,
) -> Result<()> {
    sqlx::query!(
        "UPDATE contact_merge SET filled_later = filled_later || $3::bigint
         WHERE workspace_id = $1 AND contact_id = $2 AND undone_at IS NULL",
        workspace.as_str(),
        contact.0,
        i64::try_from(version).map_err(Fault::internal)?,
    )
    .execute(db)
    .await
    .or_fault("note what a merge filled later")?;
    Ok(())
}

/// Notes that a merge of two locked contacts is undone.
pub async fn undo(db: &mut PgConnection, workspace: &WorkspaceId, merge: &Merge, at: Timestamp) -> Result<()> {
    sqlx::query!(
        "UPDATE contact_merge SET undone_at = $3 WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        merge.id,
        at.to_sqlx() as _,
    )
    .execute(&mut *db)
    .await
    .or_fault("undo merge")?;
    point(db, workspace, merge.contact, None).await
}

async fn point(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contact: ContactId,
    into: Option<ContactId>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE contact SET merged_into = $3 WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        contact.0,
        into.map(|into| into.0),
    )
    .execute(db)
    .await
    .or_fault("point contact to its survivor")?;
    Ok(())
}

/// What one of these contacts took back, all of them took back.
pub async fn share_withdrawals(db: &mut PgConnection, workspace: &WorkspaceId, contacts: &[ContactId]) -> Result<()> {
    let everyone: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    sqlx::query!(
        "INSERT INTO withdrawal (workspace_id, contact_id, purpose, at, by)
         SELECT DISTINCT ON (e.id, w.purpose, w.at) $1, e.id, w.purpose, w.at, w.by
         FROM withdrawal w CROSS JOIN UNNEST($2::uuid[]) AS e(id)
         WHERE w.workspace_id = $1 AND w.contact_id = ANY($2)
         ON CONFLICT (workspace_id, contact_id, purpose, at) DO NOTHING",
        workspace.as_str(),
        &everyone,
    )
    .execute(db)
    .await
    .or_fault("share withdrawals of merged contacts")?;
    Ok(())
}
