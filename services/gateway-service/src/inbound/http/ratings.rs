//! What customers answered when asked how the help was.

use super::extract::{May, Params, Read};
use super::problem::Answer;
use super::wire::{optional, time};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::State;
use rpc::conversation as wire;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListRatings {
    /// 1 to 200; 50 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
}

/// What a customer answered.
#[derive(Serialize, ToSchema)]
pub struct Rating {
    /// UUID.
    conversation: String,
    /// Of the customer's message.
    seq: u64,
    /// Slug of who had answered last.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    /// 1 (bad) to 5 (very good).
    rating: u32,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

/// A page of ratings.
#[derive(Serialize, ToSchema)]
pub struct RatingPage {
    ratings: Vec<Rating>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// Ratings, newest first.
#[utoipa::path(get, path = "/v1/ratings", tag = "conversations", params(ListRatings),
    security(("api_token" = ["read"])), responses((status = 200, body = RatingPage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_ratings(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Params(params): Params<ListRatings>,
) -> Answer<Json<RatingPage>> {
    let request = wire::ListRatingsRequest {
        workspace: caller.workspace.to_string(),
        page_size: params.page_size,
        page_token: params.page_token,
    };
    let page = edge.conversations.list_ratings(request).await?;
    let ratings = page.ratings.into_iter().map(|found| Rating {
        conversation: found.conversation,
        seq: found.seq,
        agent: optional(found.agent),
        rating: found.rating,
        at: time(found.at),
    });
    Ok(Json(RatingPage {
        ratings: ratings.collect(),
        next_page_token: optional(page.next_page_token),
    }))
}
