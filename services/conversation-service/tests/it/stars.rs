//! Conversations that agents starred, and the reminders of them.

use crate::Tested;
use crate::world::{SOON, World, why};
use domain::{Clock, Timestamp};
use events::event::ReminderDue;
use fault::Kind;
use jiff::SignedDuration;
use rpc::conversation::star_service_client::StarServiceClient;
use rpc::conversation::{self as proto, Star};
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use testkit::eventually;
use tonic::transport::Channel;
use tonic::{Response, Status};

const HOUR: Duration = Duration::from_secs(3600);

type Stars = StarServiceClient<Channel>;

async fn world() -> anyhow::Result<(World, Stars)> {
    let world = World::new().await?;
    let channel = rpc::connect(&format!("http://{}", world.running.grpc))?;
    Ok((world, StarServiceClient::new(channel)))
}

/// `anna`'s, in `acme`, with a reminder so many hours from now.
fn wish(world: &World, conversation: &str, hours: Option<i64>) -> proto::SetStarRequest {
    let at = |hours| world.clock.now() + SignedDuration::from_hours(hours);
    wish_at(conversation, hours.map(at))
}

fn wish_at(conversation: &str, at: Option<Timestamp>) -> proto::SetStarRequest {
    proto::SetStarRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
        agent: "anna".into(),
        remind_at: at.map(events::stamp),
        note: String::new(),
    }
}

async fn set(stars: &Stars, wish: proto::SetStarRequest) -> Result<Star, Status> {
    let set = stars.clone().set_star(wish).await?.into_inner();
    Ok(set.star.expect("a star"))
}

async fn starred(
    stars: &Stars,
    workspace: &str,
    page_size: u32,
    page_token: &str,
) -> Result<(Vec<Star>, String), Status> {
    let request = proto::ListStarredRequest {
        workspace: workspace.into(),
        agent: "anna".into(),
        page_size,
        page_token: page_token.into(),
    };
    let page = stars.clone().list_starred(request).await.map(Response::into_inner)?;
    Ok((page.stars, page.next_page_token))
}

async fn remove(stars: &Stars, conversation: &str) -> Result<(), Status> {
    let request = proto::RemoveStarRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
        agent: "anna".into(),
    };
    stars.clone().remove_star(request).await.map(drop)
}

/// Waits until so many reminders stand as told.
async fn told(world: &World, expected: i64) -> Tested {
    let count = async || {
        let mut db = PgConnection::connect(&world.database.admin_url()).await.ok()?;
        let count = sqlx::query_scalar("SELECT count(*) FROM star WHERE reminded_at IS NOT NULL AND due_at IS NULL");
        let count: i64 = count.fetch_one(&mut db).await.ok()?;
        (count == expected).then_some(())
    };
    Ok(eventually(format!("{expected} reminders"), SOON, count).await?)
}

#[tokio::test]
async fn an_agent_stars_conversations_lists_them_and_takes_stars_away() -> Tested {
    let (world, stars) = world().await?;
    let mut started = Vec::new();
    for n in 1..=3 {
        started.push(world.start(&format!("r-{n}")).await?.conversation);
    }
    let first = proto::SetStarRequest {
        note: " call back ".into(),
        ..wish(&world, &started[0], Some(1))
    };
    let star = set(&stars, first.clone()).await?;
    assert_eq!((star.number, star.note.as_str(), star.version), (1, "call back", 1));
    assert_eq!((star.remind_at, &star.reminded_at), (first.remind_at, &None));
    // Two at once, both a repetition.
    let (again, twice) = tokio::join!(set(&stars, first.clone()), set(&stars, first));
    assert_eq!((again?, twice?), (star.clone(), star.clone()));
    for conversation in &started[1..] {
        set(&stars, wish(&world, conversation, None)).await?;
    }
    let (page, next) = starred(&stars, "acme", 2, "").await?;
    assert_eq!(page.iter().map(|one| one.number).collect::<Vec<_>>(), [3, 2]);
    let (rest, end) = starred(&stars, "acme", 2, &next).await?;
    assert_eq!((rest, end.as_str()), (vec![star], ""));

    let bare = set(&stars, wish(&world, &started[0], None)).await?;
    assert_eq!((bare.note.as_str(), bare.remind_at, bare.version), ("", None, 2));
    for _ in 0..2 {
        remove(&stars, &started[0]).await?;
    }
    assert_eq!(starred(&stars, "acme", 0, "").await?.0.len(), 2);
    let back = set(&stars, wish(&world, &started[0], None)).await?;
    assert_eq!(back.version, 4, "versions go on where they were");
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn impossible_stars_are_refused_by_their_field_and_another_workspace_sees_none() -> Tested {
    let (world, stars) = world().await?;
    let conversation = world.start("r-1").await?.conversation;
    let good = || wish(&world, &conversation, Some(1));
    let now = world.clock.now();
    let far = now + SignedDuration::from_hours(400 * 24 + 1);
    let refusals = [
        (wish_at(&conversation, Some(now)), "request.invalid", "remind_at"),
        (wish_at(&conversation, Some(far)), "request.invalid", "remind_at"),
        (
            proto::SetStarRequest {
                note: "x".repeat(201),
                ..good()
            },
            "request.invalid",
            "note",
        ),
        (
            proto::SetStarRequest {
                agent: "nobody".into(),
                ..good()
            },
            "request.invalid",
            "agent",
        ),
        (
            proto::SetStarRequest {
                conversation: "018f4e3a-0000-7000-8000-000000000001".into(),
                ..good()
            },
            "request.not_found",
            "conversation",
        ),
    ];
    for (wish, code, field) in refusals {
        assert_eq!(why(set(&stars, wish).await), (code, field.into()));
    }
    set(&stars, good()).await?;
    world.set_up("bolt").await?;
    let foreign = proto::SetStarRequest {
        workspace: "bolt".into(),
        ..good()
    };
    assert_eq!(
        why(set(&stars, foreign).await),
        ("request.not_found", "conversation".into())
    );
    let gone = proto::RemoveStarRequest {
        workspace: "bolt".into(),
        conversation: conversation.clone(),
        agent: "anna".into(),
    };
    assert_eq!(
        why(stars.clone().remove_star(gone).await),
        ("request.not_found", "conversation".into())
    );
    assert!(starred(&stars, "bolt", 0, "").await?.0.is_empty());
    assert_eq!(starred(&stars, "acme", 0, "").await?.0.len(), 1);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_reminder_is_told_once_at_its_time_and_again_when_it_is_moved() -> Tested {
    let (world, stars) = world().await?;
    let conversation = world.start("r-1").await?.conversation;
    set(&stars, wish(&world, &conversation, Some(1))).await?;
    let moved = set(&stars, wish(&world, &conversation, Some(2))).await?;
    world.clock.advance(HOUR);
    // Whoever looked at the first time has found nothing to tell: this one is told after it.
    let other = world.start("r-2").await?.conversation;
    set(
        &stars,
        wish_at(&other, Some(world.clock.now() + SignedDuration::from_secs(1))),
    )
    .await?;
    world.clock.advance(Duration::from_secs(1));
    told(&world, 1).await?;
    let first = world.facts::<ReminderDue>(1).await?;
    assert_eq!((&first[0].conversation, first[0].agent.as_str()), (&other, "anna"));

    world.clock.advance(HOUR);
    told(&world, 2).await?;
    let facts = world.facts::<ReminderDue>(2).await?;
    let second = &facts[1];
    assert_eq!(
        (&second.conversation, second.version),
        (&conversation, moved.version + 1)
    );
    let (listed, _) = starred(&stars, "acme", 0, "").await?;
    let star = listed.iter().find(|one| one.conversation == conversation);
    let reminded_at = star.and_then(|one| one.reminded_at);
    assert_eq!(
        (reminded_at, star.map(|one| one.version)),
        (second.at, Some(second.version))
    );
    // The time that was told is past, and may stay; another one is told anew.
    let same = proto::SetStarRequest {
        note: "called".into(),
        ..wish_at(&conversation, events::instant(moved.remind_at))
    };
    assert_eq!(set(&stars, same).await?.reminded_at, second.at);
    let later = set(&stars, wish(&world, &conversation, Some(1))).await?;
    assert_eq!(later.reminded_at, None);
    // Nobody is reminded of what they starred no more.
    remove(&stars, &other).await?;
    world.clock.advance(HOUR);
    told(&world, 1).await?;
    let facts = world.facts::<ReminderDue>(3).await?;
    assert_eq!(facts[2].version, later.version + 1);
    world.end().await;
    Ok(())
}

/// What `anna` was reminded of, as her console asks for it.
async fn reminders(stars: &Stars, workspace: &str) -> Result<Vec<(u64, u64)>, Status> {
    let request = proto::ListRemindersRequest {
        workspace: workspace.into(),
        agent: "anna".into(),
    };
    let told = stars.clone().list_reminders(request).await?.into_inner().stars;
    Ok(told.into_iter().map(|star| (star.number, star.version)).collect())
}

#[tokio::test]
async fn a_console_is_told_of_the_reminders_that_stand_the_latest_first() -> Tested {
    let (world, stars) = world().await?;
    let mut started = Vec::new();
    for number in 1..=3 {
        let conversation = world.start(&format!("r-{number}")).await?.conversation;
        set(&stars, wish(&world, &conversation, Some(number))).await?;
        started.push(conversation);
    }
    assert!(reminders(&stars, "acme").await?.is_empty(), "none was told yet");
    for number in 1..=2 {
        world.clock.advance(HOUR);
        told(&world, number).await?;
    }
    assert_eq!(reminders(&stars, "acme").await?, [(2, 2), (1, 2)]);
    world.set_up("bolt").await?;
    assert!(reminders(&stars, "bolt").await?.is_empty());
    // Another time, or no star any more: it stands no more.
    set(&stars, wish(&world, &started[0], Some(1))).await?;
    remove(&stars, &started[1]).await?;
    assert!(reminders(&stars, "acme").await?.is_empty());
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn what_one_process_armed_another_tells_once_also_where_the_one_died_over_it() -> Tested {
    let (world, _) = world().await?;
    let conversation = world.start("r-1").await?.conversation;
    let second = world.replica(12, &[]).await?;
    let stars = StarServiceClient::new(rpc::connect(&format!("http://{}", second.grpc))?);
    set(&stars, wish(&world, &conversation, Some(1))).await?;
    // As a process leaves it that took the row up and died before it told.
    let mut db = PgConnection::connect(&world.database.admin_url()).await?;
    let died = "UPDATE star SET leased_until = due_at + interval '30 s'";
    assert_eq!(sqlx::query(died).execute(&mut db).await?.rows_affected(), 1);
    second.stop().await;
    let third = world.replica(13, &[]).await?;
    world.clock.advance(HOUR + Duration::from_secs(29));
    let early: i64 = sqlx::query_scalar("SELECT count(*) FROM star WHERE reminded_at IS NOT NULL")
        .fetch_one(&mut db)
        .await?;
    assert_eq!(early, 0, "who took it up may still be at it");
    world.clock.advance(Duration::from_secs(1));
    told(&world, 1).await?;
    // Another one follows it through both processes that are left.
    let next = world.start("r-2").await?.conversation;
    let stars = StarServiceClient::new(rpc::connect(&format!("http://{}", third.grpc))?);
    set(&stars, wish(&world, &next, Some(1))).await?;
    world.clock.advance(HOUR);
    told(&world, 2).await?;
    let facts = world.facts::<ReminderDue>(2).await?;
    assert_eq!((&facts[0].conversation, &facts[1].conversation), (&conversation, &next));
    third.stop().await;
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn of_who_is_erased_no_star_is_left_nor_told_and_an_export_holds_it() -> Tested {
    let (world, stars) = world().await?;
    let [gone, stays] = [
        world.start("r-1").await?.conversation,
        world.start("r-2").await?.conversation,
    ];
    let noted = |conversation: &str, note: &str| proto::SetStarRequest {
        note: note.into(),
        ..wish(&world, conversation, Some(1))
    };
    set(&stars, noted(&gone, "canary note")).await?;
    set(&stars, noted(&stays, "another")).await?;
    let export = proto::ExportPersonRequest {
        workspace: "acme".into(),
        conversations: vec![gone.clone()],
        ..Default::default()
    };
    let entries = world.persons.clone().export_person(export).await?.into_inner().entries;
    let of_stars: Vec<_> = entries.iter().filter(|entry| entry.contains("canary note")).collect();
    assert_eq!(of_stars.len(), 1);
    assert!(
        of_stars[0].contains("\"kind\":\"star\"") && of_stars[0].contains("anna"),
        "{of_stars:?}"
    );
    let erase = proto::ErasePersonRequest {
        workspace: "acme".into(),
        conversations: vec![gone.clone()],
    };
    world.persons.clone().erase_person(erase).await?;
    let left = world.database.rows_of("acme").await?;
    assert!(left.values().all(|rows| !rows.contains("canary")), "{left:?}");
    let refused = set(&stars, noted(&gone, "")).await;
    assert_eq!(why(refused), ("conversation.erased", "conversation".into()));
    world.clock.advance(HOUR);
    let found = async || (world.facts::<ReminderDue>(1).await.ok()?[0].conversation == stays).then_some(());
    eventually("the other reminder", SOON, found).await?;
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_reminder_is_given_for_its_mail_once_it_was_told_and_while_it_stands() -> Tested {
    let (world, stars) = world().await?;
    let conversation = world.start("r-1").await?;
    let email = proto::UpdateAgentRequest {
        workspace: "acme".into(),
        agent: Some(proto::Agent {
            agent: "anna".into(),
            email: "anna@acme.example".into(),
            ..Default::default()
        }),
        mask: Some(prost_types::FieldMask {
            paths: vec!["email".into()],
        }),
    };
    world.workspaces.clone().update_agent(email).await?;
    let asked = |workspace: &str| proto::GetReminderRequest {
        workspace: workspace.into(),
        conversation: conversation.conversation.clone(),
        agent: "anna".into(),
    };
    let get = async |workspace: &str| {
        let got = stars.clone().get_reminder(asked(workspace)).await;
        got.map(Response::into_inner)
            .map_err(|status| rpc::from_status(&status).kind())
    };
    let noted = proto::SetStarRequest {
        note: "call back".into(),
        ..wish(&world, &conversation.conversation, Some(1))
    };
    set(&stars, noted).await?;
    assert_eq!(get("acme").await, Err(Kind::NotFound), "it was not told yet");
    world.clock.advance(HOUR);
    told(&world, 1).await?;
    let reminder = get("acme").await.expect("a reminder");
    assert_eq!(
        (reminder.number, reminder.note.as_str(), reminder.email.as_str()),
        (conversation.number, "call back", "anna@acme.example")
    );
    let settings = reminder.settings.expect("the channel's");
    assert_eq!(settings.language, "en");
    assert_eq!(reminder.link, "", "nobody has said where the console is");
    let console = proto::UpdateWorkspaceRequest {
        workspace: Some(proto::Workspace {
            workspace: "acme".into(),
            console_url: "https://desk.example/c/{conversation}?n={number}".into(),
            ..Default::default()
        }),
        mask: Some(prost_types::FieldMask {
            paths: vec!["console_url".into()],
        }),
        version: 0,
    };
    world.workspaces.clone().update_workspace(console).await?;
    let link = format!(
        "https://desk.example/c/{}?n={}",
        conversation.conversation, conversation.number
    );
    assert_eq!(get("acme").await.expect("a reminder").link, link);
    assert_eq!(get("other").await, Err(Kind::NotFound), "another workspace's");
    // Another time: the mail about the one before is not wanted any more.
    set(&stars, wish(&world, &conversation.conversation, Some(1))).await?;
    assert_eq!(get("acme").await, Err(Kind::NotFound));
    remove(&stars, &conversation.conversation).await?;
    assert_eq!(get("acme").await, Err(Kind::NotFound));
    world.end().await;
    Ok(())
}
