//! How long contacts and what was said are kept.

use super::extract::{Admin, Body, May};
use super::problem::Answer;
use super::wire::{optional, time};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use fault::{Fault, Result};
use rpc::{contacts, conversation};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// How long something is kept, and how far that was applied.
#[derive(Serialize, ToSchema)]
pub struct Retention {
    /// 0: it is kept.
    days: u32,
    /// Grows by one with each change; 0: it was never set.
    version: u64,
    /// Who set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    set_at: Option<String>,
    /// When all of it was looked at last.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    applied_at: Option<String>,
    /// How many contacts, or conversations, were erased because of it so far.
    erased: u64,
}

/// How long something is to be kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRetention {
    /// 1 to 36500; 0: it is kept.
    days: u32,
    /// The one that was read; 0: whatever it is.
    #[serde(default)]
    version: u64,
}

/// What has a period of its own.
enum Kept {
    Contacts,
    Conversations,
}

impl Kept {
    fn parse(text: &str) -> Result<Self> {
        match text {
            "contacts" => Ok(Self::Contacts),
            "conversations" => Ok(Self::Conversations),
            _ => Err(Fault::invalid("kept", "must be contacts or conversations")),
        }
    }
}

/// How long contacts (of which nothing is heard) or conversations (what was said in them, once they are resolved) are kept.
#[utoipa::path(get, path = "/v1/retention/{kept}", tag = "workspace",
    params(("kept" = String, Path, description = "contacts or conversations")), security(("api_token" = ["admin"])),
    responses((status = 200, body = Retention),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_retention(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(kept): Path<String>,
) -> Answer<Json<Retention>> {
    let workspace = caller.workspace.to_string();
    let found = match Kept::parse(&kept)? {
        Kept::Contacts => {
            let request = contacts::GetRetentionRequest { workspace };
            edge.contacts
                .get_retention(request)
                .await?
                .retention
                .map(Retention::from)
        }
        Kept::Conversations => {
            let request = conversation::GetRetentionRequest { workspace };
            let answer = edge.conversations.get_retention(request).await?;
            answer.retention.map(Retention::from)
        }
    };
    Ok(Json(found.ok_or_else(no_retention)?))
}

/// Sets how long contacts or conversations are kept. What is over already is erased from now on, and there is no way back. A contact of
/// which nothing was heard for so long is erased everywhere, unless a conversation is open; of a conversation that was resolved so long ago
/// the words are deleted.
#[utoipa::path(put, path = "/v1/retention/{kept}", tag = "workspace",
    params(("kept" = String, Path, description = "contacts or conversations")), request_body = SetRetention,
    security(("api_token" = ["admin"])), responses((status = 200, body = Retention),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn set_retention(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(kept): Path<String>,
    Body(body): Body<SetRetention>,
) -> Answer<Json<Retention>> {
    let SetRetention { days, version } = body;
    let (workspace, by) = (caller.workspace.to_string(), caller.by());
    let set = match Kept::parse(&kept)? {
        Kept::Contacts => {
            let request = contacts::SetRetentionRequest {
                workspace,
                days,
                version,
                by,
            };
            edge.contacts
                .set_retention(request)
                .await?
                .retention
                .map(Retention::from)
        }
        Kept::Conversations => {
            let request = conversation::SetRetentionRequest {
                workspace,
                days,
                version,
                by,
            };
            let answer = edge.conversations.set_retention(request).await?;
            answer.retention.map(Retention::from)
        }
    };
    Ok(Json(set.ok_or_else(no_retention)?))
}

fn no_retention() -> Fault {
    Fault::internal("an answer without a period")
}

impl From<contacts::Retention> for Retention {
    fn from(told: contacts::Retention) -> Self {
        Self {
            days: told.days,
            version: told.version,
            by: optional(told.by),
            set_at: time(told.set_at),
            applied_at: time(told.applied_at),
            erased: told.erased,
        }
    }
}

impl From<conversation::Retention> for Retention {
    fn from(told: conversation::Retention) -> Self {
        Self {
            days: told.days,
            version: told.version,
            by: optional(told.by),
            set_at: time(told.set_at),
            applied_at: time(told.applied_at),
            erased: told.erased,
        }
    }
}
