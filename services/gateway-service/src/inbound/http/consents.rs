//! What people agreed to, and what they took back.

use super::contacts::Purpose;
use super::extract::{Body, Contacts, May};
use super::problem::Answer;
use super::wire::{instant, optional, time, word};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use domain::ContactId;
use fault::Fault;
use rpc::contacts::{self as wire, ListConsentsRequest, RecordConsentRequest, WithdrawConsentRequest};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// How a consent was taken back.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WithdrawnBy {
    Form,
    /// A link in a mail.
    Unsubscribe,
    /// Words in a message.
    Message,
    /// An agent who was told.
    Agent,
}

impl From<WithdrawnBy> for wire::WithdrawnBy {
    fn from(by: WithdrawnBy) -> Self {
        match by {
            WithdrawnBy::Form => Self::Form,
            WithdrawnBy::Unsubscribe => Self::Unsubscribe,
            WithdrawnBy::Message => Self::Message,
            WithdrawnBy::Agent => Self::Agent,
        }
    }
}

/// What a person agreed to in a form.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordConsent {
    /// Id of the form's answer, 1 to 100 characters: told of again, it is recorded once.
    request_id: String,
    /// Must be outreach: support needs no consent.
    #[schema(inline)]
    purpose: Purpose,
    /// UUIDs of the contact's addresses that it names; at least one.
    addresses: Vec<String>,
    /// Name of the form, 1 to 100 characters.
    form: String,
    /// The version whose words were shown; 1 or more.
    form_version: u32,
    /// BCP 47, the language they were shown in.
    language: String,
    /// UUID of the conversation in which the form was answered.
    #[serde(default)]
    conversation: Option<String>,
    /// RFC 3339, not in the future.
    #[schema(format = "date-time")]
    given_at: String,
}

/// What a person takes back: every consent for the purpose that was given until then.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawConsent {
    /// Must be outreach.
    #[schema(inline)]
    purpose: Purpose,
    /// RFC 3339, not in the future; now if left out.
    #[serde(default)]
    #[schema(format = "date-time")]
    at: Option<String>,
    #[schema(inline)]
    by: WithdrawnBy,
}

/// What a person agreed to, and what ended it.
#[derive(Serialize, ToSchema)]
pub struct Consent {
    /// UUID.
    consent: String,
    /// outreach.
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    /// UUIDs.
    addresses: Vec<String>,
    form: String,
    form_version: u32,
    language: String,
    /// UUID of the conversation in which the form was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<String>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    given_at: Option<String>,
    /// Absent: it counts.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<String>,
    /// form, unsubscribe, message or agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_by: Option<String>,
}

/// What a person took back.
#[derive(Serialize, ToSchema)]
pub struct Withdrawal {
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// form, unsubscribe, message or agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

/// All consents of a contact as they are now, oldest first.
#[derive(Serialize, ToSchema)]
pub struct Consents {
    consents: Vec<Consent>,
}

/// All that a contact agreed to and took back, oldest first: what an auditor asks for.
#[derive(Serialize, ToSchema)]
pub struct ConsentRecord {
    consents: Vec<Consent>,
    withdrawals: Vec<Withdrawal>,
}

/// All that the contact agreed to and took back.
#[utoipa::path(get, path = "/v1/contacts/{contact}/consents", tag = "contacts",
    params(("contact" = String, Path, description = "UUID")), security(("api_token" = ["contacts"])),
    responses((status = 200, body = ConsentRecord),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_consents(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Path(contact): Path<String>,
) -> Answer<Json<ConsentRecord>> {
    let request = ListConsentsRequest {
        workspace: caller.workspace.to_string(),
        contact: ContactId::parse(&contact)?.to_string(),
    };
    let answer = edge.contacts.list_consents(&caller, request).await?;
    let withdrawal = |one: wire::Withdrawal| Withdrawal {
        purpose: purpose(one.purpose()),
        by: by(one.by()),
        at: time(one.at),
    };
    Ok(Json(ConsentRecord {
        consents: answer.consents.into_iter().map(Consent::of).collect(),
        withdrawals: answer.withdrawals.into_iter().map(withdrawal).collect(),
    }))
}

/// Records what the contact agreed to in a form, once per `request_id`; it counts at once, unless it was taken back at or
/// after `given_at`. 409 if the id recorded something else.
#[utoipa::path(post, path = "/v1/contacts/{contact}/consents", tag = "contacts",
    params(("contact" = String, Path, description = "UUID")), request_body = RecordConsent,
    security(("api_token" = ["contacts"])), responses((status = 200, body = Consent),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn record_consent(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Path(contact): Path<String>,
    Body(body): Body<RecordConsent>,
) -> Answer<Json<Consent>> {
    let request = RecordConsentRequest {
        workspace: caller.workspace.to_string(),
        request_id: body.request_id,
        contact: ContactId::parse(&contact)?.to_string(),
        purpose: wire::Purpose::from(body.purpose).into(),
        addresses: body.addresses,
        form: body.form,
        form_version: body.form_version,
        language: body.language,
        conversation: body.conversation.unwrap_or_default(),
        given_at: instant("given_at", Some(body.given_at))?.map(events::stamp),
    };
    let answer = edge.contacts.record_consent(&caller, request).await?;
    let kept = answer.consent.ok_or_else(|| Fault::not_found("consent"))?;
    Ok(Json(Consent::of(kept)))
}

/// Takes back every consent for the purpose that was given until then: at once, and also one that is told of later.
#[utoipa::path(post, path = "/v1/contacts/{contact}/withdrawals", tag = "contacts",
    params(("contact" = String, Path, description = "UUID")), request_body = WithdrawConsent,
    security(("api_token" = ["contacts"])), responses((status = 200, body = Consents),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn withdraw_consent(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Path(contact): Path<String>,
    Body(body): Body<WithdrawConsent>,
) -> Answer<Json<Consents>> {
    let request = WithdrawConsentRequest {
        workspace: caller.workspace.to_string(),
        contact: ContactId::parse(&contact)?.to_string(),
        purpose: wire::Purpose::from(body.purpose).into(),
        at: instant("at", body.at)?.map(events::stamp),
        by: wire::WithdrawnBy::from(body.by).into(),
    };
    let answer = edge.contacts.withdraw_consent(&caller, request).await?;
    Ok(Json(Consents {
        consents: answer.consents.into_iter().map(Consent::of).collect(),
    }))
}

impl Consent {
    fn of(kept: wire::Consent) -> Self {
        Self {
            purpose: purpose(kept.purpose()),
            withdrawn_by: by(kept.withdrawn_by()),
            consent: kept.consent,
            addresses: kept.addresses,
            form: kept.form,
            form_version: kept.form_version,
            language: kept.language,
            conversation: optional(kept.conversation),
            given_at: time(kept.given_at),
            withdrawn_at: time(kept.withdrawn_at),
        }
    }
}

fn purpose(purpose: wire::Purpose) -> Option<String> {
    word(purpose.as_str_name(), "PURPOSE_")
}

fn by(by: wire::WithdrawnBy) -> Option<String> {
    word(by.as_str_name(), "WITHDRAWN_BY_")
}
