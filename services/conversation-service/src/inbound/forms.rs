//! FormService: from messages to use cases and back.

use super::conversations::{message, place, sender_id};
use crate::app::{App, Offer, SubmittedForm};
use crate::domain::form::{Field, FieldError, FieldKind, Form, FormKind};
use crate::domain::words::Words;
use crate::outbound::postgres::input_form::InputForm;
use domain::{FormId, Language, Timestamp, WorkspaceId};
use events::stamp;
use fault::{Fault, Result};
use rpc::conversation as proto;
use rpc::conversation::form_service_server::FormService;
use tonic::{Request, Response, Status};

type Reply<T> = Result<Response<T>, Status>;

const MAX_NAME: usize = 32;
/// No form has more fields.
const MAX_VALUES: usize = 20;

/// The rpcs of forms.
#[derive(Debug, Clone)]
pub struct Forms {
    app: App,
}

impl Forms {
    pub fn new(app: App) -> Self {
        Self { app }
    }

    async fn set_input_form(&self, request: proto::SetInputFormRequest) -> Result<proto::SetInputFormResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let wanted = request.form.ok_or_else(|| Fault::invalid("form", "is missing"))?;
        let wanted = InputForm {
            name: name(wanted.name)?,
            version: 0,
            title: wanted.title,
            fields: wanted
                .fields
                .into_iter()
                .enumerate()
                .map(field_of)
                .collect::<Result<_>>()?,
            changed_at: Timestamp::UNIX_EPOCH,
        };
        let version = self.app.set_input_form(&workspace, wanted, request.version).await?;
        Ok(proto::SetInputFormResponse { version })
    }

    async fn list_input_forms(&self, request: proto::ListInputFormsRequest) -> Result<proto::ListInputFormsResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let found = self.app.list_input_forms(&workspace).await?;
        let forms = found.into_iter().map(|found| proto::InputForm {
            name: found.name,
            title: found.title,
            fields: found.fields.into_iter().map(field).collect(),
            version: found.version,
            changed_at: Some(stamp(found.changed_at)),
        });
        Ok(proto::ListInputFormsResponse { forms: forms.collect() })
    }

    async fn offer_form(&self, request: proto::OfferFormRequest) -> Result<proto::OfferFormResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let wanted = Offer {
            request_id: sender_id("request_id", request.request_id)?,
            name: request.name,
            seconds: request.seconds,
        };
        let offered = self.app.offer_form(&workspace, id, &wanted).await?;
        Ok(proto::OfferFormResponse {
            form: Some(form(offered)),
        })
    }

    async fn get_open_form(&self, request: proto::GetOpenFormRequest) -> Result<proto::GetOpenFormResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let found = self.app.get_open_form(&workspace, id).await?;
        Ok(proto::GetOpenFormResponse { form: found.map(form) })
    }

    async fn submit_form(&self, request: proto::SubmitFormRequest) -> Result<proto::SubmitFormResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let which = FormId::parse(&request.form)?;
        if request.values.len() > MAX_VALUES || request.values.keys().any(|key| key.len() > MAX_NAME) {
            let remedy = "takes at most 20, under keys of at most 32 characters";
            return Err(Fault::invalid("values", remedy));
        }
        let values = request.values.into_iter().collect();
        let submitted = self
            .app
            .submit_form(&workspace, id, which, request.page, &values)
            .await?;
        Ok(match submitted {
            SubmittedForm::Refused(errors, language) => proto::SubmitFormResponse {
                errors: errors.into_iter().map(|error| told(error, language)).collect(),
                message: None,
                next: None,
            },
            SubmittedForm::Taken(taken, present) => proto::SubmitFormResponse {
                errors: Vec::new(),
                message: taken.map(|taken| message(*taken)),
                next: (present.shown() > request.page).then(|| form(*present)),
            },
        })
    }

    async fn dismiss_form(&self, request: proto::DismissFormRequest) -> Result<proto::DismissFormResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let form = FormId::parse(&request.form)?;
        self.app.dismiss_form(&workspace, id, form).await?;
        Ok(proto::DismissFormResponse {})
    }
}

fn name(text: String) -> Result<String> {
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    if (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(fits) {
        Ok(text)
    } else {
        let remedy = "needs 1 to 32 characters out of a-z, 0-9 and '-'";
        Err(Fault::invalid("form.name", remedy))
    }
}

fn field_of((index, wanted): (usize, proto::FormField)) -> Result<Field> {
    let kind = match wanted.kind() {
        proto::FormFieldKind::Text => FieldKind::Text,
        proto::FormFieldKind::Name => FieldKind::Name,
        proto::FormFieldKind::Email => FieldKind::Email,
        proto::FormFieldKind::Phone => FieldKind::Phone,
        proto::FormFieldKind::Choice => FieldKind::Choice,
        proto::FormFieldKind::Consent => FieldKind::Consent,
        proto::FormFieldKind::Unspecified => {
            let remedy = "must be TEXT, NAME, EMAIL, PHONE, CHOICE or CONSENT";
            return Err(Fault::invalid(format!("fields[{index}].kind"), remedy));
        }
    };
    Ok(Field {
        key: wanted.key,
        kind,
        label: wanted.label,
        required: wanted.required,
        choices: wanted.choices,
    })
}

fn field(of: Field) -> proto::FormField {
    let kind = match of.kind {
        FieldKind::Text => proto::FormFieldKind::Text,
        FieldKind::Name => proto::FormFieldKind::Name,
        FieldKind::Email => proto::FormFieldKind::Email,
        FieldKind::Phone => proto::FormFieldKind::Phone,
        FieldKind::Choice => proto::FormFieldKind::Choice,
        FieldKind::Consent => proto::FormFieldKind::Consent,
    };
    proto::FormField {
        key: of.key,
        kind: kind.into(),
        label: of.label,
        required: of.required,
        choices: of.choices,
    }
}

fn form(of: Form) -> proto::Form {
    let kind = match of.kind {
        FormKind::IntroduceYourself => proto::FormKind::IntroduceYourself,
        FormKind::LeaveContacts => proto::FormKind::LeaveContacts,
        FormKind::OfferCopy => proto::FormKind::OfferCopy,
        FormKind::Input { .. } => proto::FormKind::Input,
    };
    proto::Form {
        form: of.id.to_string(),
        kind: kind.into(),
        page: of.page,
        title: of.title,
        fields: of.fields.into_iter().map(field).collect(),
    }
}

fn told(error: FieldError, language: Language) -> proto::FieldError {
    proto::FieldError {
        key: error.key,
        detail: error.detail,
        message: Words::of(language).say(error.word, &[]),
    }
}

macro_rules! answers {
    ($($rpc:ident: $request:ident -> $response:ident;)+) => {
        #[tonic::async_trait]
        impl FormService for Forms {
            $(async fn $rpc(&self, request: Request<proto::$request>) -> Reply<proto::$response> {
                rpc::answer(self.$rpc(request.into_inner()).await)
            })+
        }
    };
}

answers! {
    set_input_form: SetInputFormRequest -> SetInputFormResponse;
    list_input_forms: ListInputFormsRequest -> ListInputFormsResponse;
    offer_form: OfferFormRequest -> OfferFormResponse;
    get_open_form: GetOpenFormRequest -> GetOpenFormResponse;
    submit_form: SubmitFormRequest -> SubmitFormResponse;
    dismiss_form: DismissFormRequest -> DismissFormResponse;
}
