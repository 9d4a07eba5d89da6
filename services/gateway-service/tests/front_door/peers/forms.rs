//! conversation-service's forms: one is open everywhere or nowhere, and takes what has no `@` in it for no address.

use super::{Answer, Peers, answer};
use domain::WorkspaceId;
use events::event::FormChanged;
use events::{Fact, Subject};
use prost::Message as _;
use rpc::conversation::form_service_server::FormService;
use rpc::conversation::*;
use tonic::Request;

/// The id of the only form.
pub const FORM: &str = "018f4e3a-0000-7000-8000-0000000000f0";

/// A page that asks for an address.
pub fn page(number: u32) -> Form {
    Form {
        form: FORM.into(),
        kind: FormKind::IntroduceYourself.into(),
        page: number,
        title: "Who are you?".into(),
        fields: vec![FormField {
            key: "email".into(),
            kind: FormFieldKind::Email.into(),
            label: "E-mail".into(),
            required: true,
            choices: Vec::new(),
        }],
    }
}

impl Peers {
    /// Opens a form, or closes what is open, and tells of it.
    pub async fn open_form(&self, conversation: &str, form: Option<Form>) {
        let fact = FormChanged {
            form: FORM.into(),
            conversation: conversation.into(),
            page: form.as_ref().map_or(0, |form| form.page),
            at: None,
        };
        self.memory().open_form = form;
        let subject = Subject::Fact {
            workspace: WorkspaceId::parse("acme").expect("a slug"),
            aggregate: FormChanged::AGGREGATE.into(),
            event: FormChanged::EVENT.into(),
        };
        let told = self
            .nats
            .publish(subject.to_string(), fact.encode_to_vec().into())
            .await;
        told.expect("NATS is there");
    }
}

#[tonic::async_trait]
impl FormService for Peers {
    async fn set_input_form(&self, request: Request<SetInputFormRequest>) -> Answer<SetInputFormResponse> {
        let request = request.into_inner();
        let version = request.version + 1;
        self.memory().input_forms.push(request);
        answer(SetInputFormResponse { version })
    }

    async fn list_input_forms(&self, _: Request<ListInputFormsRequest>) -> Answer<ListInputFormsResponse> {
        let set = self.memory().input_forms.clone();
        answer(ListInputFormsResponse {
            forms: set.into_iter().filter_map(|request| request.form).collect(),
        })
    }

    async fn offer_form(&self, request: Request<OfferFormRequest>) -> Answer<OfferFormResponse> {
        self.memory().offered.push(request.into_inner());
        answer(OfferFormResponse { form: Some(page(1)) })
    }

    async fn get_open_form(&self, _: Request<GetOpenFormRequest>) -> Answer<GetOpenFormResponse> {
        let form = self.memory().open_form.clone();
        answer(GetOpenFormResponse { form })
    }

    async fn submit_form(&self, request: Request<SubmitFormRequest>) -> Answer<SubmitFormResponse> {
        let request = request.into_inner();
        let fits = request.values.values().all(|value| value.contains('@'));
        self.memory().submitted.push(request);
        if !fits {
            let error = FieldError {
                key: "email".into(),
                detail: "must be an e-mail address".into(),
                message: "This cannot be an e-mail address.".into(),
            };
            return answer(SubmitFormResponse {
                errors: vec![error],
                ..Default::default()
            });
        }
        let shown = self.memory().open_form.take();
        let offers_copy = shown.is_some_and(|form| form.kind() == FormKind::OfferCopy);
        let message = Message {
            seq: 7,
            ..Default::default()
        };
        answer(SubmitFormResponse {
            errors: Vec::new(),
            message: (!offers_copy).then_some(message),
            next: None,
        })
    }

    async fn dismiss_form(&self, _: Request<DismissFormRequest>) -> Answer<DismissFormResponse> {
        self.memory().open_form = None;
        answer(DismissFormResponse {})
    }
}
