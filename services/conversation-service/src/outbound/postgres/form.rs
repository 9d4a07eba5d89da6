//! Forms in conversations. Who writes one holds the lock on the conversation's row.

use super::{known, loaded, stored};
use crate::domain::form::{Consent, Field, Form, FormKind, FormState};
use domain::{ConversationId, FormId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::types::Json;
use store::OrFault;
use uuid::Uuid;

struct Row {
    id: Uuid,
    conversation_id: Uuid,
    kind: String,
    name: String,
    version: i64,
    state: String,
    page: i32,
    title: String,
    fields: Json<Vec<Field>>,
    given_name: String,
    consent: Option<Json<Consent>>,
}

impl Row {
    fn form(self) -> Result<Form> {
        Ok(Form {
            id: self.id.into(),
            conversation: self.conversation_id.into(),
            kind: known(
                FormKind::from_word(&self.kind, self.name, loaded(self.version)),
                "form.kind",
            )?,
            state: known(FormState::from_word(&self.state), "form.state")?,
            page: u32::try_from(self.page).map_err(Fault::internal)?,
            title: self.title,
            fields: self.fields.0,
            given_name: self.given_name,
            consent: self.consent.map(|kept| kept.0),
        })
    }
}

macro_rules! forms {
    ($tail:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT id, conversation_id, kind, name, version, state, page, title, fields AS "fields: Json<Vec<Field>>",
                      given_name, consent AS "consent: Json<Consent>"
               FROM form "# + $tail,
            $($argument),*
        )
    };
}

pub async fn get(db: &mut PgConnection, workspace: &WorkspaceId, id: FormId) -> Result<Option<Form>> {
    let row = forms!("WHERE workspace_id = $1 AND id = $2", workspace.as_str(), id.0)
        .fetch_optional(db)
        .await
        .or_fault("get form")?;
    row.map(Row::form).transpose()
}

/// The one that is open in a conversation, or comes in a moment.
pub async fn get_open(db: &mut PgConnection, workspace: &WorkspaceId, id: ConversationId) -> Result<Option<Form>> {
    let row = forms!(
        "WHERE workspace_id = $1 AND conversation_id = $2 AND state IN ('due', 'open')",
        workspace.as_str(),
        id.0
    )
    .fetch_optional(db)
    .await
    .or_fault("get open form")?;
    row.map(Row::form).transpose()
}

pub async fn get_by_request(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: ConversationId,
    request: &str,
) -> Result<Option<Form>> {
    let row = forms!(
        "WHERE workspace_id = $1 AND conversation_id = $2 AND request_id = $3",
        workspace.as_str(),
        id.0,
        request
    )
    .fetch_optional(db)
    .await
    .or_fault("get form by request")?;
    row.map(Row::form).transpose()
}

/// Has a form come at a time, unless one is open in its conversation, or came to an end there, of its kind; false then.
pub async fn insert_due(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    form: &Form,
    due: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO form (workspace_id, id, conversation_id, kind, name, version, state, page, title, fields, given_name,
           due_at, created_at)
         SELECT $1, $2, $3, $4, '', 0, $5, $6, $7, $8, '', $9, $10
         WHERE NOT EXISTS (SELECT FROM form f WHERE f.workspace_id = $1 AND f.conversation_id = $3 AND f.kind = $4
           AND f.state NOT IN ('due', 'open'))
         ON CONFLICT DO NOTHING",
        workspace.as_str(),
        form.id.0,
        form.conversation.0,
        form.kind.word(),
        form.state.word(),
        page(form)?,
        form.title,
        Json(&form.fields) as _,
        due.to_sqlx() as _,
        now.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("insert due form")?;
    Ok(done.rows_affected() == 1)
}

/// Adds one of the workspace's own forms, which is tended to at a time if one is given; none is open in the conversation.
pub async fn insert_open(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    form: &Form,
    (request, due): (&str, Option<Timestamp>),
    now: Timestamp,
) -> Result<()> {
    let (name, version) = match &form.kind {
        FormKind::Input { name, version } => (name.as_str(), *version),
        _ => ("", 0),
    };
    sqlx::query!(
        "INSERT INTO form (workspace_id, id, conversation_id, kind, name, version, state, page, title, fields, given_name,
           request_id, due_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', $11, $12, $13)",
        workspace.as_str(),
        form.id.0,
        form.conversation.0,
        form.kind.word(),
        name,
        stored(version),
        form.state.word(),
        page(form)?,
        form.title,
        Json(&form.fields) as _,
        request,
        due.map(|at| at.to_sqlx()) as _,
        now.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("insert form")?;
    Ok(())
}

/// Writes what can change, and when it is tended to next; never if `None`.
pub async fn update(db: &mut PgConnection, workspace: &WorkspaceId, form: &Form, due: Option<Timestamp>) -> Result<()> {
    sqlx::query!(
        "UPDATE form SET state = $3, page = $4, fields = $5, given_name = $6, due_at = $7, consent = $8, leased_until = NULL
         WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        form.id.0,
        form.state.word(),
        page(form)?,
        Json(&form.fields) as _,
        form.given_name,
        due.map(|at| at.to_sqlx()) as _,
        form.consent.as_ref().map(Json) as _,
    )
    .execute(db)
    .await
    .or_fault("update form")?;
    Ok(())
}

/// Deletes the forms of a conversation, and with them what was typed for a name.
pub async fn erase(db: &mut PgConnection, workspace: &WorkspaceId, id: ConversationId) -> Result<()> {
    sqlx::query!(
        "DELETE FROM form WHERE workspace_id = $1 AND conversation_id = $2",
        workspace.as_str(),
        id.0,
    )
    .execute(db)
    .await
    .or_fault("erase forms")?;
    Ok(())
}

fn page(form: &Form) -> Result<i32> {
    i32::try_from(form.page).map_err(Fault::internal)
}
