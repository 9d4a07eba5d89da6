//! OpeningHoursService: from messages to use cases and back.

use crate::app::App;
use domain::{OpenRange, OpeningHours, TeamId, WorkspaceId};
use events::{instant, stamp};
use fault::{Fault, Result};
use jiff::civil::Date;
use rpc::conversation::opening_hours_service_server::OpeningHoursService;
use rpc::conversation::{self as proto, DayHours, SpecialDay};
use std::collections::BTreeMap;
use tonic::{Request, Response, Status};

type Reply<T> = Result<Response<T>, Status>;

/// The rpcs of opening hours.
#[derive(Debug, Clone)]
pub struct Openings {
    app: App,
}

impl Openings {
    pub fn new(app: App) -> Self {
        Self { app }
    }

    async fn set_opening_hours(
        &self,
        request: proto::SetOpeningHoursRequest,
    ) -> Result<proto::SetOpeningHoursResponse> {
        let (workspace, team) = place(&request.workspace, &request.team)?;
        let hours = request.hours.map(hours).transpose()?;
        let version = self
            .app
            .set_opening_hours(&workspace, &team, hours.as_ref(), request.version)
            .await?;
        Ok(proto::SetOpeningHoursResponse { version })
    }

    async fn get_opening_hours(
        &self,
        request: proto::GetOpeningHoursRequest,
    ) -> Result<proto::GetOpeningHoursResponse> {
        let (workspace, team) = place(&request.workspace, &request.team)?;
        let (hours, version) = self.app.get_opening_hours(&workspace, &team).await?;
        Ok(proto::GetOpeningHoursResponse {
            hours: hours.as_ref().map(on_wire),
            version,
        })
    }

    async fn get_opening(&self, request: proto::GetOpeningRequest) -> Result<proto::GetOpeningResponse> {
        let (workspace, team) = place(&request.workspace, &request.team)?;
        let at = match request.at {
            None => None,
            given => Some(instant(given).ok_or_else(|| Fault::invalid("at", "is no moment"))?),
        };
        let (opening, version) = self.app.get_opening(&workspace, &team, at).await?;
        Ok(proto::GetOpeningResponse {
            open: opening.open,
            until: opening.until.map(stamp),
            version,
        })
    }
}

fn place(workspace: &str, team: &str) -> Result<(WorkspaceId, TeamId)> {
    Ok((WorkspaceId::parse(workspace)?, TeamId::parse(team)?))
}

fn hours(wire: proto::OpeningHours) -> Result<OpeningHours> {
    let day = |field: &'static str, day: Option<DayHours>| ranges(field, &day.unwrap_or_default().ranges);
    let week = [
        day("hours.monday", wire.monday)?,
        day("hours.tuesday", wire.tuesday)?,
        day("hours.wednesday", wire.wednesday)?,
        day("hours.thursday", wire.thursday)?,
        day("hours.friday", wire.friday)?,
        day("hours.saturday", wire.saturday)?,
        day("hours.sunday", wire.sunday)?,
    ];
    let mut special = BTreeMap::new();
    for SpecialDay { date, ranges: words } in wire.special_days {
        let wrong = |remedy: String| Fault::invalid("hours.special_days", remedy);
        let day: Date = date
            .parse()
            .map_err(|_| wrong("needs dates of the form 2026-12-25".to_owned()))?;
        if special.insert(day, ranges("hours.special_days", &words)?).is_some() {
            return Err(wrong(format!("names {day} twice; put all of its ranges in one")));
        }
    }
    OpeningHours::new(&wire.time_zone, week, special).map_err(|wrong| {
        let field = match wrong.field {
            "time_zone" => "hours.time_zone",
            "week" => "hours",
            _ => "hours.special_days",
        };
        wrong.of(field).into()
    })
}

fn ranges(field: &'static str, words: &[String]) -> Result<Vec<OpenRange>> {
    let ranges: Result<Vec<_>, _> = words.iter().map(|word| OpenRange::parse(word)).collect();
    ranges.map_err(|wrong| wrong.of(field).into())
}

fn on_wire(hours: &OpeningHours) -> proto::OpeningHours {
    let words = |ranges: &[OpenRange]| ranges.iter().map(OpenRange::to_string).collect::<Vec<_>>();
    let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = hours
        .week()
        .each_ref()
        .map(|ranges| Some(DayHours { ranges: words(ranges) }));
    let special = hours.special().iter().map(|(day, ranges)| SpecialDay {
        date: day.to_string(),
        ranges: words(ranges),
    });
    proto::OpeningHours {
        time_zone: hours.zone_name().to_owned(),
        monday,
        tuesday,
        wednesday,
        thursday,
        friday,
        saturday,
        sunday,
        special_days: special.collect(),
    }
}

macro_rules! answers {
    ($($rpc:ident: $request:ident -> $response:ident;)+) => {
        #[tonic::async_trait]
        impl OpeningHoursService for Openings {
            $(async fn $rpc(&self, request: Request<proto::$request>) -> Reply<proto::$response> {
                rpc::answer(self.$rpc(request.into_inner()).await)
            })+
        }
    };
}

answers! {
    set_opening_hours: SetOpeningHoursRequest -> SetOpeningHoursResponse;
    get_opening_hours: GetOpeningHoursRequest -> GetOpeningHoursResponse;
    get_opening: GetOpeningRequest -> GetOpeningResponse;
}
