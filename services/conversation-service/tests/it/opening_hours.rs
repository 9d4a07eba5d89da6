//! When teams can be reached.

use crate::Tested;
use crate::world::{World, why};
use events::{instant, stamp};
use rpc::conversation::opening_hours_service_client::OpeningHoursServiceClient;
use rpc::conversation::{self as proto, DayHours, SpecialDay};
use tonic::transport::Channel;

const OFFICE: &[&str] = &["09:00-12:00", "13:00-17:00"];

fn day(ranges: &[&str]) -> Option<DayHours> {
    Some(DayHours {
        ranges: ranges.iter().map(|range| (*range).to_owned()).collect(),
    })
}

fn office() -> proto::OpeningHours {
    proto::OpeningHours {
        time_zone: "Europe/Warsaw".into(),
        monday: day(OFFICE),
        tuesday: day(OFFICE),
        wednesday: day(OFFICE),
        thursday: day(OFFICE),
        friday: day(&["18:00-26:00"]),
        saturday: day(&[]),
        sunday: day(&[]),
        special_days: vec![SpecialDay {
            date: "2026-01-06".into(),
            ranges: Vec::new(),
        }],
    }
}

fn set(workspace: &str, hours: Option<proto::OpeningHours>, version: u64) -> proto::SetOpeningHoursRequest {
    proto::SetOpeningHoursRequest {
        workspace: workspace.into(),
        team: "parcels".into(),
        hours,
        version,
    }
}

fn get(workspace: &str) -> proto::GetOpeningHoursRequest {
    proto::GetOpeningHoursRequest {
        workspace: workspace.into(),
        team: "parcels".into(),
    }
}

/// A workspace with the team `parcels`.
async fn world() -> anyhow::Result<(World, OpeningHoursServiceClient<Channel>)> {
    let world = World::new().await?;
    let team = proto::CreateTeamRequest {
        workspace: "acme".into(),
        team: "parcels".into(),
        name: "Parcels".into(),
    };
    world.workspaces.clone().create_team(team).await?;
    let openings = OpeningHoursServiceClient::new(rpc::connect(&format!("http://{}", world.running.grpc))?);
    Ok((world, openings))
}

/// Whether `parcels` is open, and until when that stays so.
async fn opening(
    openings: &mut OpeningHoursServiceClient<Channel>,
    at: Option<&str>,
) -> anyhow::Result<(bool, Option<String>)> {
    let at = at.map(str::parse::<domain::Timestamp>).transpose()?;
    let request = proto::GetOpeningRequest {
        workspace: "acme".into(),
        team: "parcels".into(),
        at: at.map(stamp),
    };
    let told = openings.get_opening(request).await?.into_inner();
    Ok((told.open, instant(told.until).map(|until| until.to_string())))
}

#[tokio::test]
async fn a_team_is_open_in_its_hours_and_always_without_any() -> Tested {
    let (world, mut openings) = world().await?;
    assert_eq!(opening(&mut openings, None).await?, (true, None));
    let first = openings.set_opening_hours(set("acme", Some(office()), 0)).await?;
    assert_eq!(first.into_inner().version, 1);
    let kept = openings.get_opening_hours(get("acme")).await?.into_inner();
    assert_eq!((kept.hours, kept.version), (Some(office()), 1));
    for (at, open, until) in [
        ("2026-01-05T07:59:59Z", false, "2026-01-05T08:00:00Z"),
        ("2026-01-05T08:00:00Z", true, "2026-01-05T11:00:00Z"),
        // The holiday.
        ("2026-01-05T16:00:00Z", false, "2026-01-07T08:00:00Z"),
        // Friday's evening ends on Saturday.
        ("2026-01-09T23:30:00Z", true, "2026-01-10T01:00:00Z"),
    ] {
        let expected = (open, Some(until.to_owned()));
        assert_eq!(opening(&mut openings, Some(at)).await?, expected, "{at}");
    }
    world.clock.set("2026-01-12T10:00:00Z".parse()?);
    assert_eq!(
        opening(&mut openings, None).await?,
        (true, Some("2026-01-12T11:00:00Z".into()))
    );
    let none = openings.set_opening_hours(set("acme", None, 1)).await?.into_inner();
    assert_eq!((none.version, opening(&mut openings, None).await?), (2, (true, None)));
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_change_needs_the_present_version_and_the_same_again_is_none() -> Tested {
    let (world, mut openings) = world().await?;
    openings.set_opening_hours(set("acme", Some(office()), 0)).await?;
    let again = openings.set_opening_hours(set("acme", Some(office()), 1)).await?;
    assert_eq!(again.into_inner().version, 1);
    let mut later = office();
    later.monday = day(&["10:00-18:00"]);
    let next = openings.set_opening_hours(set("acme", Some(later.clone()), 1)).await?;
    assert_eq!(next.into_inner().version, 2);
    let stale = openings.set_opening_hours(set("acme", Some(office()), 1)).await;
    assert_eq!(why(stale), ("conversation.version", "version".into()));
    let kept = openings.get_opening_hours(get("acme")).await?.into_inner();
    assert_eq!(kept.hours, Some(later));
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_with_hours_is_named_and_nothing_is_kept() -> Tested {
    let (world, mut openings) = world().await?;
    let changed = |change: fn(&mut proto::OpeningHours)| {
        let mut hours = office();
        change(&mut hours);
        hours
    };
    for (hours, field) in [
        (changed(|hours| hours.time_zone = "Mars/Base".into()), "hours.time_zone"),
        (changed(|hours| hours.monday = day(&["17:00-09:00"])), "hours.monday"),
        (changed(|hours| hours.sunday = day(&["9-17"])), "hours.sunday"),
        (
            changed(|hours| hours.monday = day(&["09:00-12:00", "11:00-13:00"])),
            "hours",
        ),
        (changed(|hours| hours.saturday = day(&["01:00-03:00"])), "hours"),
        (
            changed(|hours| hours.special_days[0].date = "6 January".into()),
            "hours.special_days",
        ),
        (
            changed(|hours| hours.special_days.push(hours.special_days[0].clone())),
            "hours.special_days",
        ),
    ] {
        let refused = openings.set_opening_hours(set("acme", Some(hours), 0)).await;
        assert_eq!(why(refused), ("request.invalid", field.into()));
    }
    assert_eq!(openings.get_opening_hours(get("acme")).await?.into_inner().version, 0);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn another_workspace_has_no_such_team() -> Tested {
    let (world, mut openings) = world().await?;
    world.set_up("bolt").await?;
    openings.set_opening_hours(set("acme", Some(office()), 0)).await?;
    let at = proto::GetOpeningRequest {
        workspace: "bolt".into(),
        team: "parcels".into(),
        at: None,
    };
    let missing = ("request.not_found", "team".to_owned());
    assert_eq!(why(openings.get_opening_hours(get("bolt")).await), missing);
    assert_eq!(why(openings.get_opening(at).await), missing);
    assert_eq!(why(openings.set_opening_hours(set("bolt", None, 0)).await), missing);
    assert_eq!(openings.get_opening_hours(get("acme")).await?.into_inner().version, 1);
    world.end().await;
    Ok(())
}
