//! Agents at their consoles.

use crate::gateway::{PATIENCE, Socket, World, call};
use crate::peers::STRANGER;
use crate::peers::routing::{REQUEST, alerted, serving};
use crate::presence::Watch;
use anyhow::Result;
use domain::{AgentId, VisitorId, WorkspaceId};
use events::event::{AgentAvailability, RequestState, TabEnd};
use reqwest::Method;
use rpc::routing::{Request, WatchAlertsResponse, WatchQueueResponse};
use serde_json::{Value, json};
use std::time::Duration;

fn alert(world: &World, request: Request) {
    world
        .peers
        .desk()
        .alerts
        .tell(WatchAlertsResponse { request: Some(request) });
}

fn done() -> Request {
    Request {
        state: RequestState::Done.into(),
        assignee: None,
        version: 4,
        ..serving()
    }
}

/// The socket reads and works: everything said before was carried out, and everything told before came.
async fn settled(socket: &mut Socket) -> Result<()> {
    socket.say(json!({"type": "ping"})).await?;
    socket.expect("pong").await.map(drop)
}

#[tokio::test]
async fn who_is_no_agent_gets_no_ticket() -> Result<()> {
    let world = World::start().await?;
    let path = format!("/v1/agents/{STRANGER}/tickets");
    let (status, problem) = call(&world, Method::POST, &path, Some(json!({}))).await?;
    assert_eq!(
        (status, &problem["code"], &problem["field"]),
        (404, &json!("request.not_found"), &json!("agent")),
        "{problem}"
    );
    Ok(())
}

#[tokio::test]
async fn an_agent_is_alerted_takes_the_chat_and_hears_when_it_is_theirs_no_more() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, welcome) = world.agent_socket("ann").await?;
    assert_eq!(
        (&welcome["agent"], &welcome["availability"]),
        (&json!("ann"), &json!("available"))
    );
    alert(&world, alerted());
    let told = socket.expect("request").await?;
    assert_eq!((&told["request"], &told["state"]), (&json!(REQUEST), &json!("alerted")));
    assert_eq!(
        told["page"],
        json!({"url": "https://shop.example/pricing", "visits": 3, "on_page_ms": 20_000, "on_site_ms": 60_000})
    );
    // The same version again is not told again.
    alert(&world, alerted());
    socket.say(json!({"type": "accept", "request": REQUEST})).await?;
    assert_eq!(socket.expect("request").await?["state"], "serving");
    assert_eq!(socket.expect("accepted").await?["request"], REQUEST);
    assert_eq!(world.peers.desk().accepted[0].agent, "ann");
    alert(&world, serving());
    alert(&world, done());
    let over = socket.expect("request").await?;
    assert_eq!((&over["state"], &over["assignee"]), (&json!("done"), &Value::Null));
    Ok(())
}

#[tokio::test]
async fn an_agent_declines_speaks_first_and_sets_their_status() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, _) = world.agent_socket("ann").await?;
    socket.say(json!({"type": "decline", "request": REQUEST})).await?;
    assert_eq!(socket.expect("declined").await?["request"], REQUEST);
    assert_eq!(world.peers.desk().declined[0].agent, "ann");
    socket
        .say(json!({"type": "start", "request": REQUEST, "text": "May I help?"}))
        .await?;
    assert_eq!(socket.expect("request").await?["state"], "serving");
    assert_eq!(socket.expect("started").await?["number"], 12);
    assert_eq!(world.peers.desk().started[0].text, "May I help?");
    socket.say(json!({"type": "status", "availability": "away"})).await?;
    assert_eq!(socket.expect("status").await?["availability"], "away");
    assert_eq!(
        world.peers.desk().availabilities[0].availability(),
        AgentAvailability::Away
    );
    for (frame, code, field) in [
        (json!({"type": "shout"}), "request.invalid", "type"),
        (
            json!({"type": "accept", "request": "nothing"}),
            "request.not_found",
            "request",
        ),
        (
            json!({"type": "start", "request": REQUEST, "text": ""}),
            "request.invalid",
            "text",
        ),
        (
            json!({"type": "status", "availability": "gone"}),
            "request.invalid",
            "availability",
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
        if code == "request.not_found" {
            assert_eq!(error["request"], "nothing");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_queue_is_watched_until_another_one_is() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, _) = world.agent_socket("ann").await?;
    let tell = |waiting| {
        world.peers.desk().queue.tell(WatchQueueResponse {
            waiting,
            free_agents: 1,
            waiting_since: Some(prost_types::Timestamp::default()),
            ..Default::default()
        });
    };
    tell(2);
    socket.say(json!({"type": "watch_queue", "team": "parcels"})).await?;
    let told = socket.expect("queue").await?;
    assert_eq!((&told["team"], &told["waiting"]), (&json!("parcels"), &json!(2)));
    assert_eq!(
        (&told["free_agents"], &told["waiting_since"]),
        (&json!(1), &json!("1970-01-01T00:00:00Z"))
    );
    tell(2);
    tell(3);
    assert_eq!(socket.expect("queue").await?["waiting"], 3);
    socket.say(json!({"type": "watch_queue"})).await?;
    let own = socket.expect("queue").await?;
    assert_eq!((&own["team"], &own["waiting"]), (&Value::Null, &json!(3)));
    tell(4);
    assert_eq!(socket.expect("queue").await?["waiting"], 4);
    settled(&mut socket).await?;
    assert_eq!(world.peers.desk().watched, ["parcels", ""]);
    Ok(())
}

#[tokio::test]
async fn what_went_while_nothing_was_heard_is_told_afterwards() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, _) = world.agent_socket("ann").await?;
    alert(&world, alerted());
    socket.expect("request").await?;
    {
        let mut desk = world.peers.desk();
        desk.gone = true;
        desk.alerts.forget();
        desk.alerts.break_off();
    }
    assert_eq!(socket.expect("request").await?["state"], "done");
    Ok(())
}

#[tokio::test]
async fn a_console_opens_while_routing_is_away_and_is_told_when_it_is_back() -> Result<()> {
    let world = World::start().await?;
    world.peers.desk().away = true;
    let (mut socket, welcome) = world.agent_socket("ann").await?;
    assert_eq!(welcome["availability"], Value::Null);
    socket.say(json!({"type": "accept", "request": REQUEST})).await?;
    assert_eq!(socket.expect("error").await?["code"], "service.unavailable");
    world.peers.desk().away = false;
    alert(&world, alerted());
    assert_eq!(socket.expect("request").await?["state"], "alerted");
    Ok(())
}

#[tokio::test]
async fn presence_hears_of_a_console_and_how_it_ends() -> Result<()> {
    let world = World::start().await?;
    let mut watch = Watch::new(&world).await?;
    let ann = VisitorId::of_agent(&WorkspaceId::parse("acme")?, &AgentId::parse("ann")?).to_string();
    for (bye, expected) in [(true, TabEnd::Closed), (false, TabEnd::Lost)] {
        let (mut socket, _) = world.agent_socket("ann").await?;
        let opened = watch.next().await?;
        assert_eq!(
            (opened.visitor.as_str(), opened.end()),
            (ann.as_str(), TabEnd::Unspecified)
        );
        world.clock.advance(Duration::from_secs(600));
        let used = watch.next().await?;
        assert!(!used.quiet && used.hidden_ms.is_none(), "never idle: {used:?}");
        if bye {
            socket.say(json!({"type": "bye"})).await?;
            assert_eq!(socket.closed().await?, 1000);
        } else {
            drop(socket);
        }
        assert_eq!(watch.end_of(&opened.tab).await?, expected);
    }
    Ok(())
}

#[tokio::test]
async fn an_agents_ticket_opens_one_console_and_nothing_else() -> Result<()> {
    let world = World::start().await?;
    let hello = |ticket: &str| json!({"type": "hello", "ticket": ticket});
    let ticket = world.agent_ticket("ann").await?;
    let mut visitor = world.raw_socket(None).await?;
    visitor.say(hello(&ticket)).await?;
    assert_eq!(visitor.expect("error").await?["code"], "access.unauthenticated");
    let mut first = world.raw_agent_socket().await?;
    first.say(hello(&ticket)).await?;
    first.expect("welcome").await?;
    let visitors = world.ticket(&world.session("web").await?).await?;
    let late = world.agent_ticket("ann").await?;
    world.clock.advance(Duration::from_secs(30));
    for refused in [&ticket, &visitors, &late] {
        let mut socket = world.raw_agent_socket().await?;
        socket.say(hello(refused)).await?;
        assert_eq!(socket.expect("error").await?["field"], "ticket");
        assert_eq!(socket.closed().await?, 1008);
    }
    let mut rude = world.raw_agent_socket().await?;
    rude.say(json!({"type": "ping"})).await?;
    assert_eq!(rude.closed().await?, 1008);
    let stopped = tokio::spawn(world.gateway.running.stop());
    assert_eq!(first.closed().await?, 1012);
    tokio::time::timeout(PATIENCE, stopped).await??;
    Ok(())
}
