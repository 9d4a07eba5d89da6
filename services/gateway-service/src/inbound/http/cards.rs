//! Structured messages of agents that a shop acts on.

use super::conversations::resolve_name;
use super::extract::{Body, May, Read, Write};
use super::problem::Answer;
use super::wire::optional;
use crate::app::edge::Edge;
use crate::domain::card::{Card, CardShown};
use axum::Json;
use axum::extract::{Path, State};
use domain::AgentId;
use fault::Fault;
use rpc::conversation as wire;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "client_id": "card-1",
    "agent": "ana",
    "card": { "kind": "payment", "title": "Order 1207", "reference": "1207", "amount_minor": 12900, "currency": "PLN" }
}))]
pub struct SendCard {
    /// 1 to 100 characters; the same again answers the stored one.
    client_id: String,
    /// Slug of the agent who says it.
    agent: String,
    card: Card,
}

/// A card that was said.
#[derive(Serialize, ToSchema)]
pub struct SentCard {
    /// UUID: the subject of the event card_outcome.
    card: String,
    /// Of its message.
    seq: u64,
}

/// Says a card in a conversation, as a message of the agent: a product, an order to put together, or a request to pay. The shop's
/// integration hears of it by the fact card.changed, and tells what came of it as the event card_outcome.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/cards", tag = "conversations",
    params(("conversation" = String, Path, description = "UUID or number")), request_body = SendCard,
    security(("api_token" = ["write"])), responses((status = 200, body = SentCard),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn send_card(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path(name): Path<String>,
    Body(body): Body<SendCard>,
) -> Answer<Json<SentCard>> {
    let request = wire::SendCardRequest {
        workspace: caller.workspace.to_string(),
        conversation: resolve_name(&edge, &caller, &name).await?,
        client_id: body.client_id,
        agent: AgentId::parse(&body.agent)?.to_string(),
        card: Some(body.card.on_wire()),
    };
    let said = edge.conversations.send_card(request).await?;
    Ok(Json(SentCard {
        card: said.card,
        seq: said.seq,
    }))
}

/// A card where it was said.
#[derive(Serialize, ToSchema)]
pub struct CardInPlace {
    /// UUID.
    conversation: String,
    /// Of its message.
    seq: u64,
    /// Who said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    #[serde(flatten)]
    shown: CardShown,
}

/// A card, and what came of it.
#[utoipa::path(get, path = "/v1/cards/{card}", tag = "conversations",
    params(("card" = String, Path, description = "UUID")), security(("api_token" = ["read"])),
    responses((status = 200, body = CardInPlace),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_card(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Path(card): Path<String>,
) -> Answer<Json<CardInPlace>> {
    let request = wire::GetCardRequest {
        workspace: caller.workspace.to_string(),
        card,
    };
    let found = edge.conversations.get_card(request).await?;
    let shown = found.card.and_then(CardShown::of_wire);
    Ok(Json(CardInPlace {
        conversation: found.conversation,
        seq: found.seq,
        agent: optional(found.agent),
        shown: shown.ok_or_else(|| Fault::internal("GetCard answered without its card"))?,
    }))
}
