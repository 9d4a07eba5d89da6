//! The public HTTP API.

use crate::gateway::{PUBLIC, World, text};
use crate::peers::{LINK, PAGE, TOKEN};
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn sessions_are_resumed_and_bound_to_the_page_s_origin() -> Result<()> {
    let world = World::start().await?;
    let session = world.session("shop").await?;
    let again = json!({"workspace": "acme", "channel": "shop", "session": session});
    assert_eq!(
        world.post("/v1/sessions", None, again.clone()).await?["session"],
        session.as_str()
    );
    world.clock.advance(std::time::Duration::from_secs(31 * 24 * 3600));
    assert_ne!(
        world.post("/v1/sessions", None, again.clone()).await?["session"],
        session.as_str()
    );

    let open = |origin: &'static str| {
        let request = world.http.post(world.url("/v1/sessions")).header("origin", origin);
        request.json(&json!({"workspace": "acme", "channel": "shop"})).send()
    };
    let refused = open("https://evil.example").await?;
    assert_eq!(refused.status(), 403);
    assert!(!refused.headers().contains_key("access-control-allow-origin"));
    let admitted = open("https://shop.example").await?;
    assert_eq!(admitted.status(), 200);
    assert_eq!(
        admitted.headers()["access-control-allow-origin"],
        "https://shop.example"
    );
    assert_eq!(open(PUBLIC).await?.status(), 200, "our own pages may everywhere");
    let preflight = world
        .http
        .request(Method::OPTIONS, world.url("/v1/tickets"))
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST");
    let preflight = preflight.send().await?;
    assert_eq!(
        (
            preflight.status().as_u16(),
            preflight.headers()["access-control-allow-methods"].as_bytes()
        ),
        (204, &b"POST"[..])
    );
    Ok(())
}

#[tokio::test]
async fn only_hashes_of_secrets_are_stored() -> Result<()> {
    let world = World::start().await?;
    let session = world.session("web").await?;
    let ticket = world.ticket(&session).await?;
    let pool = sqlx::PgPool::connect(&world.database.admin_url()).await?;
    let rows: String = sqlx::query_scalar(
        "SELECT string_agg(t, ' ') FROM (SELECT session::text t FROM session UNION ALL SELECT ticket::text FROM ticket) x",
    )
    .fetch_one(&pool)
    .await?;
    for token in [session, ticket] {
        let secret = token
            .split_once('.')
            .map(|(_, secret)| secret.to_owned())
            .unwrap_or_default();
        assert!(secret.len() == 43 && !rows.contains(&secret));
    }
    pool.close().await;
    Ok(())
}

#[tokio::test]
async fn a_token_is_nothing_in_another_workspace() -> Result<()> {
    let world = World::start().await?;
    let session = world.session("web").await?;
    let ticket = world.ticket(&session).await?;
    let elsewhere = |token: &str| token.replacen("acme.", "beta.", 1);
    let refused = world
        .http
        .post(world.url("/v1/tickets"))
        .bearer_auth(elsewhere(&session));
    assert_eq!(refused.send().await?.status(), 401);
    let mut socket = world.raw_socket(None).await?;
    socket
        .say(json!({"type": "hello", "ticket": elsewhere(&ticket)}))
        .await?;
    assert_eq!(socket.expect("error").await?["code"], "access.unauthenticated");
    let mut socket = world.raw_socket(None).await?;
    socket.say(json!({"type": "hello", "ticket": ticket})).await?;
    socket.expect("welcome").await?;
    Ok(())
}

#[tokio::test]
async fn an_agent_answers_through_the_api() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, _, started) = world.started().await?;
    let id = text(&started, "conversation")?;
    let answer = world
        .http
        .post(world.url("/v1/conversations/1/messages"))
        .bearer_auth(TOKEN);
    let answer = answer
        .header("idempotency-key", "k1")
        .json(&json!({"text": "Yes!", "agent": "ann"}));
    let posted: Value = answer.send().await?.json().await?;
    assert_eq!(
        (&posted["conversation"], &posted["message"]["seq"]),
        (&json!(id), &json!(2))
    );
    assert_eq!(socket.expect("message").await?["text"], "Yes!");

    let get = async |path: &str| -> Result<Value> {
        Ok(world
            .http
            .get(world.url(path))
            .bearer_auth(TOKEN)
            .send()
            .await?
            .json()
            .await?)
    };
    assert_eq!(get(&format!("/v1/conversations/{id}")).await?["number"], 1);
    assert_eq!(
        get("/v1/conversations").await?["conversations"][0]["conversation"],
        id.as_str()
    );
    let messages = get("/v1/conversations/1/messages?after=1").await?;
    assert_eq!(
        (&messages["messages"][0]["author"], &messages["last_seq"]),
        (&json!("agent"), &json!(2))
    );
    assert_eq!(
        get("/v1/follow-ups").await?["follow_ups"][0]["end_reason"],
        "no_address"
    );
    assert!(get("/v1/conversations/1/explain").await?["summary"].is_string());
    assert_eq!(get("/v1/balance").await?["held_micro_pu"], 3);
    assert_eq!(get("/v1/charges").await?["charges"][0]["state"], "captured");
    assert_eq!(get("/v1/usage?by=month").await?["total_micro_pu"], 30 * 24 * 3600);
    assert_eq!(
        get("/v1/channels/shop").await?["settings"]["allowed_origins"][0],
        "https://shop.example"
    );
    let resolved = world
        .post("/v1/conversations/1/resolve", Some(TOKEN), json!({}))
        .await?;
    assert!(resolved["resolved_at"].is_string());
    assert_eq!(
        world.peers.memory().authenticated,
        1,
        "a token is remembered for some seconds"
    );
    Ok(())
}

#[tokio::test]
async fn an_address_is_opted_out_with_a_token_that_may_write() -> Result<()> {
    let world = World::start().await?;
    let put = async |body: Value| {
        let put = world.http.put(world.url("/v1/opt-outs")).bearer_auth(TOKEN);
        anyhow::Ok(put.json(&body).send().await?)
    };
    let done = put(json!({"phone": "+48600700123", "opted_out": true})).await?;
    assert_eq!(done.status(), 204);
    let asked = world.peers.memory().opt_outs[0].clone();
    assert_eq!((asked.workspace.as_str(), asked.opted_out), ("acme", true));
    for unclear in [
        json!({"opted_out": true}),
        json!({"phone": "+48600700123", "email": "ann@example.com", "opted_out": true}),
    ] {
        let refused = put(unclear).await?;
        assert_eq!(refused.status(), 400);
        let problem: Value = refused.json().await?;
        assert_eq!(problem["field"], "address");
    }
    assert_eq!(world.peers.memory().opt_outs.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_change_of_settings_means_what_it_names() -> Result<()> {
    let world = World::start().await?;
    let change = world.http.patch(world.url("/v1/channels/web")).bearer_auth(TOKEN);
    let change = change.json(&json!({"version": 4, "settings": {"phone": "required", "debounce_ms": 0}}));
    let changed: Value = change.send().await?.json().await?;
    assert_eq!(
        (&changed["version"], &changed["settings"]["phone"]),
        (&json!(5), &json!("required"))
    );
    let asked = world.peers.memory().updates[0].clone();
    assert_eq!(
        asked.mask.map(|mask| mask.paths),
        Some(vec!["phone".to_owned(), "debounce_ms".to_owned()])
    );
    Ok(())
}

#[tokio::test]
async fn events_are_answered_per_item() -> Result<()> {
    let world = World::start().await?;
    let post = async |kind: &str, body: &'static str| -> Result<(u16, Value)> {
        let request = world
            .http
            .post(world.url("/v1/events"))
            .bearer_auth(TOKEN)
            .header("content-type", kind);
        let answer = request.body(body).send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    };
    let single = "application/cloudevents+json; charset=utf-8";
    let batch = "application/cloudevents-batch+json";
    let (status, outcome) = post(single, r#"{"id": "e1", "x":  1}"#).await?;
    assert_eq!(
        (status, &outcome["id"], &outcome["accepted"]),
        (200, &json!("e1"), &json!(true))
    );
    let asked = world.peers.memory().ingested[0].clone();
    assert_eq!(
        (asked.workspace.as_str(), asked.integration.as_str()),
        ("acme", "helpdesk")
    );
    assert_eq!(asked.events[0], br#"{"id": "e1", "x":  1}"#, "byte for byte");
    let (status, problem) = post(single, r#"{"x": 1}"#).await?;
    assert_eq!(
        (status, &problem["code"], &problem["field"]),
        (400, &json!("ingest.malformed"), &json!("id"))
    );
    let (status, outcomes) = post(batch, r#"[{"id":"e1"}, {"x":1}, {"id":"e2"}]"#).await?;
    assert_eq!(status, 200);
    let accepted: Vec<&Value> = outcomes["outcomes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["accepted"])
        .collect();
    assert_eq!(accepted, [&json!(true), &json!(false), &json!(true)]);
    assert_eq!(outcomes["outcomes"][1]["field"], "id");
    let (status, problem) = post(batch, r#"{"id":"e1"}"#).await?;
    assert_eq!((status, &problem["code"]), (400, &json!("ingest.malformed")));
    Ok(())
}

#[tokio::test]
async fn following_a_return_link_changes_nothing() -> Result<()> {
    let world = World::start().await?;
    let follow = async |link: &str| world.http.get(world.url(&format!("/r/{link}"))).send().await;
    let answer = follow(LINK).await?;
    assert_eq!(answer.status(), 303);
    assert_eq!(answer.headers()["location"], format!("{PAGE}#homing={LINK}"));
    assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    let ours = follow("acme.CCCCCCCCCCCCCCCCCCCCCC").await?;
    assert_eq!(
        ours.headers()["location"],
        format!("{PUBLIC}/chat#homing=acme.CCCCCCCCCCCCCCCCCCCCCC")
    );
    for gone in ["acme.DDDDDDDDDDDDDDDDDDDDDD", "nonsense"] {
        assert_eq!(follow(gone).await?.status(), 404);
    }
    assert_eq!(world.peers.memory().redeemed_links, 0);
    let (_socket, _, _) = world.started().await?;
    world.post("/v1/return", None, json!({"token": LINK})).await?;
    assert_eq!(world.peers.memory().redeemed_links, 1);
    Ok(())
}

#[tokio::test]
async fn an_unsubscribe_link_asks_first_and_one_post_acts() -> Result<()> {
    let world = World::start().await?;
    let url = |link: &str| world.url(&format!("/u/{link}"));
    let asked = world.http.get(url(LINK)).send().await?;
    assert_eq!(asked.status(), 200);
    let policy = asked.headers()["content-security-policy"].to_str()?.to_owned();
    assert!(
        policy.contains("form-action 'self'") && !policy.contains("script-src"),
        "{policy}"
    );
    let page = asked.text().await?;
    assert!(
        page.contains("Księgarnia &lt;Róg&gt;") && page.contains("Rezygnuję"),
        "{page}"
    );
    assert_eq!(
        world.peers.memory().unsubscribed,
        0,
        "a mail scanner that follows links ends nothing"
    );
    // As a mail program does (RFC 8058): no page, no cookie.
    let one_click = [("List-Unsubscribe", "One-Click")];
    let done = world.http.post(url(LINK)).form(&one_click).send().await?;
    assert_eq!(done.status(), 200);
    assert!(!done.text().await?.contains("<button>"));
    assert_eq!(world.peers.memory().unsubscribed, 1);
    for bad in ["acme.DDDDDDDDDDDDDDDDDDDDDD", "nonsense"] {
        assert_eq!(world.http.get(url(bad)).send().await?.status(), 404, "{bad}");
        assert_eq!(
            world.http.post(url(bad)).form(&one_click).send().await?.status(),
            404,
            "{bad}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn pages_and_health_are_there() -> Result<()> {
    let world = World::start().await?;
    for path in ["/", "/chat", "/demo/acme/web"] {
        let page = world.http.get(world.url(path)).send().await?;
        assert!(
            page.status() == 200 && page.headers().contains_key("content-security-policy"),
            "{path}"
        );
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(world.http.get(world.url(path)).send().await?.status(), 200, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn who_is_too_fast_is_told_to_wait() -> Result<()> {
    let world = World::start_with(&[("HOMING_GATEWAY_SESSIONS_PER_MINUTE", "2")]).await?;
    let open = || {
        let request = world.http.post(world.url("/v1/sessions"));
        request.json(&json!({"workspace": "acme", "channel": "web"})).send()
    };
    assert!(open().await?.status() == 200 && open().await?.status() == 200);
    let refused = open().await?;
    assert_eq!(
        (refused.status().as_u16(), refused.headers()["retry-after"].as_bytes()),
        (429, &b"1"[..])
    );
    Ok(())
}
