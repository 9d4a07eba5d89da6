//! Who a person is by the word of the workspace's own site, and the keys whose owners may say so.

use super::contacts::Contact;
use super::extract::{Admin, Body, Contacts, May};
use super::problem::Answer;
use super::wire::time;
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use rpc::contacts::{AddIdentityKeyRequest, IdentifyContactRequest, ListIdentityKeysRequest, RemoveIdentityKeyRequest};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;

/// A signed identity token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentifyContact {
    /// A JWT, signed with EdDSA or ES256 by one of the workspace's keys: sub, aud (the workspace), iat and exp (an hour apart at
    /// most); and any of name, email, email_verified, phone_number and phone_number_verified.
    token: String,
    /// UUID of the contact of who presents the token, if there is one.
    #[serde(default)]
    contact: String,
}

/// A public key to check identity tokens with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddIdentityKey {
    /// RFC 7517, with kid: Ed25519 or P-256.
    #[schema(value_type = Object)]
    jwk: Map<String, Value>,
}

/// The keys of a workspace.
#[derive(Serialize, ToSchema)]
pub struct IdentityKeys {
    keys: Vec<IdentityKey>,
}

/// A public key.
#[derive(Serialize, ToSchema)]
pub struct IdentityKey {
    /// Its kid.
    key: String,
    /// EdDSA or ES256.
    algorithm: String,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    added_at: Option<String>,
    by: String,
}

/// Finds or makes the contact of an identity, and makes one of the contacts that are proved to be the same person. 401 with its
/// reason where the token proves nothing.
#[utoipa::path(post, path = "/v1/contact-identities", tag = "contacts", request_body = IdentifyContact,
    security(("api_token" = ["contacts"])), responses((status = 200, body = Contact),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn identify_contact(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Contacts>,
    Body(body): Body<IdentifyContact>,
) -> Answer<Json<Contact>> {
    let request = IdentifyContactRequest {
        workspace: caller.workspace.to_string(),
        token: body.token,
        contact: body.contact,
    };
    let answer = edge.contacts.identify_contact(&caller, request).await?;
    Ok(Json(Contact::answered(answer.contact)?))
}

/// The keys whose owners may say who a person is, oldest first.
#[utoipa::path(get, path = "/v1/identity-keys", tag = "contacts", security(("api_token" = ["admin"])),
    responses((status = 200, body = IdentityKeys),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_identity_keys(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
) -> Answer<Json<IdentityKeys>> {
    let request = ListIdentityKeysRequest {
        workspace: caller.workspace.to_string(),
    };
    let keys = edge.contacts.list_identity_keys(request).await?.keys;
    let key = |key: rpc::contacts::IdentityKey| IdentityKey {
        key: key.key,
        algorithm: key.algorithm,
        added_at: time(key.added_at),
        by: key.by,
    };
    Ok(Json(IdentityKeys {
        keys: keys.into_iter().map(key).collect(),
    }))
}

/// Keeps a public key, two at most: one takes the place of the other. The same again changes nothing.
#[utoipa::path(post, path = "/v1/identity-keys", tag = "contacts", request_body = AddIdentityKey,
    security(("api_token" = ["admin"])), responses((status = 204),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn add_identity_key(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Body(body): Body<AddIdentityKey>,
) -> Answer<StatusCode> {
    let request = AddIdentityKeyRequest {
        workspace: caller.workspace.to_string(),
        jwk: Value::Object(body.jwk).to_string(),
        by: caller.by(),
    };
    edge.contacts.add_identity_key(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a key: what it signed proves nothing from now on.
#[utoipa::path(delete, path = "/v1/identity-keys/{key}", tag = "contacts",
    params(("key" = String, Path, description = "Its kid")), security(("api_token" = ["admin"])), responses((status = 204),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn remove_identity_key(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(key): Path<String>,
) -> Answer<StatusCode> {
    let request = RemoveIdentityKeyRequest {
        workspace: caller.workspace.to_string(),
        key,
    };
    edge.contacts.remove_identity_key(request).await?;
    Ok(StatusCode::NO_CONTENT)
}
