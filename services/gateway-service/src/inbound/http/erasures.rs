//! Erasing a person.

use super::extract::{Body, May, Params, Privacy};
use super::problem::Answer;
use super::wire::{optional, time, word};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::ContactId;
use fault::Fault;
use rpc::contacts::{self as wire, EraseContactRequest, GetErasureRequest, ListErasuresRequest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Why a person is erased.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErasureReason {
    Requested,
    NoLongerNeeded,
    Unlawful,
    Obligation,
}

/// An erasure that is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseContact {
    /// 1 to 100 characters; the same again answers the same erasure.
    request_id: String,
    reason: ErasureReason,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListErasures {
    /// 1 to 200; 50 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
}

/// What was, or is to be, erased in one place.
#[derive(Serialize, ToSchema)]
pub struct ErasureStep {
    /// `contacts`, `notifier`, `presence`, `gateway`, `conversation`, `dead_letters`.
    step: String,
    /// `running` or `done`.
    state: Option<String>,
    /// Calls that failed; it is tried until it is done.
    failures: u32,
    /// Code of the last failure, until it went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// How many of what were erased.
    erased: BTreeMap<String, u64>,
}

/// One person's erasure. Names nobody.
#[derive(Serialize, ToSchema)]
pub struct Erasure {
    /// UUID.
    erasure: String,
    /// UUID that the contact had.
    contact: String,
    /// Why: one of the words of the request.
    reason: Option<String>,
    /// The integration that asked.
    by: String,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_at: Option<String>,
    /// `running` or `done`.
    state: Option<String>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    done_at: Option<String>,
    steps: Vec<ErasureStep>,
}

/// A page of erasures.
#[derive(Serialize, ToSchema)]
pub struct ErasurePage {
    erasures: Vec<Erasure>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

impl From<ErasureReason> for wire::ErasureReason {
    fn from(reason: ErasureReason) -> Self {
        match reason {
            ErasureReason::Requested => Self::Requested,
            ErasureReason::NoLongerNeeded => Self::NoLongerNeeded,
            ErasureReason::Unlawful => Self::Unlawful,
            ErasureReason::Obligation => Self::Obligation,
        }
    }
}

impl Erasure {
    fn of(told: wire::Erasure) -> Self {
        let state = |state: wire::ErasureState| word(state.as_str_name(), "ERASURE_STATE_");
        let step = |step: wire::ErasureStep| ErasureStep {
            state: state(step.state()),
            step: step.step,
            failures: step.failures,
            failure: optional(step.failure),
            erased: step.erased.into_iter().collect(),
        };
        Self {
            reason: word(told.reason().as_str_name(), "ERASURE_REASON_"),
            state: state(told.state()),
            erasure: told.erasure,
            contact: told.contact,
            by: told.by,
            asked_at: time(told.asked_at),
            done_at: time(told.done_at),
            steps: told.steps.into_iter().map(step).collect(),
        }
    }

    fn answered(told: Option<wire::Erasure>) -> fault::Result<Self> {
        told.map(Self::of)
            .ok_or_else(|| Fault::internal("contacts-service answered without an erasure"))
    }
}

/// Erases a contact, and all that went into it, everywhere. From the answer on nobody finds or writes to the person; what other
/// services hold of them goes soon after. There is no way back.
#[utoipa::path(post, path = "/v1/contacts/{contact}/erasures", tag = "contacts",
    params(("contact" = String, Path, description = "UUID")), request_body = EraseContact,
    security(("api_token" = ["privacy"])), responses((status = 202, body = Erasure),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn erase_contact(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Privacy>,
    Path(contact): Path<String>,
    Body(body): Body<EraseContact>,
) -> Answer<(StatusCode, Json<Erasure>)> {
    let request = EraseContactRequest {
        workspace: caller.workspace.to_string(),
        request_id: body.request_id,
        contact: ContactId::parse(&contact)?.to_string(),
        reason: wire::ErasureReason::from(body.reason).into(),
        by: caller.by(),
    };
    let answer = edge.contacts.erase_contact(&caller, request).await?;
    Ok((StatusCode::ACCEPTED, Json(Erasure::answered(answer.erasure)?)))
}

/// How far an erasure is, and what it erased.
#[utoipa::path(get, path = "/v1/erasures/{erasure}", tag = "contacts",
    params(("erasure" = String, Path, description = "UUID")), security(("api_token" = ["privacy"])),
    responses((status = 200, body = Erasure),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_erasure(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Privacy>,
    Path(erasure): Path<String>,
) -> Answer<Json<Erasure>> {
    let request = GetErasureRequest {
        workspace: caller.workspace.to_string(),
        erasure,
    };
    let answer = edge.contacts.get_erasure(request).await?;
    Ok(Json(Erasure::answered(answer.erasure)?))
}

/// The workspace's erasures, newest first.
#[utoipa::path(get, path = "/v1/erasures", tag = "contacts", params(ListErasures),
    security(("api_token" = ["privacy"])), responses((status = 200, body = ErasurePage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_erasures(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Privacy>,
    Params(params): Params<ListErasures>,
) -> Answer<Json<ErasurePage>> {
    let request = ListErasuresRequest {
        workspace: caller.workspace.to_string(),
        page_size: params.page_size,
        page_token: params.page_token,
    };
    let page = edge.contacts.list_erasures(request).await?;
    Ok(Json(ErasurePage {
        erasures: page.erasures.into_iter().map(Erasure::of).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}
