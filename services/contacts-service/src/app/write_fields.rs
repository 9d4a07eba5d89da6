use crate::domain::{ContactChange, FieldChange, Fields};
use crate::outbound::postgres::{change, contact, data};
use domain::{ContactId, Timestamp, WorkspaceId};
use fault::Result;
use store::Tx;

/// Writes a locked contact's fields, and into its history what became of them; the version that it has now.
pub(super) async fn write_fields(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: ContactId,
    (next, fields): (&Fields, Vec<FieldChange>),
    (at, by): (Timestamp, &str),
) -> Result<u64> {
    data::update(tx, workspace, id, &fields, (at, by)).await?;
    let change = ContactChange {
        version: contact::update(tx, workspace, id, next).await?,
        at,
        by: by.to_owned(),
        fields,
    };
    change::insert(tx, workspace, id, &change).await?;
    Ok(change.version)
}
