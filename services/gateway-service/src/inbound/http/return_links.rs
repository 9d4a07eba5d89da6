//! The link that brings a customer back. Following it changes nothing (mail scanners follow links); the page redeems.

use super::extract::{Address, Body, Origin};
use super::pages::{LINK_GONE, html};
use super::problem::{Answer, Problem};
use super::sessions::{NO_STORE, SessionOpened};
use crate::app::edge::Edge;
use crate::app::gate::Door;
use crate::app::redeem_return_link::redeem_return_link;
use crate::domain::origin::with_token;
use crate::domain::token::Token;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use fault::{Kind, Result};
use rpc::notifier::ResolveReturnLinkRequest;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Leads to the page where the widget stands, with the token in the fragment, which no server sees.
#[utoipa::path(get, path = "/r/{link}", tag = "return link",
    params(("link" = String, Path, description = "<workspace>.<token>")),
    responses((status = 303, description = "To the page, with #homing=<workspace>.<token>"),
        (status = 404, description = "A page that says that the link is no longer valid")))]
pub async fn follow_return_link(State(edge): State<Arc<Edge>>, Path(link): Path<String>) -> Response {
    let answer = match resolve(&edge, &link).await {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(fault) if matches!(fault.kind(), Kind::NotFound | Kind::InvalidArgument) => {
            html(StatusCode::NOT_FOUND, LINK_GONE)
        }
        Err(fault) => Problem(fault).into_response(),
    };
    (
        [
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "no-store"),
        ],
        answer,
    )
        .into_response()
}

async fn resolve(edge: &Edge, link: &str) -> Result<String> {
    let link = Token::parse(link, "link")?;
    let request = ResolveReturnLinkRequest {
        workspace: link.workspace().to_string(),
        token: link.secret().into(),
    };
    let page = edge.follow_ups.resolve_return_link(request).await?.page_url;
    let token = link.expose();
    // Where no page is known, our own page shows the conversation.
    Ok(with_token(&page, &token).unwrap_or_else(|_| format!("{}/chat#homing={token}", edge.settings.public_url)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedeemReturnLink {
    /// What follows `#homing=`.
    #[schema(example = "acme.AAAAAAAAAAAAAAAAAAAAAA")]
    token: String,
}

/// Redeems a return link for a session that sees its conversation only.
#[utoipa::path(post, path = "/v1/return", tag = "return link", request_body = RedeemReturnLink,
    responses((status = 200, body = SessionOpened),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn post_return(
    State(edge): State<Arc<Edge>>,
    Address(address): Address,
    Origin(origin): Origin,
    Body(body): Body<RedeemReturnLink>,
) -> Answer<impl IntoResponse> {
    let link = Token::parse(&body.token, "token")?;
    edge.gate.pass(Door::Session, address, edge.age())?;
    let (token, session) = redeem_return_link(&edge, &link, origin.as_deref()).await?;
    Ok((NO_STORE, Json(SessionOpened::new(&token, &session))))
}
