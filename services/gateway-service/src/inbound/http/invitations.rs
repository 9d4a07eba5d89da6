//! What became of visitors whom a channel asked, or told an agent of.

use super::extract::{May, Params, Read};
use super::problem::Answer;
use super::wire::{optional, time, word};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::State;
use domain::{ChannelId, VisitorId};
use rpc::routing::{self as wire, ListInvitationsRequest};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListInvitations {
    /// Only of this channel.
    channel: Option<String>,
    /// Only of this visitor. UUID.
    visitor: Option<String>,
    /// 1 to 500; 100 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
}

/// An invitation.
#[derive(Serialize, ToSchema)]
pub struct Invitation {
    /// UUID.
    invitation: String,
    channel: String,
    visitor: String,
    /// with_invitation or without_invitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    /// offered, shown, accepted, declined, expired, form, queued, alerted, serving, ended or abandoned.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    version: u64,
    /// Name of the rule that made it.
    rule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    greeting: Option<String>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    offered_at: Option<String>,
    /// When it came into this state.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<String>,
    /// Absent unless it waits for the visitor's answer.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// In the queue; absent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    /// Absent before somebody wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<String>,
    /// Who serves it; absent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
}

impl From<wire::Invitation> for Invitation {
    fn from(found: wire::Invitation) -> Self {
        Self {
            mode: word(found.mode().as_str_name(), "PROACTIVE_MODE_"),
            state: word(found.state().as_str_name(), "INVITATION_STATE_"),
            invitation: found.invitation,
            channel: found.channel,
            visitor: found.visitor,
            version: found.version,
            rule: found.rule,
            greeting: optional(found.greeting),
            offered_at: time(found.offered_at),
            changed_at: time(found.changed_at),
            expires_at: time(found.expires_at),
            request: optional(found.request),
            conversation: optional(found.conversation),
            agent: optional(found.agent),
        }
    }
}

/// A page of invitations.
#[derive(Serialize, ToSchema)]
pub struct InvitationPage {
    invitations: Vec<Invitation>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// Invitations, newest first.
#[utoipa::path(get, path = "/v1/invitations", tag = "queue", params(ListInvitations), security(("api_token" = ["read"])),
    responses((status = 200, body = InvitationPage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_invitations(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Params(params): Params<ListInvitations>,
) -> Answer<Json<InvitationPage>> {
    let channel = params.channel.map(|channel| ChannelId::parse(&channel)).transpose()?;
    let visitor = params.visitor.map(|visitor| VisitorId::parse(&visitor)).transpose()?;
    let request = ListInvitationsRequest {
        visitor: visitor.map(|visitor| visitor.to_string()).unwrap_or_default(),
        workspace: caller.workspace.to_string(),
        channel: channel.map(|channel| channel.to_string()).unwrap_or_default(),
        page_size: params.page_size,
        page_token: params.page_token,
    };
    let page = edge.routing.list_invitations(request).await?;
    Ok(Json(InvitationPage {
        invitations: page.invitations.into_iter().map(Invitation::from).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}
