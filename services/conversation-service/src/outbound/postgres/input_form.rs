//! Forms that agents can offer.

use super::{loaded, stored};
use crate::domain::form::Field;
use domain::{Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::types::Json;
use store::OrFault;

/// A form as the workspace made it.
#[derive(Debug, Clone)]
pub struct InputForm {
    pub name: String,
    /// Grows by one with each change.
    pub version: u64,
    pub title: String,
    pub fields: Vec<Field>,
    pub changed_at: Timestamp,
}

struct Row {
    name: String,
    version: i64,
    title: String,
    fields: Json<Vec<Field>>,
    changed_at: jiff_sqlx::Timestamp,
}

impl Row {
    fn form(self) -> InputForm {
        InputForm {
            name: self.name,
            version: loaded(self.version),
            title: self.title,
            fields: self.fields.0,
            changed_at: self.changed_at.to_jiff(),
        }
    }
}

macro_rules! input_forms {
    ($tail:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT name, version, title, fields AS "fields: Json<Vec<Field>>", changed_at FROM input_form "# + $tail,
            $($argument),*
        )
    };
}

pub async fn get(db: &mut PgConnection, workspace: &WorkspaceId, name: &str) -> Result<Option<InputForm>> {
    let row = input_forms!("WHERE workspace_id = $1 AND name = $2", workspace.as_str(), name)
        .fetch_optional(db)
        .await
        .or_fault("get input form")?;
    Ok(row.map(Row::form))
}

/// By name.
pub async fn list(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<Vec<InputForm>> {
    let rows = input_forms!("WHERE workspace_id = $1 ORDER BY name", workspace.as_str())
        .fetch_all(db)
        .await
        .or_fault("list input forms")?;
    Ok(rows.into_iter().map(Row::form).collect())
}

pub async fn count(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM input_form WHERE workspace_id = $1"#,
        workspace.as_str()
    )
    .fetch_one(db)
    .await
    .or_fault("count input forms")
}

/// Under the lock of [`workspace::lock`](super::workspace::lock).
pub async fn set(db: &mut PgConnection, workspace: &WorkspaceId, form: &InputForm) -> Result<()> {
    sqlx::query!(
        "INSERT INTO input_form (workspace_id, name, version, title, fields, changed_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (workspace_id, name) DO UPDATE SET version = excluded.version, title = excluded.title,
           fields = excluded.fields, changed_at = excluded.changed_at",
        workspace.as_str(),
        form.name,
        stored(form.version),
        form.title,
        Json(&form.fields) as _,
        form.changed_at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("set input form")?;
    Ok(())
}
