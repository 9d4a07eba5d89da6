//! Forms of the workspace's own, and offering them.

use super::conversations::{IDEMPOTENCY_KEY, client_id, of_client_id, resolve_name};
use super::extract::{Admin, Body, May, Read, Write, header_text};
use super::problem::Answer;
use super::wire::time;
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use fault::Fault;
use rpc::conversation as wire;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// What a field takes.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// At most 500 characters.
    Text,
    Name,
    Email,
    Phone,
    /// One of its choices.
    Choice,
    /// Consent for outreach to the addresses that are filled in beside it, in the words of its label.
    Consent,
}

/// One field of a form.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// 1 to 32 characters out of a-z, 0-9, '-' and '_'; of a form each once.
    key: String,
    kind: FieldKind,
    /// What the customer reads beside it, 1 to 200 characters.
    label: String,
    #[serde(default)]
    required: bool,
    /// Of a choice: 2 to 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    choices: Vec<String>,
}

/// A form that agents can offer.
#[derive(Serialize, ToSchema)]
pub struct InputForm {
    name: String,
    title: String,
    fields: Vec<Field>,
    /// Consents name the version whose words were shown.
    version: u64,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<String>,
}

/// All forms that agents can offer.
#[derive(Serialize, ToSchema)]
pub struct InputForms {
    /// By name.
    forms: Vec<InputForm>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "Shall we write?",
    "fields": [
        { "key": "email", "kind": "email", "label": "E-mail", "required": true },
        { "key": "size", "kind": "choice", "label": "Size", "choices": ["S", "M", "L"] },
        { "key": "news", "kind": "consent", "label": "Send me news of new products" }
    ]
}))]
pub struct SetInputForm {
    /// 1 to 200 characters.
    title: String,
    /// 1 to 20. A consent needs an email or a phone beside it.
    fields: Vec<Field>,
    /// The one that was read, 0: whatever it is.
    #[serde(default)]
    version: u64,
}

/// The version that a form has now.
#[derive(Serialize, ToSchema)]
pub struct InputFormVersion {
    version: u64,
}

/// The forms that agents can offer.
#[utoipa::path(get, path = "/v1/input-forms", tag = "workspace", security(("api_token" = ["read"])),
    responses((status = 200, body = InputForms),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_input_forms(State(edge): State<Arc<Edge>>, May(caller, _): May<Read>) -> Answer<Json<InputForms>> {
    let request = wire::ListInputFormsRequest {
        workspace: caller.workspace.to_string(),
    };
    let found = edge.conversations.list_input_forms(request).await?.forms;
    let forms = found.into_iter().map(|form| InputForm {
        name: form.name,
        title: form.title,
        fields: form.fields.into_iter().filter_map(Field::of_wire).collect(),
        version: form.version,
        changed_at: time(form.changed_at),
    });
    Ok(Json(InputForms { forms: forms.collect() }))
}

/// Makes a form that agents can offer, or replaces it: what is open already stays as it was shown.
#[utoipa::path(put, path = "/v1/input-forms/{name}", tag = "workspace", request_body = SetInputForm,
    params(("name" = String, Path)), security(("api_token" = ["admin"])), responses((status = 200, body = InputFormVersion),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn set_input_form(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(name): Path<String>,
    Body(body): Body<SetInputForm>,
) -> Answer<Json<InputFormVersion>> {
    let request = wire::SetInputFormRequest {
        workspace: caller.workspace.to_string(),
        form: Some(wire::InputForm {
            name,
            title: body.title,
            fields: body.fields.into_iter().map(Field::into_wire).collect(),
            version: 0,
            changed_at: None,
        }),
        version: body.version,
    };
    let version = edge.conversations.set_input_form(request).await?.version;
    Ok(Json(InputFormVersion { version }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferForm {
    /// Of an input form.
    name: String,
    /// The sender's own id, 1 to 100 characters: the same again answers the offered form. The header `Idempotency-Key` may
    /// say it instead.
    client_id: Option<String>,
    /// How long it stays open: 1 to 2592000 (30 days); a day if left out.
    #[serde(default)]
    seconds: u32,
}

/// A form that was opened.
#[derive(Serialize, ToSchema)]
pub struct FormOffered {
    /// UUID.
    form: String,
}

/// Opens a form in a conversation, in place of what is open there, until it is filled in, dismissed, or its time is up.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/forms", tag = "conversations",
    params(("conversation" = String, Path, description = "UUID or number"),
        ("Idempotency-Key" = Option<String>, Header, description = "In place of client_id")),
    request_body = OfferForm, security(("api_token" = ["write"])), responses((status = 200, body = FormOffered),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn offer_form(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(body): Body<OfferForm>,
) -> Answer<Json<FormOffered>> {
    let request = wire::OfferFormRequest {
        request_id: client_id(body.client_id, header_text(&headers, IDEMPOTENCY_KEY))?,
        workspace: caller.workspace.to_string(),
        conversation: resolve_name(&edge, &caller, &name).await?,
        name: body.name,
        seconds: body.seconds,
    };
    let offered = edge.conversations.offer_form(request).await.map_err(of_client_id)?.form;
    let offered = offered.ok_or_else(|| Fault::internal("OfferForm answered without its form"))?;
    Ok(Json(FormOffered { form: offered.form }))
}

impl Field {
    fn of_wire(found: wire::FormField) -> Option<Self> {
        let kind = match found.kind() {
            wire::FormFieldKind::Text => FieldKind::Text,
            wire::FormFieldKind::Name => FieldKind::Name,
            wire::FormFieldKind::Email => FieldKind::Email,
            wire::FormFieldKind::Phone => FieldKind::Phone,
            wire::FormFieldKind::Choice => FieldKind::Choice,
            wire::FormFieldKind::Consent => FieldKind::Consent,
            wire::FormFieldKind::Unspecified => return None,
        };
        Some(Self {
            key: found.key,
            kind,
            label: found.label,
            required: found.required,
            choices: found.choices,
        })
    }

    fn into_wire(self) -> wire::FormField {
        let kind = match self.kind {
            FieldKind::Text => wire::FormFieldKind::Text,
            FieldKind::Name => wire::FormFieldKind::Name,
            FieldKind::Email => wire::FormFieldKind::Email,
            FieldKind::Phone => wire::FormFieldKind::Phone,
            FieldKind::Choice => wire::FormFieldKind::Choice,
            FieldKind::Consent => wire::FormFieldKind::Consent,
        };
        wire::FormField {
            key: self.key,
            kind: kind.into(),
            label: self.label,
            required: self.required,
            choices: self.choices,
        }
    }
}
