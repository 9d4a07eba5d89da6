use domain::{ContactId, PersonName, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use store::OrFault;
use uuid::Uuid;

/// Keeps a conflict for a person to settle; the same one only once. Exactly one of name and other contact is given.
pub async fn keep(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: Uuid,
    contact: ContactId,
    other_name: Option<&PersonName>,
    other_contact: Option<ContactId>,
    at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO contact_conflict (workspace_id, id, contact_id, other_name, other_contact, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        workspace.as_str(),
        id,
        contact.0,
        other_name.map(PersonName::expose),
        other_contact.map(|other| other.0),
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("keep conflict")?;
    Ok(())
}
