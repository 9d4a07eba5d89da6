//! `homing.contacts.v1.ConsentService`: reads requests, calls the use case of the same name, writes answers.

use super::Server;
use super::words::purpose;
use crate::domain::roles::FieldGroup;
use crate::domain::{By, Consent, KeptConsent, Purpose, Withdrawal, Wording, name};
use domain::{AddressId, ContactId, ConversationId, Invalid, Timestamp};
use fault::Result;
use rpc::contacts::consent_service_server::ConsentService;
use rpc::contacts::{
    self, ListConsentsRequest, ListConsentsResponse, RecordConsentRequest, RecordConsentResponse,
    WithdrawConsentRequest, WithdrawConsentResponse, WithdrawnBy,
};
use tonic::{Request, Response, Status};

impl Server {
    async fn do_record_consent(&self, request: Request<RecordConsentRequest>) -> Result<RecordConsentResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        rights.must_edit([FieldGroup::Consents])?;
        let request_id = name("request_id", &request.request_id)?;
        let kept = self
            .contacts
            .record_consent(&workspace, &request_id, given(&request)?)
            .await?;
        Ok(RecordConsentResponse {
            consent: Some(consent(&kept)),
        })
    }

    async fn do_withdraw_consent(&self, request: Request<WithdrawConsentRequest>) -> Result<WithdrawConsentResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        rights.must_edit([FieldGroup::Consents])?;
        let contact = ContactId::parse(&request.contact)?;
        let at = request.at.map(|at| instant("at", Some(at))).transpose()?;
        let withdrawal = (given_purpose(request.purpose)?, at, by(request.by)?);
        let consents = self.contacts.withdraw_consent(&workspace, contact, withdrawal).await?;
        Ok(WithdrawConsentResponse {
            consents: consents.iter().map(consent).collect(),
        })
    }

    async fn do_list_consents(&self, request: Request<ListConsentsRequest>) -> Result<ListConsentsResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        rights.must_see(FieldGroup::Consents)?;
        let contact = ContactId::parse(&request.contact)?;
        let (consents, withdrawals) = self.contacts.list_consents(&workspace, contact).await?;
        let withdrawal = |withdrawal: Withdrawal| contacts::Withdrawal {
            purpose: told_purpose(withdrawal.purpose).into(),
            at: Some(events::stamp(withdrawal.at)),
            by: told_by(withdrawal.by).into(),
        };
        Ok(ListConsentsResponse {
            consents: consents.iter().map(consent).collect(),
            withdrawals: withdrawals.into_iter().map(withdrawal).collect(),
        })
    }
}

#[tonic::async_trait]
impl ConsentService for Server {
    async fn record_consent(
        &self,
        request: Request<RecordConsentRequest>,
    ) -> Result<Response<RecordConsentResponse>, Status> {
        rpc::answer(self.do_record_consent(request).await)
    }

    async fn withdraw_consent(
        &self,
        request: Request<WithdrawConsentRequest>,
    ) -> Result<Response<WithdrawConsentResponse>, Status> {
        rpc::answer(self.do_withdraw_consent(request).await)
    }

    async fn list_consents(
        &self,
        request: Request<ListConsentsRequest>,
    ) -> Result<Response<ListConsentsResponse>, Status> {
        rpc::answer(self.do_list_consents(request).await)
    }
}

fn given(request: &RecordConsentRequest) -> Result<Consent, Invalid> {
    let address = |text: &String| AddressId::parse(text).map_err(|invalid| invalid.of("addresses"));
    let conversation = (!request.conversation.is_empty()).then(|| ConversationId::parse(&request.conversation));
    Ok(Consent {
        contact: ContactId::parse(&request.contact)?,
        purpose: purpose(request.purpose)?,
        addresses: request.addresses.iter().map(address).collect::<Result<_, _>>()?,
        wording: Wording::new(&request.form, request.form_version, &request.language)?,
        conversation: conversation.transpose()?,
        given_at: instant("given_at", request.given_at)?,
    })
}

/// Support is nothing that a consent was given for.
fn given_purpose(number: i32) -> Result<Purpose, Invalid> {
    match purpose(number)? {
        Purpose::Outreach => Ok(Purpose::Outreach),
        Purpose::Support => Err(Invalid::new(
            "purpose",
            "must be OUTREACH: support has no consent to take back",
        )),
    }
}

/// Cut to what is stored: microseconds.
fn instant(field: &'static str, at: Option<prost_types::Timestamp>) -> Result<Timestamp, Invalid> {
    let missing = || Invalid::new(field, "needs a point in time");
    let at = events::instant(at).ok_or_else(missing)?;
    Timestamp::from_microsecond(at.as_microsecond()).map_err(|_| missing())
}

fn by(number: i32) -> Result<By, Invalid> {
    match WithdrawnBy::try_from(number) {
        Ok(WithdrawnBy::Form) => Ok(By::Form),
        Ok(WithdrawnBy::Unsubscribe) => Ok(By::Unsubscribe),
        Ok(WithdrawnBy::Message) => Ok(By::Message),
        Ok(WithdrawnBy::Agent) => Ok(By::Agent),
        Ok(WithdrawnBy::Unspecified) | Err(_) => Err(Invalid::new("by", "must be FORM, UNSUBSCRIBE, MESSAGE or AGENT")),
    }
}

fn told_by(by: By) -> WithdrawnBy {
    match by {
        By::Form => WithdrawnBy::Form,
        By::Unsubscribe => WithdrawnBy::Unsubscribe,
        By::Message => WithdrawnBy::Message,
        By::Agent => WithdrawnBy::Agent,
    }
}

fn told_purpose(purpose: Purpose) -> contacts::Purpose {
    match purpose {
        Purpose::Support => contacts::Purpose::Support,
        Purpose::Outreach => contacts::Purpose::Outreach,
    }
}

fn consent(kept: &KeptConsent) -> contacts::Consent {
    let given = &kept.consent;
    contacts::Consent {
        consent: kept.id.to_string(),
        contact: given.contact.to_string(),
        purpose: told_purpose(given.purpose).into(),
        addresses: given.addresses.iter().map(AddressId::to_string).collect(),
        form: given.wording.form.clone(),
        form_version: given.wording.version,
        language: given.wording.language.clone(),
        conversation: given.conversation.map(|id| id.to_string()).unwrap_or_default(),
        given_at: Some(events::stamp(given.given_at)),
        withdrawn_at: kept.withdrawn.map(|withdrawal| events::stamp(withdrawal.at)),
        withdrawn_by: kept
            .withdrawn
            .map(|withdrawal| told_by(withdrawal.by))
            .unwrap_or_default()
            .into(),
    }
}
