use super::unreadable;
use crate::domain::{ContactChange, DataKey, Field, FieldChange};
use domain::{ContactId, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use sqlx::PgConnection;
use store::OrFault;

/// Writes what was changed, once per version.
pub async fn insert(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contact: ContactId,
    change: &ContactChange,
) -> Result<()> {
    let fields: Vec<String> = change.fields.iter().map(|field| field.field.to_string()).collect();
    let before: Vec<Option<String>> = change.fields.iter().map(|field| field.before.clone()).collect();
    let after: Vec<Option<String>> = change.fields.iter().map(|field| field.after.clone()).collect();
    sqlx::query!(
        "INSERT INTO contact_change (workspace_id, contact_id, version, at, by, fields, before, after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        workspace.as_str(),
        contact.0,
        number(change.version)?,
        change.at.to_sqlx() as _,
        change.by,
        &fields,
        before as _,
        after as _,
    )
    .execute(db)
    .await
    .or_fault("insert change of contact")?;
    Ok(())
}

/// Writes what was changed of many contacts, each once per version.
pub async fn insert_all(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    changes: &[(ContactId, ContactChange)],
) -> Result<()> {
    let row = |(contact, change): &(ContactId, ContactChange)| {
        let each = |of: fn(&FieldChange) -> Value| change.fields.iter().map(of).collect::<Value>();
        json!({
            "contact": contact.0,
            "version": change.version,
            "at": change.at.to_string(),
            "by": change.by,
            "fields": each(|field| field.field.to_string().into()),
            "before": each(|field| field.before.clone().into()),
            "after": each(|field| field.after.clone().into()),
        })
    };
    let rows: Value = changes.iter().map(row).collect();
    sqlx::query!(
        "INSERT INTO contact_change (workspace_id, contact_id, version, at, by, fields, before, after)
         SELECT $1, g.contact, g.version, g.at, g.by, g.fields, g.before, g.after
         FROM jsonb_to_recordset($2) AS g(contact uuid, version bigint, at timestamptz, by text, fields text[], before text[],
           after text[])",
        workspace.as_str(),
        rows,
    )
    .execute(db)
    .await
    .or_fault("insert changes of contacts")?;
    Ok(())
}

/// What one change of a contact was.
pub async fn of_version(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contact: ContactId,
    version: u64,
) -> Result<Option<ContactChange>> {
    let below = version.checked_add(1);
    let newest = list(db, workspace, contact, below, 1).await?.pop();
    Ok(newest.filter(|change| change.version == version))
}

/// Changes of a contact below this version, newest first.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contact: ContactId,
    below: Option<u64>,
    limit: i64,
) -> Result<Vec<ContactChange>> {
    let rows = sqlx::query!(
        r#"SELECT version, at, by, fields, before AS "before: Vec<Option<String>>", after AS "after: Vec<Option<String>>"
           FROM contact_change WHERE workspace_id = $1 AND contact_id = $2 AND ($3::bigint IS NULL OR version < $3)
           ORDER BY version DESC LIMIT $4"#,
        workspace.as_str(),
        contact.0,
        below.map(number).transpose()?,
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("list changes of contact")?;
    rows.into_iter()
        .map(|row| {
            let fields = row.fields.iter().zip(row.before.into_iter().zip(row.after));
            let fields = fields.map(|(name, (before, after))| Ok(FieldChange::new(field(name)?, before, after)));
            Ok(ContactChange {
                version: row.version.unsigned_abs(),
                at: row.at.to_jiff(),
                by: row.by,
                fields: fields.collect::<Result<_>>()?,
            })
        })
        .collect()
}

fn number(version: u64) -> Result<i64> {
    i64::try_from(version).map_err(Fault::internal)
}

fn field(name: &str) -> Result<Field> {
    let data = |name: &str| DataKey::parse(name.strip_prefix("data.")?).ok().map(Field::Data);
    [Field::Name, Field::Stage, Field::TimeZone, Field::Tag, Field::Merged]
        .into_iter()
        .find(|field| field.to_string() == name)
        .or_else(|| data(name))
        .ok_or_else(|| unreadable("contact_change.fields"))
}
