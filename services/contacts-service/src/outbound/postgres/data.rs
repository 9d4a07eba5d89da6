use super::unreadable;
use crate::domain::{DataKey, DataValue, Datum, Field, FieldChange};
use domain::{ContactId, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};
use store::OrFault;
use uuid::Uuid;

/// Custom values of these contacts, by contact and key.
pub(super) async fn of_contacts(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contacts: &[Uuid],
) -> Result<HashMap<Uuid, BTreeMap<DataKey, Datum>>> {
    let rows = sqlx::query!(
        "SELECT contact_id, key, value, at, by FROM contact_data WHERE workspace_id = $1 AND contact_id = ANY($2)",
        workspace.as_str(),
        contacts,
    )
    .fetch_all(db)
    .await
    .or_fault("read data of contacts")?;
    let mut data: HashMap<Uuid, BTreeMap<DataKey, Datum>> = HashMap::new();
    for row in rows {
        let key = DataKey::parse(&row.key).map_err(|_| unreadable("contact_data.key"))?;
        let datum = Datum {
            value: DataValue::parse(&row.value).map_err(|_| unreadable("contact_data.value"))?,
            at: row.at.to_jiff(),
            by: row.by,
        };
        data.entry(row.contact_id).or_default().insert(key, datum);
    }
    Ok(data)
}

/// Writes what became of the custom values of a locked contact; other changes are passed over.
pub async fn update(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contact: ContactId,
    changes: &[FieldChange],
    (at, by): (Timestamp, &str),
) -> Result<()> {
    let (mut gone, mut keys, mut values) = (vec![], vec![], vec![]);
    for change in changes {
        match (&change.field, &change.after) {
            (Field::Data(key), Some(value)) => {
                keys.push(key.as_str().to_owned());
                values.push(value.clone());
            }
            (Field::Data(key), None) => gone.push(key.as_str().to_owned()),
            (Field::Name | Field::Stage | Field::TimeZone | Field::Tag | Field::Merged, _) => {}
        }
    }
    if !gone.is_empty() {
        sqlx::query!(
            "DELETE FROM contact_data WHERE workspace_id = $1 AND contact_id = $2 AND key = ANY($3)",
            workspace.as_str(),
            contact.0,
            &gone,
        )
        .execute(&mut *db)
        .await
        .or_fault("remove data of contact")?;
    }
    if !keys.is_empty() {
        sqlx::query!(
            "INSERT INTO contact_data (workspace_id, contact_id, key, value, at, by)
             SELECT $1, $2, d.key, d.value, $5, $6 FROM UNNEST($3::text[], $4::text[]) AS d(key, value)
             ON CONFLICT (workspace_id, contact_id, key)
             DO UPDATE SET value = EXCLUDED.value, at = EXCLUDED.at, by = EXCLUDED.by",
            workspace.as_str(),
            contact.0,
            &keys,
            &values,
            at.to_sqlx() as _,
            by,
        )
        .execute(db)
        .await
        .or_fault("set data of contact")?;
    }
    Ok(())
}
