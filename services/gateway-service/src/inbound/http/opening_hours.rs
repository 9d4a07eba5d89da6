//! When teams can be reached.

use super::extract::{Admin, Body, May, Params, Read};
use super::problem::Answer;
use super::wire::{instant, time};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use domain::TeamId;
use rpc::conversation::{
    self as wire, DayHours, GetOpeningHoursRequest, GetOpeningRequest, SetOpeningHoursRequest, SpecialDay,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A week, and days that differ from it. Ranges have the form 09:00-17:00; what runs past midnight counts on from 24:
/// 18:00-26:00. A day without ranges is closed.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpeningHours {
    /// IANA name, for example Europe/Warsaw.
    time_zone: String,
    #[serde(default)]
    monday: Vec<String>,
    #[serde(default)]
    tuesday: Vec<String>,
    #[serde(default)]
    wednesday: Vec<String>,
    #[serde(default)]
    thursday: Vec<String>,
    #[serde(default)]
    friday: Vec<String>,
    #[serde(default)]
    saturday: Vec<String>,
    #[serde(default)]
    sunday: Vec<String>,
    /// Ranges by date (YYYY-MM-DD), instead of the weekday's; at most 400.
    #[serde(
        default,
        deserialize_with = "serde_with::rust::maps_duplicate_key_is_error::deserialize"
    )]
    special_days: BTreeMap<String, Vec<String>>,
}

impl OpeningHours {
    fn into_wire(self) -> wire::OpeningHours {
        let day = |ranges| Some(DayHours { ranges });
        let special = self.special_days.into_iter();
        wire::OpeningHours {
            time_zone: self.time_zone,
            monday: day(self.monday),
            tuesday: day(self.tuesday),
            wednesday: day(self.wednesday),
            thursday: day(self.thursday),
            friday: day(self.friday),
            saturday: day(self.saturday),
            sunday: day(self.sunday),
            special_days: special.map(|(date, ranges)| SpecialDay { date, ranges }).collect(),
        }
    }

    fn of_wire(wire: wire::OpeningHours) -> Self {
        let day = |day: Option<DayHours>| day.unwrap_or_default().ranges;
        let special = wire.special_days.into_iter();
        Self {
            time_zone: wire.time_zone,
            monday: day(wire.monday),
            tuesday: day(wire.tuesday),
            wednesday: day(wire.wednesday),
            thursday: day(wire.thursday),
            friday: day(wire.friday),
            saturday: day(wire.saturday),
            sunday: day(wire.sunday),
            special_days: special.map(|day| (day.date, day.ranges)).collect(),
        }
    }
}

/// The opening hours of a team, with their version.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "hours": {
        "time_zone": "Europe/Warsaw",
        "monday": ["09:00-12:00", "13:00-17:00"],
        "friday": ["18:00-26:00"],
        "special_days": { "2026-12-24": ["09:00-12:00"], "2026-12-25": [] }
    }
}))]
pub struct TeamHours {
    /// null: always open.
    #[serde(deserialize_with = "Option::deserialize")]
    hours: Option<OpeningHours>,
    /// Grows by one with each change; in a change the one that was read, 0: whatever it is.
    #[serde(default)]
    version: u64,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GetOpening {
    /// RFC 3339; now if left out.
    at: Option<String>,
}

/// Whether a team can be reached.
#[derive(Serialize, ToSchema)]
pub struct Opening {
    open: bool,
    /// RFC 3339: open until then, or closed until then. Absent: for the next 400 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time")]
    until: Option<String>,
}

/// A team's opening hours.
#[utoipa::path(get, path = "/v1/teams/{team}/opening-hours", tag = "workspace",
    params(("team" = String, Path)), security(("api_token" = ["read"])), responses((status = 200, body = TeamHours),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_opening_hours(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Path(team): Path<String>,
) -> Answer<Json<TeamHours>> {
    let request = GetOpeningHoursRequest {
        workspace: caller.workspace.to_string(),
        team: TeamId::parse(&team)?.to_string(),
    };
    let answer = edge.conversations.get_opening_hours(request).await?;
    Ok(Json(TeamHours {
        hours: answer.hours.map(OpeningHours::of_wire),
        version: answer.version,
    }))
}

/// Replaces a team's opening hours as a whole; answers with their version.
#[utoipa::path(put, path = "/v1/teams/{team}/opening-hours", tag = "workspace", request_body = TeamHours,
    params(("team" = String, Path)), security(("api_token" = ["admin"])), responses((status = 200, body = HoursVersion),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn set_opening_hours(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(team): Path<String>,
    Body(body): Body<TeamHours>,
) -> Answer<Json<HoursVersion>> {
    let request = SetOpeningHoursRequest {
        workspace: caller.workspace.to_string(),
        team: TeamId::parse(&team)?.to_string(),
        hours: body.hours.map(OpeningHours::into_wire),
        version: body.version,
    };
    let answer = edge.conversations.set_opening_hours(request).await?;
    Ok(Json(HoursVersion {
        version: answer.version,
    }))
}

/// The version that opening hours have now.
#[derive(Serialize, ToSchema)]
pub struct HoursVersion {
    version: u64,
}

/// Whether a team is open, and until when that stays so.
#[utoipa::path(get, path = "/v1/teams/{team}/opening", tag = "workspace", params(("team" = String, Path), GetOpening),
    security(("api_token" = ["read"])), responses((status = 200, body = Opening),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_opening(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Path(team): Path<String>,
    Params(params): Params<GetOpening>,
) -> Answer<Json<Opening>> {
    let request = GetOpeningRequest {
        workspace: caller.workspace.to_string(),
        team: TeamId::parse(&team)?.to_string(),
        at: instant("at", params.at)?.map(events::stamp),
    };
    let answer = edge.conversations.get_opening(request).await?;
    Ok(Json(Opening {
        open: answer.open,
        until: time(answer.until),
    }))
}
