use super::address::AddressRow;
use super::unreadable;
use crate::domain::StoredContact;
use domain::{ContactId, PersonName, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;

/// Writes a new contact.
pub async fn insert(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: ContactId,
    name: Option<&PersonName>,
    at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO contact (workspace_id, id, name, created_at) VALUES ($1, $2, $3, $4)",
        workspace.as_str(),
        id.0,
        name.map(PersonName::expose),
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("insert contact")?;
    Ok(())
}

/// True where there is such a contact.
pub async fn exists(db: &mut PgConnection, workspace: &WorkspaceId, id: ContactId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM contact WHERE workspace_id = $1 AND id = $2) AS "found!""#,
        workspace.as_str(),
        id.0,
    )
    .fetch_one(db)
    .await
    .or_fault("look for contact")?;
    Ok(found)
}

/// True where there is such a contact, locked until the transaction ends.
pub async fn lock(db: &mut PgConnection, workspace: &WorkspaceId, id: ContactId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM contact WHERE workspace_id = $1 AND id = $2 FOR UPDATE",
        workspace.as_str(),
        id.0,
    )
    .fetch_optional(db)
    .await
    .or_fault("lock contact")?;
    Ok(found.is_some())
}

/// Gives a locked contact a name if it has none.
pub async fn fill_name(db: &mut PgConnection, workspace: &WorkspaceId, id: ContactId, name: &PersonName) -> Result<()> {
    sqlx::query!(
        "UPDATE contact SET name = $3 WHERE workspace_id = $1 AND id = $2 AND name IS NULL",
        workspace.as_str(),
        id.0,
        name.expose(),
    )
    .execute(db)
    .await
    .or_fault("fill name of contact")?;
    Ok(())
}

/// A contact with all its addresses, oldest first.
pub async fn find(db: &mut PgConnection, workspace: &WorkspaceId, id: ContactId) -> Result<Option<StoredContact>> {
    let found = sqlx::query_scalar!(
        "SELECT name FROM contact WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        id.0,
    )
    .fetch_optional(&mut *db)
    .await
    .or_fault("read contact")?;
    let Some(stored) = found else { return Ok(None) };
    let rows = sqlx::query_as!(
        AddressRow,
        r#"SELECT a.id, a.kind, a.value, a.country, a.verified,
             address_purposes(a.workspace_id, a.id) AS "purposes!"
           FROM address a WHERE a.workspace_id = $1 AND a.contact_id = $2 ORDER BY a.created_at, a.id"#,
        workspace.as_str(),
        id.0,
    )
    .fetch_all(db)
    .await
    .or_fault("read addresses of contact")?;
    let addresses = rows.into_iter().map(AddressRow::read).collect::<Result<_>>()?;
    Ok(Some(StoredContact {
        id,
        name: name(stored)?,
        addresses,
    }))
}

/// A name as it stands in its column.
pub(super) fn name(stored: Option<String>) -> Result<Option<PersonName>> {
    stored
        .map(|name| PersonName::parse(&name))
        .transpose()
        .map_err(|_| unreadable("contact.name"))
}
