//! Customers' conversations over the socket.

use crate::gateway::{PATIENCE, World, call, text};
use crate::peers::{LINK, TOKEN};
use crate::presence::Watch;
use anyhow::{Context, Result};
use events::common::{AuthorRole, AutomaticMessageKind, Carriage};
use events::event::TabEnd;
use reqwest::Method;
use rpc::conversation::SaidAutomatically;
use rpc::conversation::message::Content;
use serde_json::json;
use testkit::eventually;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_customer_starts_writes_and_is_answered() -> Result<()> {
    let world = World::start().await?;
    let session = world.session("web").await?;
    let (mut socket, welcome) = world.socket(&session, None).await?;
    assert_eq!(welcome["last_seq"], 0);
    let start = json!({"type": "start", "client_id": "a", "text": "Hello?", "name": "Ann", "phone": "600 700 800",
        "email": "ann@example.com", "page_url": "https://shop.example/cart"});
    socket.say(start.clone()).await?;
    let started = socket.expect("started").await?;
    assert_eq!(
        (&started["client_id"], &started["seq"], &started["number"]),
        (&json!("a"), &json!(1), &json!(1))
    );
    assert_eq!(socket.expect("message").await?["author"], "customer");
    let asked = world.peers.memory().starts[0].clone();
    assert_eq!(
        (asked.visitor, asked.page_url),
        (text(&welcome, "visitor")?, "https://shop.example/cart".into())
    );
    assert_eq!(world.peers.memory().contacts[0].phone, "600 700 800");

    socket
        .say(json!({"type": "message", "client_id": "b", "text": "Anybody?"}))
        .await?;
    assert_eq!(socket.expect("posted").await?["seq"], 2);
    assert_eq!(socket.expect("message").await?["text"], "Anybody?");
    let conversation = text(&started, "conversation")?;
    world.peers.answer(&conversation, "x", "Yes!").await;
    let answer = socket.expect("message").await?;
    assert_eq!(
        (&answer["seq"], &answer["author"], &answer["agent"]),
        (&json!(3), &json!("agent"), &json!("ann"))
    );

    // The same start and the same message again change nothing.
    socket.say(start).await?;
    assert_eq!(socket.expect("started").await?["conversation"], started["conversation"]);
    socket
        .say(json!({"type": "message", "client_id": "b", "text": "Anybody?"}))
        .await?;
    assert_eq!(socket.expect("posted").await?["seq"], 2);
    assert_eq!(world.peers.memory().messages.len(), 3);
    Ok(())
}

#[tokio::test]
async fn a_socket_resumes_after_what_the_client_has() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, session, started) = world.started().await?;
    let conversation = text(&started, "conversation")?;
    socket.say(json!({"type": "bye"})).await?;
    assert_eq!(socket.closed().await?, 1000);
    for n in 2..=45 {
        world
            .peers
            .store(&conversation, AuthorRole::Agent, &n.to_string(), &format!("answer {n}"));
    }
    let (mut socket, welcome) = world.socket(&session, Some(3)).await?;
    assert_eq!(
        (&welcome["last_seq"], &welcome["read_up_to"], &welcome["number"]),
        (&json!(45), &json!(0), &json!(1))
    );
    for seq in 4..=45 {
        assert_eq!(socket.expect("message").await?["seq"], seq);
    }
    let (mut socket, _) = world.socket(&session, None).await?;
    assert_eq!(
        socket.expect("message").await?["seq"],
        1,
        "a client with nothing gets everything that is unread"
    );
    Ok(())
}

#[tokio::test]
async fn a_hint_that_was_lost_is_made_up_for() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, _, started) = world.started().await?;
    let conversation = text(&started, "conversation")?;
    world.peers.store(&conversation, AuthorRole::Agent, "x", "one");
    world.peers.answer(&conversation, "y", "two").await;
    assert_eq!(socket.expect("message").await?["text"], "one");
    assert_eq!(socket.expect("message").await?["text"], "two");
    Ok(())
}

#[tokio::test]
async fn notes_for_agents_are_passed_over() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, session, started) = world.started().await?;
    let conversation = text(&started, "conversation")?;
    world.peers.store(
        &conversation,
        AuthorRole::System,
        "note",
        "somebody else wrote: click here",
    );
    world.peers.answer(&conversation, "y", "two").await;
    let seen = socket.expect("message").await?;
    assert_eq!((&seen["text"], &seen["seq"]), (&json!("two"), &json!(3)));
    let (mut again, _) = world.socket(&session, None).await?;
    assert_eq!(again.expect("message").await?["seq"], 1);
    assert_eq!(again.expect("message").await?["seq"], 3);
    Ok(())
}

#[tokio::test]
async fn a_ticket_works_once_and_not_for_long() -> Result<()> {
    let world = World::start().await?;
    let session = world.session("web").await?;
    let ticket = world.ticket(&session).await?;
    let hello = json!({"type": "hello", "ticket": ticket});
    let mut first = world.raw_socket(None).await?;
    first.say(hello.clone()).await?;
    first.expect("welcome").await?;
    let mut second = world.raw_socket(None).await?;
    second.say(hello).await?;
    assert_eq!(second.expect("error").await?["code"], "access.unauthenticated");
    assert_eq!(second.closed().await?, 1008);

    let ticket = world.ticket(&session).await?;
    world.clock.advance(std::time::Duration::from_secs(30));
    let mut late = world.raw_socket(None).await?;
    late.say(json!({"type": "hello", "ticket": ticket})).await?;
    assert_eq!(late.expect("error").await?["field"], "ticket");
    assert_eq!(late.closed().await?, 1008);
    Ok(())
}

#[tokio::test]
async fn a_socket_of_another_origin_is_refused() -> Result<()> {
    let world = World::start().await?;
    let session = world.session("shop").await?;
    for (origin, expected) in [("https://evil.example", "error"), ("https://shop.example", "welcome")] {
        let ticket = world.ticket(&session).await?;
        let mut socket = world.raw_socket(Some(origin)).await?;
        socket.say(json!({"type": "hello", "ticket": ticket})).await?;
        socket.expect(expected).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_is_no_hello_or_too_large_or_not_text_closes_the_socket() -> Result<()> {
    let world = World::start().await?;
    let mut rude = world.raw_socket(None).await?;
    rude.say(json!({"type": "ping"})).await?;
    assert_eq!(rude.closed().await?, 1008);

    let (mut socket, session, _) = world.started().await?;
    socket.send(Message::text("x".repeat(64 * 1024 + 1))).await?;
    assert_eq!(socket.closed().await?, 1009);
    let (mut socket, _) = world.socket(&session, None).await?;
    socket.expect("message").await?;
    socket.send(Message::binary(vec![1, 2, 3])).await?;
    assert_eq!(socket.closed().await?, 1003);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_done_names_the_field_and_the_socket_stays() -> Result<()> {
    let world = World::start().await?;
    let session = world.session("strict").await?;
    let (mut socket, _) = world.socket(&session, None).await?;
    for (frame, code, field) in [
        (json!({"type": "shout"}), "request.invalid", "type"),
        (
            json!({"type": "message", "client_id": "1", "text": "x"}),
            "request.invalid",
            "type",
        ),
        (
            json!({"type": "start", "client_id": "1", "text": " "}),
            "request.invalid",
            "text",
        ),
        (
            json!({"type": "start", "client_id": "1", "text": "x", "email": "a@b"}),
            "request.invalid",
            "email",
        ),
        (
            json!({"type": "start", "client_id": "1", "text": "x"}),
            "conversation.fields_missing",
            "phone",
        ),
        (json!({"type": "hello", "ticket": "acme.x"}), "request.invalid", "type"),
    ] {
        socket.say(frame.clone()).await?;
        let error = socket.expect("error").await?;
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!(code), &json!(field)),
            "{frame}"
        );
        assert_eq!(error["client_id"], frame["client_id"]);
    }
    socket.say(json!({"type": "ping"})).await?;
    socket.expect("pong").await?;
    Ok(())
}

#[tokio::test]
async fn a_peer_that_is_away_is_told_and_the_repeat_goes_through() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, _, _) = world.started().await?;
    world.peers.memory().away = true;
    let message = json!({"type": "message", "client_id": "b", "text": "Still there?"});
    socket.say(message.clone()).await?;
    let error = socket.expect("error").await?;
    assert_eq!(
        (&error["code"], &error["client_id"]),
        (&json!("service.unavailable"), &json!("b"))
    );
    world.peers.memory().away = false;
    socket.say(message).await?;
    assert_eq!(socket.expect("posted").await?["seq"], 2);
    Ok(())
}

#[tokio::test]
async fn reading_counts_only_in_an_open_panel_of_a_visible_tab() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, _, started) = world.started().await?;
    let conversation = text(&started, "conversation")?;
    world.peers.answer(&conversation, "x", "Yes!").await;
    assert_eq!(socket.expect("message").await?["seq"], 2);
    let tab = |visible: bool| json!({"type": "tab", "visible": visible, "idle_ms": 0, "quiet": true});
    let panel = |visible: bool, open: bool| {
        let mut frame = tab(visible);
        frame["panel_open"] = json!(open);
        frame
    };
    for unseen in [tab(false), panel(false, true), panel(true, false), panel(false, false)] {
        socket.say(unseen.clone()).await?;
        socket.say(json!({"type": "read", "up_to": 2})).await?;
        socket.say(json!({"type": "ping"})).await?;
        socket.expect("pong").await?;
        assert_eq!(world.peers.memory().conversations[0].read_up_to, 0, "{unseen}");
    }
    // Who does not tell of a panel has none to close.
    socket.say(tab(true)).await?;
    socket.say(json!({"type": "read", "up_to": 3})).await?;
    assert_eq!(socket.expect("error").await?["field"], "up_to");
    socket.say(json!({"type": "read", "up_to": 2})).await?;
    assert_eq!(socket.expect("read").await?["up_to"], 2);
    assert_eq!(world.peers.memory().conversations[0].read_up_to, 2);
    world.peers.answer(&conversation, "y", "Anything else?").await;
    assert_eq!(socket.expect("message").await?["seq"], 3);
    socket.say(panel(true, true)).await?;
    socket.say(json!({"type": "read", "up_to": 3})).await?;
    assert_eq!(socket.expect("read").await?["up_to"], 3);
    Ok(())
}

#[tokio::test]
async fn two_tabs_of_a_session_see_the_same() -> Result<()> {
    let world = World::start().await?;
    let session = world.session("web").await?;
    let (mut one, _) = world.socket(&session, None).await?;
    let (mut two, _) = world.socket(&session, None).await?;
    one.say(json!({"type": "start", "client_id": "1", "text": "Hello?"}))
        .await?;
    let started = one.expect("started").await?;
    one.expect("message").await?;
    assert_eq!(two.expect("message").await?["text"], "Hello?");
    two.say(json!({"type": "message", "client_id": "1b", "text": "Me again"}))
        .await?;
    two.expect("posted").await?;
    assert_eq!(one.expect("message").await?["text"], "Me again");

    // The customer's message after a resolve opens a new conversation, in both tabs.
    let path = format!("/v1/conversations/{}/resolve", text(&started, "conversation")?);
    world.post(&path, Some(TOKEN), json!({})).await?;
    two.expect("message").await?;
    two.say(json!({"type": "message", "client_id": "2", "text": "One more thing"}))
        .await?;
    let moved = two.expect("started").await?;
    assert_ne!(moved["conversation"], started["conversation"]);
    assert_eq!(moved["number"], 2);
    let first = one.expect("message").await?;
    assert_eq!((&first["seq"], &first["text"]), (&json!(1), &json!("One more thing")));
    Ok(())
}

#[tokio::test]
async fn who_starts_from_two_tabs_has_one_chat() -> Result<()> {
    let world = World::start().await?;
    let session = world.session("web").await?;
    let (mut one, _) = world.socket(&session, None).await?;
    let (mut two, _) = world.socket(&session, None).await?;
    one.say(json!({"type": "start", "client_id": "1", "text": "Hello?"}))
        .await?;
    two.say(json!({"type": "start", "client_id": "2", "text": "Is anybody there?"}))
        .await?;
    let (mut conversations, mut seen) = (Vec::new(), Vec::new());
    for socket in [&mut one, &mut two] {
        let mut own = Vec::new();
        let mut started = 0;
        while started == 0 || own.len() < 2 {
            let frame = socket.hear().await?;
            match frame["type"].as_str() {
                Some("started") => {
                    started += 1;
                    conversations.push(text(&frame, "conversation")?);
                }
                Some("message") => own.push(text(&frame, "text")?),
                _ => anyhow::bail!("heard {frame}"),
            }
        }
        seen.push(own);
    }
    assert_eq!(conversations[0], conversations[1]);
    assert_eq!(seen[0], seen[1], "both tabs show all of it, in the same order");
    assert!(world.peers.memory().starts.iter().all(|start| start.join_open));
    Ok(())
}

#[tokio::test]
async fn contact_data_can_be_added_later() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, _, _) = world.started().await?;
    socket
        .say(json!({"type": "contact", "email": "ann@example.com"}))
        .await?;
    socket.expect("contact_added").await?;
    assert_eq!(world.peers.memory().contacts[1].email, "ann@example.com");
    Ok(())
}

#[tokio::test]
async fn the_return_link_opens_its_conversation_and_no_other() -> Result<()> {
    let world = World::start().await?;
    let (_, _, started) = world.started().await?;
    world.peers.answer(&text(&started, "conversation")?, "x", "Yes!").await;
    let opened = world.post("/v1/return", None, json!({"token": LINK})).await?;
    assert_eq!(opened["conversation"], started["conversation"]);
    let (mut socket, welcome) = world.socket(&text(&opened, "session")?, None).await?;
    assert_eq!(
        (&welcome["conversation"], &welcome["read_up_to"]),
        (&started["conversation"], &json!(0))
    );
    socket.expect("message").await?;
    assert_eq!(socket.expect("message").await?["text"], "Yes!");
    socket
        .say(json!({"type": "start", "client_id": "1", "text": "x"}))
        .await?;
    assert_eq!(socket.expect("error").await?["code"], "access.denied");
    // Whoever holds the link may talk, but not lead the follow-ups elsewhere.
    let given = world.peers.memory().contacts.len();
    socket
        .say(json!({"type": "contact", "email": "eve@example.com"}))
        .await?;
    assert_eq!(socket.expect("error").await?["code"], "access.denied");
    assert_eq!(world.peers.memory().contacts.len(), given);
    Ok(())
}

#[tokio::test]
async fn a_return_from_a_refused_origin_records_nothing() -> Result<()> {
    let world = World::start().await?;
    let session = world.session("shop").await?;
    let (mut socket, _) = world.socket(&session, None).await?;
    socket
        .say(json!({"type": "start", "client_id": "1", "text": "Hello?"}))
        .await?;
    socket.expect("started").await?;
    for (origin, status, redeemed) in [("https://evil.example", 403, 0), ("https://shop.example", 200, 1)] {
        let request = world.http.post(world.url("/v1/return")).header("origin", origin);
        let answer = request.json(&json!({"token": LINK})).send().await?;
        assert_eq!(answer.status(), status, "{origin}");
        assert_eq!(world.peers.memory().redeemed_links, redeemed, "{origin}");
    }
    Ok(())
}

#[tokio::test]
async fn a_page_tells_no_other_site_s_address_as_its_own() -> Result<()> {
    let world = World::start().await?;
    let session = world.session("web").await?;
    let ticket = world.ticket(&session).await?;
    let mut socket = world.raw_socket(Some("https://shop.example")).await?;
    socket.say(json!({"type": "hello", "ticket": ticket})).await?;
    socket.expect("welcome").await?;
    for (page, expected) in [
        ("https://evil.example/cart", "error"),
        ("https://shop.example/cart", "started"),
    ] {
        let start = json!({"type": "start", "client_id": "1", "text": "x", "page_url": page});
        socket.say(start).await?;
        let heard = socket.expect(expected).await?;
        if expected == "error" {
            assert_eq!(heard["field"], "page_url");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_page_is_of_the_channel_s_origins_though_no_browser_told_one() -> Result<()> {
    let world = World::start().await?;
    let session = world.session("shop").await?;
    let (mut socket, _) = world.socket(&session, None).await?;
    let start = |id: &str, page: &str| json!({"type": "start", "client_id": id, "text": "x", "page_url": page});
    for page in [
        "https://evil.example/cart",
        "https://shop.example.evil.example/",
        "http://shop.example/",
    ] {
        socket.say(start("1", page)).await?;
        assert_eq!(socket.expect("error").await?["field"], "page_url", "{page}");
    }
    assert!(world.peers.memory().starts.is_empty(), "nothing was asked for");
    for (id, page) in [
        ("2", "https://shop.example/cart"),
        ("3", "https://chat.example/demo/acme/shop"),
        ("4", ""),
    ] {
        socket.say(start(id, page)).await?;
        socket.expect("started").await?;
        socket.expect("message").await?;
    }
    // Without a list, the page is only a remark.
    let session = world.session("web").await?;
    let (mut socket, _) = world.socket(&session, None).await?;
    socket.say(start("1", "https://any.example/cart")).await?;
    socket.expect("started").await?;
    Ok(())
}

#[tokio::test]
async fn a_reader_that_is_slow_is_cut_off_and_holds_up_nobody() -> Result<()> {
    let world = World::start_with(&[("HOMING_GATEWAY_WRITE_MS", "300")]).await?;
    let mut watch = Watch::new(&world).await?;
    let session = world.session("web").await?;
    let (mut slow, welcome) = world.socket(&session, None).await?;
    slow.say(json!({"type": "start", "client_id": "1", "text": "Hello?"}))
        .await?;
    let started = slow.expect("started").await?;
    let conversation = text(&started, "conversation")?;
    let (mut quick, _) = world.socket(&session, Some(1)).await?;
    // More than the kernel's buffers hold; nobody reads from the slow one.
    let large = "x".repeat(60_000);
    for n in 0..400 {
        world
            .peers
            .store(&conversation, AuthorRole::Agent, &format!("n{n}"), &large);
    }
    world.peers.tell(&conversation, 401).await;
    for seq in 2..=401 {
        assert_eq!(quick.expect("message").await?["seq"], seq);
    }
    assert_eq!(watch.end_of(&text(&welcome, "tab")?).await?, TabEnd::Lost);
    Ok(())
}

#[tokio::test]
async fn a_flood_of_frames_closes_the_socket() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, _, _) = world.started().await?;
    for _ in 0..300 {
        if socket.say(json!({"type": "ping"})).await.is_err() {
            break;
        }
    }
    assert_eq!(socket.closed().await?, 1008);
    Ok(())
}

#[tokio::test]
async fn an_address_has_room_for_so_many_sockets() -> Result<()> {
    let world = World::start_with(&[("HOMING_GATEWAY_SOCKETS_PER_ADDRESS", "2")]).await?;
    let one = world.raw_socket(None).await?;
    let _two = world.raw_socket(None).await?;
    assert!(world.raw_socket(None).await.is_err());
    drop(one);
    eventually("room again", PATIENCE, async || world.raw_socket(None).await.ok()).await?;
    Ok(())
}

#[tokio::test]
async fn what_a_team_says_by_itself_is_shown_as_what_it_is() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, _, started) = world.started().await?;
    let body = json!({"kind": "ask_rating", "client_id": "s-1"});
    let path = "/v1/conversations/1/automatic-messages";
    call(&world, Method::POST, path, Some(body)).await?;
    let seen = socket.expect("message").await?;
    assert_eq!(
        (&seen["author"], &seen["automatic"]),
        (&json!("system"), &json!("ask_rating"))
    );
    // What answers a call went to who called, and is not for whoever typed their number here.
    let conversation = text(&started, "conversation")?;
    let stored = world.peers.store(
        &conversation,
        AuthorRole::System,
        "call",
        "Sorry that we missed your call.",
    );
    let by_text = SaidAutomatically {
        kind: AutomaticMessageKind::MissedCall.into(),
        carriage: Carriage::Text.into(),
    };
    let stored = stored.context("a conversation")?;
    world.peers.mark(&conversation, &stored, Content::Automatic(by_text));
    world.peers.answer(&conversation, "y", "two").await;
    assert_eq!(socket.expect("message").await?["text"], "two");
    Ok(())
}
