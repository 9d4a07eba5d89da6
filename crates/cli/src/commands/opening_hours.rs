//! When teams can be reached, by gRPC to conversation-service.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use rpc::conversation::opening_hours_service_client::OpeningHoursServiceClient;
use rpc::conversation::{
    self as wire, DayHours, GetOpeningHoursRequest, GetOpeningRequest, SetOpeningHoursRequest, SpecialDay,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tonic::transport::Channel;

use super::money::read;
use crate::call::call;
use crate::output::Out;
use crate::stack::{Endpoints, Service};

/// Opening hours as they are printed and read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hours {
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
    /// By date.
    #[serde(default)]
    special_days: BTreeMap<String, Vec<String>>,
}

impl Hours {
    fn new(wire: wire::OpeningHours) -> Self {
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
}

fn client() -> Result<OpeningHoursServiceClient<Channel>> {
    Ok(OpeningHoursServiceClient::new(Endpoints::connect(
        Service::Conversation,
    )?))
}

pub(super) async fn get(out: &Out, workspace: String, team: String) -> Result<()> {
    let told = call!(client()?, get_opening_hours, GetOpeningHoursRequest { workspace, team })?;
    let hours = told.hours.map(Hours::new);
    if out.json() {
        return out.document(&json!({ "hours": hours, "version": told.version }));
    }
    out.line(serde_json::to_string_pretty(&hours)?)
}

pub(super) async fn set(out: &Out, workspace: String, team: String, file: &Path, version: u64) -> Result<()> {
    let text = read(file)?;
    let hours: Option<Hours> =
        serde_json::from_str(&text).with_context(|| format!("{} holds no opening hours", file.display()))?;
    let request = SetOpeningHoursRequest {
        workspace,
        team,
        hours: hours.map(Hours::into_wire),
        version,
    };
    let version = call!(client()?, set_opening_hours, request)?.version;
    if out.json() {
        return out.document(&json!({ "version": version }));
    }
    out.line(format!("version {version}"))
}

pub(super) async fn opening(out: &Out, workspace: String, team: String, at: Option<Timestamp>) -> Result<()> {
    let at = at.map(events::stamp);
    let told = call!(client()?, get_opening, GetOpeningRequest { workspace, team, at })?;
    let until = events::instant(told.until).map(|until| until.to_string());
    if out.json() {
        return out.document(&json!({ "open": told.open, "until": until }));
    }
    let word = if told.open { "open" } else { "closed" };
    match until {
        Some(until) => out.line(format!("{word} until {until}")),
        None => out.line(word),
    }
}
