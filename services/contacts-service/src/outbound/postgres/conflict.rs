use super::contact::name;
use crate::domain::{Conflict, KeptConflict};
use domain::{ContactId, PersonName, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// Keeps what a person has to settle of these contacts; the same only once.
pub async fn keep(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    conflicts: &[(Uuid, ContactId, Conflict)],
    at: Timestamp,
) -> Result<()> {
    if conflicts.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = conflicts.iter().map(|(id, ..)| *id).collect();
    let contacts: Vec<Uuid> = conflicts.iter().map(|(_, contact, _)| contact.0).collect();
    let (names, others): (Vec<Option<String>>, Vec<Option<Uuid>>) = conflicts
        .iter()
        .map(|(.., conflict)| match conflict {
            Conflict::Name(name) => (Some(PersonName::expose(name).to_owned()), None),
            Conflict::OtherContact(other) => (None, Some(other.0)),
        })
        .unzip();
    sqlx::query!(
        "INSERT INTO contact_conflict (workspace_id, id, contact_id, other_name, other_contact, created_at)
         SELECT $1, k.id, k.contact, k.name, k.other, $6
         FROM UNNEST($2::uuid[], $3::uuid[], $4::text[], $5::uuid[]) AS k(id, contact, name, other)
         ON CONFLICT DO NOTHING",
        workspace.as_str(),
        &ids,
        &contacts,
        names as _,
        others as _,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("keep conflicts")?;
    Ok(())
}

/// Conflicts that nobody has settled, oldest first; those with a contact that was merged since wait until that is undone.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<KeptConflict>> {
    let rows = sqlx::query!(
        "SELECT k.id, k.contact_id, k.other_name, k.other_contact, k.created_at FROM contact_conflict k
         WHERE k.workspace_id = $1 AND k.settled_at IS NULL AND ($2::uuid IS NULL OR k.id > $2)
           AND NOT EXISTS (SELECT FROM contact c WHERE c.workspace_id = k.workspace_id
             AND c.id IN (k.contact_id, k.other_contact) AND c.merged_into IS NOT NULL)
         ORDER BY k.id LIMIT $3",
        workspace.as_str(),
        after,
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("list conflicts")?;
    rows.into_iter()
        .map(|row| {
            Ok(KeptConflict {
                id: row.id,
                contact: ContactId(row.contact_id),
                other_name: name(row.other_name)?,
                other: row.other_contact.map(ContactId),
                at: row.created_at.to_jiff(),
            })
        })
        .collect()
}

/// Notes that a person has settled a conflict; false where there is none. Settled again, it stays as it was settled first.
pub async fn settle(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: Uuid,
    (at, by): (Timestamp, &str),
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE contact_conflict SET settled_at = coalesce(settled_at, $3), settled_by = coalesce(settled_by, $4)
         WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        id,
        at.to_sqlx() as _,
        by,
    )
    .execute(db)
    .await
    .or_fault("settle conflict")?;
    Ok(done.rows_affected() == 1)
}

/// Notes that the conflicts between two contacts are settled: they are one.
pub async fn settle_between(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (one, other): (ContactId, ContactId),
    (at, by): (Timestamp, &str),
) -> Result<()> {
    sqlx::query!(
        "UPDATE contact_conflict SET settled_at = $4, settled_by = $5
         WHERE workspace_id = $1 AND settled_at IS NULL
           AND ((contact_id = $2 AND other_contact = $3) OR (contact_id = $3 AND other_contact = $2))",
        workspace.as_str(),
        one.0,
        other.0,
        at.to_sqlx() as _,
        by,
    )
    .execute(db)
    .await
    .or_fault("settle conflicts of merged contacts")?;
    Ok(())
}
