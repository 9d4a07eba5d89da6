//! Forms as a widget shows them.

use rpc::conversation as wire;
use schemars::JsonSchema;
use serde::Serialize;

/// A page of a form.
#[derive(Serialize, JsonSchema)]
pub struct Form {
    /// UUID.
    pub form: String,
    /// introduce_yourself, leave_contacts, offer_copy or input.
    pub kind: String,
    /// 1, 2, ...: a form may grow once its first fields are filled in.
    pub page: u32,
    pub title: String,
    pub fields: Vec<Field>,
}

/// One field.
#[derive(Serialize, JsonSchema)]
pub struct Field {
    pub key: String,
    /// text, name, email, phone, choice, or consent, which takes yes or nothing.
    pub kind: String,
    /// What the customer reads beside it.
    pub label: String,
    pub required: bool,
    /// Of a choice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}

/// What is wrong with a field.
#[derive(Serialize, JsonSchema)]
pub struct FieldError {
    pub key: String,
    /// What to do, in the channel's language.
    pub message: String,
}

impl From<wire::Form> for Form {
    fn from(found: wire::Form) -> Self {
        Self {
            kind: word(found.kind().as_str_name(), "FORM_KIND_"),
            form: found.form,
            page: found.page,
            title: found.title,
            fields: found.fields.into_iter().map(Field::from).collect(),
        }
    }
}

impl From<wire::FormField> for Field {
    fn from(found: wire::FormField) -> Self {
        Self {
            kind: word(found.kind().as_str_name(), "FORM_FIELD_KIND_"),
            key: found.key,
            label: found.label,
            required: found.required,
            choices: found.choices,
        }
    }
}

impl From<wire::FieldError> for FieldError {
    fn from(found: wire::FieldError) -> Self {
        Self {
            key: found.key,
            message: found.message,
        }
    }
}

fn word(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_lowercase()
}
