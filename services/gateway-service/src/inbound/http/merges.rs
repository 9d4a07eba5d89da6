//! One person who was kept as two.

use super::contacts::Contact;
use super::extract::{Body, Contacts, May, Params};
use super::problem::Answer;
use super::wire::{optional, time};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::{ContactId, Invalid};
use rpc::contacts::{
    self as wire, DismissConflictRequest, ListConflictsRequest, MergeContactsRequest, UndoMergeRequest,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListConflicts {
    /// 1 to 200; 50 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
}

/// A page of conflicts.
#[derive(Serialize, ToSchema)]
pub struct ConflictPage {
    conflicts: Vec<Conflict>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// What a person has to settle about a contact: another name, or another contact.
#[derive(Serialize, ToSchema)]
pub struct Conflict {
    /// UUID.
    conflict: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<Contact>,
    /// Another name was given for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_name: Option<String>,
    /// Its addresses were given together with those of this contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<Contact>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

/// Which contact goes into the one that the route names.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeContacts {
    /// UUID.
    other: String,
}

/// What captures could not settle by themselves, oldest first, as support sees it.
#[utoipa::path(get, path = "/v1/contact-conflicts", tag = "contacts", params(ListConflicts),
    security(("api_token" = ["contacts"])), responses((status = 200, body = ConflictPage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_conflicts(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Params(params): Params<ListConflicts>,
) -> Answer<Json<ConflictPage>> {
    let request = ListConflictsRequest {
        workspace: caller.workspace.to_string(),
        page_size: params.page_size,
        page_token: params.page_token,
    };
    let page = edge.contacts.list_conflicts(&caller, request).await?;
    let conflict = |one: wire::ContactConflict| Conflict {
        conflict: one.conflict,
        contact: one.contact.map(Contact::of),
        other_name: optional(one.other_name),
        other: one.other.map(Contact::of),
        at: time(one.at),
    };
    Ok(Json(ConflictPage {
        conflicts: page.conflicts.into_iter().map(conflict).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}

/// Notes that a conflict is settled: it is never raised again.
#[utoipa::path(delete, path = "/v1/contact-conflicts/{conflict}", tag = "contacts",
    params(("conflict" = String, Path, description = "UUID")), security(("api_token" = ["contacts"])),
    responses((status = 204),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn dismiss_conflict(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Path(conflict): Path<String>,
) -> Answer<StatusCode> {
    let request = DismissConflictRequest {
        workspace: caller.workspace.to_string(),
        conflict,
        by: caller.by(),
    };
    edge.contacts.dismiss_conflict(&caller, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes one of two contacts: the other one goes into this one, which keeps what it has, gets what it has not, and has the
/// addresses of both. 409 where one of them went into a contact already.
#[utoipa::path(post, path = "/v1/contacts/{contact}/merges", tag = "contacts",
    params(("contact" = String, Path, description = "UUID")), request_body = MergeContacts,
    security(("api_token" = ["contacts"])), responses((status = 200, body = Contact),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn merge_contacts(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Path(contact): Path<String>,
    Body(body): Body<MergeContacts>,
) -> Answer<Json<Contact>> {
    let other = |invalid: Invalid| invalid.of("other");
    let request = MergeContactsRequest {
        workspace: caller.workspace.to_string(),
        contact: ContactId::parse(&contact)?.to_string(),
        other: ContactId::parse(&body.other).map_err(other)?.to_string(),
        by: caller.by(),
    };
    let answer = edge.contacts.merge_contacts(&caller, request).await?;
    Ok(Json(Contact::answered(answer.contact)?))
}

/// Takes this contact out of the one it went into, with its addresses. What was filled there from it is taken back, except where
/// it was changed since. 409 where the other one was merged since.
#[utoipa::path(delete, path = "/v1/contacts/{contact}/merge", tag = "contacts",
    params(("contact" = String, Path, description = "UUID of the one that went into another")),
    security(("api_token" = ["contacts"])), responses((status = 200, body = Contact),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn undo_merge(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Path(contact): Path<String>,
) -> Answer<Json<Contact>> {
    let request = UndoMergeRequest {
        workspace: caller.workspace.to_string(),
        contact: ContactId::parse(&contact)?.to_string(),
        by: caller.by(),
    };
    let answer = edge.contacts.undo_merge(&caller, request).await?;
    Ok(Json(Contact::answered(answer.contact)?))
}
