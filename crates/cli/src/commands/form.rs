//! Forms that agents can offer, by gRPC to conversation-service.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use rpc::conversation::form_service_client::FormServiceClient;
use rpc::conversation::{self as wire, FormFieldKind, ListInputFormsRequest, OfferFormRequest, SetInputFormRequest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tonic::transport::Channel;

use super::conversation::resolve;
use super::money::read;
use crate::args::FormCommand;
use crate::call::call;
use crate::output::Out;
use crate::show;
use crate::stack::{Endpoints, Service};

/// What stands before a kind's word on the wire.
const PREFIX: &str = "FORM_FIELD_KIND_";

/// A form as it is printed and read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    title: String,
    fields: Vec<Field>,
}

/// See the fields of FormService.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    key: String,
    kind: String,
    label: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    choices: Vec<String>,
}

impl Field {
    fn new(wire: wire::FormField) -> Self {
        Self {
            kind: show::word(wire.kind().as_str_name(), PREFIX),
            key: wire.key,
            label: wire.label,
            required: wire.required,
            choices: wire.choices,
        }
    }

    fn into_wire(self) -> Result<wire::FormField> {
        let kind = FormFieldKind::from_str_name(&format!("{PREFIX}{}", self.kind.to_uppercase()))
            .filter(|kind| *kind != FormFieldKind::Unspecified)
            .ok_or_else(|| {
                anyhow!(
                    "'{}' is no kind of field; `homing form set --help` names them",
                    self.kind
                )
            })?;
        Ok(wire::FormField {
            key: self.key,
            kind: kind.into(),
            label: self.label,
            required: self.required,
            choices: self.choices,
        })
    }
}

fn client() -> Result<FormServiceClient<Channel>> {
    Ok(FormServiceClient::new(Endpoints::connect(Service::Conversation)?))
}

pub(crate) async fn run(command: FormCommand, out: &Out) -> Result<ExitCode> {
    match command {
        FormCommand::Set {
            workspace,
            name,
            file,
            version,
        } => set(out, workspace, name, &file, version).await?,
        FormCommand::List { workspace } => list(out, workspace).await?,
        FormCommand::Offer {
            workspace,
            conversation,
            name,
            request_id,
            seconds,
        } => {
            let request = OfferFormRequest {
                conversation: resolve(&workspace, conversation).await?,
                workspace,
                request_id,
                name,
                seconds,
            };
            let offered = call!(client()?, offer_form, request)?.form.context("an empty answer")?;
            if out.json() {
                out.document(&json!({ "form": offered.form }))?;
            } else {
                out.line(offered.form)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn set(out: &Out, workspace: String, name: String, file: &Path, version: u64) -> Result<()> {
    let text = read(file)?;
    let form: Form = serde_json::from_str(&text).with_context(|| format!("{} holds no form", file.display()))?;
    let fields = form.fields.into_iter().map(Field::into_wire).collect::<Result<_>>()?;
    let request = SetInputFormRequest {
        workspace,
        form: Some(wire::InputForm {
            name,
            title: form.title,
            fields,
            ..Default::default()
        }),
        version,
    };
    let version = call!(client()?, set_input_form, request)?.version;
    if out.json() {
        return out.document(&json!({ "version": version }));
    }
    out.line(format!("version {version}"))
}

async fn list(out: &Out, workspace: String) -> Result<()> {
    let forms = call!(client()?, list_input_forms, ListInputFormsRequest { workspace })?.forms;
    if out.json() {
        let told = forms.into_iter().map(|one| {
            let changed_at = show::rfc3339(one.changed_at.as_ref());
            let fields: Vec<Field> = one.fields.into_iter().map(Field::new).collect();
            json!({ "name": one.name, "version": one.version, "changed_at": changed_at, "title": one.title, "fields": fields })
        });
        return out.document(&told.collect::<Vec<Value>>());
    }
    let rows = forms.into_iter().map(|one| {
        let keys: Vec<String> = one.fields.into_iter().map(|field| field.key).collect();
        vec![one.name, one.version.to_string(), one.title, keys.join(", ")]
    });
    out.table(&["name", "version", "title", "fields"], &rows.collect::<Vec<_>>())
}
