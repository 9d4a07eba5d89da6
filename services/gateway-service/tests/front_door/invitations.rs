//! Chats that a channel starts by itself, as visitors' sockets see them.

use crate::gateway::{PATIENCE, Socket, World, text};
use crate::peers::LINK;
use crate::peers::routing::INVITATION;
use anyhow::Result;
use events::common::AuthorRole;
use events::event::{InvitationState, ProactiveMode};
use rpc::routing::{ConsiderVisitorResponse, Invitation, InvitationAnswer, WatchInvitationResponse};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::eventually;

fn page() -> Value {
    json!({"type": "page", "url": "https://shop.example/pricing", "referrer": "https://search.example/?q=x",
        "visits": 3, "on_site_ms": 40_000})
}

fn invitation(mode: ProactiveMode, state: InvitationState) -> Invitation {
    Invitation {
        invitation: INVITATION.into(),
        channel: "strict".into(),
        mode: mode.into(),
        state: state.into(),
        greeting: "May we help?".into(),
        ..Default::default()
    }
}

/// What ConsiderVisitor answers from now on, and what watchers are told.
fn invite(world: &World, now: Invitation) {
    let mut desk = world.peers.desk();
    desk.consideration = ConsiderVisitorResponse {
        invitation: Some(now.clone()),
        again_ms: 0,
    };
    drop(desk);
    tell(world, now, 0, 0);
}

fn tell(world: &World, now: Invitation, position: u32, wait_seconds: u32) {
    world.peers.desk().invitation.tell(WatchInvitationResponse {
        invitation: Some(now),
        position,
        wait_seconds,
    });
}

async fn answer(socket: &mut Socket, answer: &str) -> Result<()> {
    let frame = json!({"type": "invitation", "invitation": INVITATION, "answer": answer});
    socket.say(frame).await
}

/// The socket reads and works: everything said before was carried out.
async fn settled(socket: &mut Socket) -> Result<()> {
    socket.say(json!({"type": "ping"})).await?;
    socket.expect("pong").await.map(drop)
}

async fn considered(world: &World, times: usize) -> Result<()> {
    let seen = async || (world.peers.desk().considered.len() == times).then_some(());
    Ok(eventually(format!("considered {times} times"), PATIENCE, seen).await?)
}

#[tokio::test]
async fn a_visitor_is_asked_says_yes_and_sees_how_long_it_takes() -> Result<()> {
    let world = World::start().await?;
    let asked = |state| invitation(ProactiveMode::WithInvitation, state);
    invite(&world, asked(InvitationState::Offered));
    let session = world.session("strict").await?;
    let (mut socket, welcome) = world.socket(&session, None).await?;
    socket.say(page()).await?;
    let offered = socket.expect("invitation").await?;
    assert_eq!(
        (&offered["state"], &offered["mode"], &offered["greeting"]),
        (&json!("offered"), &json!("with_invitation"), &json!("May we help?"))
    );
    {
        let desk = world.peers.desk();
        let told = desk.considered[0].page.clone().unwrap_or_default();
        assert_eq!((told.url.as_str(), told.visits), ("https://shop.example/pricing", 3));
        assert_eq!((told.on_page_ms, told.on_site_ms), (0, 40_000));
        assert_eq!(desk.considered[0].visitor, text(&welcome, "visitor")?);
    }
    for (said, meant) in [
        ("shown", InvitationAnswer::Shown),
        ("accepted", InvitationAnswer::Accepted),
    ] {
        answer(&mut socket, said).await?;
        settled(&mut socket).await?;
        let last = world.peers.desk().answers.last().cloned().unwrap_or_default();
        assert_eq!((last.answer(), last.visitor), (meant, text(&welcome, "visitor")?));
    }
    tell(&world, asked(InvitationState::Form), 0, 0);
    let form = socket.expect("invitation").await?;
    let fields = json!([{"key": "phone", "required": true}, {"key": "email", "required": false}]);
    assert_eq!((&form["state"], &form["fields"]), (&json!("form"), &fields));
    // The server refuses what is not filled in, whatever the page lets through.
    let start = |phone: &str| json!({"type": "start", "client_id": "1", "text": "How much?", "phone": phone});
    socket.say(start("")).await?;
    assert_eq!(socket.expect("error").await?["field"], "phone");
    socket.say(start("600 700 800")).await?;
    let conversation = text(&socket.expect("started").await?, "conversation")?;
    socket.expect("message").await?;

    let queued = Invitation {
        conversation: conversation.clone(),
        ..asked(InvitationState::Queued)
    };
    tell(&world, queued.clone(), 2, 90);
    let waits = socket.expect("invitation").await?;
    assert_eq!((&waits["position"], &waits["wait_seconds"]), (&json!(2), &json!(90)));
    // The same again is not told again.
    tell(&world, queued.clone(), 2, 90);
    tell(&world, queued.clone(), 1, 30);
    assert_eq!(socket.expect("invitation").await?["position"], 1);
    let serving = Invitation {
        state: InvitationState::Serving.into(),
        agent: "ann".into(),
        ..queued
    };
    tell(&world, serving.clone(), 0, 0);
    let served = socket.expect("invitation").await?;
    assert_eq!((&served["agent"], &served["position"]), (&json!("ann"), &Value::Null));
    world.peers.answer(&conversation, "x", "Nothing today!").await;
    assert_eq!(socket.expect("message").await?["text"], "Nothing today!");
    let ended = Invitation {
        state: InvitationState::Ended.into(),
        ..serving
    };
    tell(&world, ended, 0, 0);
    assert_eq!(socket.expect("invitation").await?["state"], "ended");
    Ok(())
}

#[tokio::test]
async fn an_agent_speaks_first_and_the_session_enters_their_conversation() -> Result<()> {
    let world = World::start().await?;
    let told = |state| invitation(ProactiveMode::WithoutInvitation, state);
    invite(&world, told(InvitationState::Alerted));
    let session = world.session("web").await?;
    let (mut socket, welcome) = world.socket(&session, None).await?;
    socket.say(page()).await?;
    assert_eq!(socket.expect("invitation").await?["state"], "alerted");
    let spoken = world.peers.open("web", &text(&welcome, "visitor")?).conversation;
    world.peers.store(&spoken, AuthorRole::Agent, "first", "May I help?");
    let serving = |conversation: &str| Invitation {
        conversation: conversation.into(),
        agent: "ann".into(),
        ..told(InvitationState::Serving)
    };
    // While it cannot be looked up, the socket goes on and enters it later.
    world.peers.memory().away = true;
    tell(&world, serving(&spoken), 0, 0);
    assert_eq!(socket.expect("invitation").await?["conversation"], json!(spoken));
    settled(&mut socket).await?;
    world.peers.memory().away = false;
    assert_eq!(socket.expect("message").await?["text"], "May I help?");
    socket
        .say(json!({"type": "message", "client_id": "1", "text": "Yes!"}))
        .await?;
    assert_eq!(socket.expect("posted").await?["seq"], 2);
    socket.expect("message").await?;
    let (_, again) = world.socket(&session, None).await?;
    assert_eq!(again["conversation"], json!(spoken), "the session stays in it");

    let strangers = world
        .peers
        .open("web", "018f4e3a-0000-7000-8000-00000000000f")
        .conversation;
    world.peers.store(&strangers, AuthorRole::Agent, "other", "Not for you");
    tell(&world, serving(&strangers), 0, 0);
    socket.expect("invitation").await?;
    world.peers.answer(&spoken, "next", "Fine.").await;
    assert_eq!(socket.expect("message").await?["text"], "Fine.");
    Ok(())
}

#[tokio::test]
async fn a_visitor_is_considered_again_with_their_age_and_only_while_they_look() -> Result<()> {
    let world = World::start().await?;
    world.peers.desk().consideration.again_ms = 1;
    let session = world.session("web").await?;
    let (mut socket, _) = world.socket(&session, None).await?;
    let tab = |visible: bool| json!({"type": "tab", "visible": visible, "idle_ms": 0, "quiet": true});
    socket.say(tab(false)).await?;
    socket.say(page()).await?;
    settled(&mut socket).await?;
    settled(&mut socket).await?;
    assert!(world.peers.desk().considered.is_empty(), "nobody looks");
    socket.say(tab(true)).await?;
    considered(&world, 1).await?;
    world.peers.desk().consideration.again_ms = 0;
    world.clock.advance(Duration::from_secs(5));
    considered(&world, 2).await?;
    {
        let desk = world.peers.desk();
        let ages = desk.considered[1].page.clone().unwrap_or_default();
        assert_eq!((ages.on_page_ms, ages.on_site_ms), (5_000, 45_000));
    }
    // The next page counts anew, and says what it is.
    socket
        .say(json!({"type": "page", "url": "https://shop.example/cart"}))
        .await?;
    considered(&world, 3).await?;
    let desk = world.peers.desk();
    let next = desk.considered[2].page.clone().unwrap_or_default();
    assert_eq!((next.url.as_str(), next.on_page_ms), ("https://shop.example/cart", 0));
    Ok(())
}

#[tokio::test]
async fn the_chat_goes_on_while_routing_is_away_and_a_broken_watch_is_taken_up() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, _, _) = world.started().await?;
    world.peers.desk().away = true;
    socket.say(page()).await?;
    socket
        .say(json!({"type": "message", "client_id": "2", "text": "Hello"}))
        .await?;
    socket.expect("posted").await?;
    socket.expect("message").await?;
    answer(&mut socket, "shown").await?;
    assert_eq!(socket.expect("error").await?["code"], "service.unavailable");

    world.peers.desk().away = false;
    invite(
        &world,
        invitation(ProactiveMode::WithInvitation, InvitationState::Offered),
    );
    answer(&mut socket, "shown").await?;
    assert_eq!(socket.expect("invitation").await?["state"], "offered");
    world.peers.desk().invitation.break_off();
    tell(
        &world,
        invitation(ProactiveMode::WithInvitation, InvitationState::Declined),
        0,
        0,
    );
    assert_eq!(socket.expect("invitation").await?["state"], "declined");
    Ok(())
}

#[tokio::test]
async fn who_came_by_a_return_link_is_not_invited() -> Result<()> {
    let world = World::start().await?;
    world.started().await?;
    let opened = world.post("/v1/return", None, json!({"token": LINK})).await?;
    let (mut socket, _) = world.socket(&text(&opened, "session")?, None).await?;
    socket.expect("message").await?;
    socket.say(page()).await?;
    settled(&mut socket).await?;
    settled(&mut socket).await?;
    assert!(world.peers.desk().considered.is_empty());
    answer(&mut socket, "accepted").await?;
    assert_eq!(socket.expect("error").await?["code"], "access.denied");
    Ok(())
}

#[tokio::test]
async fn a_page_that_cannot_be_names_its_field() -> Result<()> {
    let world = World::start().await?;
    let session = world.session("shop").await?;
    let (mut socket, _) = world.socket(&session, None).await?;
    for (frame, code, field) in [
        (
            json!({"type": "page", "url": "https://evil.example/"}),
            "request.invalid",
            "url",
        ),
        (
            json!({"type": "page", "url": "javascript:alert(1)"}),
            "request.invalid",
            "url",
        ),
        (
            json!({"type": "page", "url": "https://shop.example/", "referrer": "x"}),
            "request.invalid",
            "referrer",
        ),
        (
            json!({"type": "invitation", "invitation": "nothing", "answer": "shown"}),
            "request.not_found",
            "invitation",
        ),
        (
            json!({"type": "invitation", "invitation": INVITATION, "answer": "maybe"}),
            "request.invalid",
            "answer",
        ),
    ] {
        socket.say(frame.clone()).await?;
        let error = socket.expect("error").await?;
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!(code), &json!(field)),
            "{frame}"
        );
    }
    assert!(world.peers.desk().considered.is_empty());
    Ok(())
}
