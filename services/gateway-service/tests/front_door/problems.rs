//! What the HTTP API refuses, and how.

use crate::gateway::World;
use crate::peers::{READER, TOKEN};
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn what_cannot_be_is_answered_as_a_problem_that_names_the_field() -> Result<()> {
    let world = World::start().await?;
    let (_socket, _, _) = world.started().await?;
    let messages = "/v1/conversations/1/messages";
    for (method, path, token, body, status, code, field) in [
        (Method::GET, "/v1/nowhere", None, None, 404, "request.not_found", None),
        (
            Method::DELETE,
            "/v1/sessions",
            None,
            None,
            405,
            "request.invalid",
            Some("method"),
        ),
        (
            Method::POST,
            "/v1/sessions",
            None,
            Some("{"),
            400,
            "request.invalid",
            Some("body"),
        ),
        (
            Method::POST,
            "/v1/sessions",
            None,
            Some("{}"),
            400,
            "request.invalid",
            Some("workspace"),
        ),
        (
            Method::POST,
            "/v1/sessions",
            None,
            Some(r#"{"workspace":"a","channel":"b","x":1}"#),
            400,
            "request.invalid",
            Some("x"),
        ),
        (
            Method::POST,
            "/v1/sessions",
            None,
            Some(r#"{"workspace":"A","channel":"web"}"#),
            400,
            "request.invalid",
            Some("workspace"),
        ),
        (
            Method::POST,
            "/v1/sessions",
            None,
            Some(r#"{"workspace":"acme","channel":"none"}"#),
            404,
            "request.not_found",
            Some("channel"),
        ),
        (
            Method::POST,
            "/v1/sessions",
            None,
            Some(r#"{"workspace":"nobody","channel":"web"}"#),
            404,
            "request.not_found",
            Some("channel"),
        ),
        (
            Method::POST,
            "/v1/sessions",
            None,
            Some(r#"{"workspace":"acme","channel":"web","session":"x"}"#),
            400,
            "request.invalid",
            Some("session"),
        ),
        (
            Method::POST,
            "/v1/tickets",
            None,
            Some("{}"),
            401,
            "access.unauthenticated",
            None,
        ),
        (
            Method::POST,
            "/v1/tickets",
            Some("acme.AAAAAAAAAAAAAAAAAAAAAA"),
            Some("{}"),
            401,
            "access.unauthenticated",
            Some("session"),
        ),
        (
            Method::POST,
            "/v1/return",
            None,
            Some(r#"{"token":"acme.AAAAAAAAAAAAAAAAAAAAAA"}"#),
            404,
            "request.not_found",
            Some("link"),
        ),
        (
            Method::GET,
            "/v1/socket",
            None,
            None,
            400,
            "request.invalid",
            Some("upgrade"),
        ),
        (
            Method::GET,
            "/v1/balance",
            None,
            None,
            401,
            "access.unauthenticated",
            None,
        ),
        (
            Method::GET,
            "/v1/balance",
            Some("acme.x.y"),
            None,
            401,
            "access.unauthenticated",
            None,
        ),
        (
            Method::GET,
            "/v1/conversations/999",
            Some(TOKEN),
            None,
            404,
            "request.not_found",
            Some("conversation"),
        ),
        (
            Method::GET,
            "/v1/conversations/x",
            Some(TOKEN),
            None,
            400,
            "request.invalid",
            Some("conversation"),
        ),
        (
            Method::GET,
            "/v1/conversations?page_size=x",
            Some(TOKEN),
            None,
            400,
            "request.invalid",
            Some("page_size"),
        ),
        (
            Method::GET,
            "/v1/conversations?colour=red",
            Some(TOKEN),
            None,
            400,
            "request.invalid",
            Some("colour"),
        ),
        (
            Method::PATCH,
            "/v1/channels/web",
            Some(TOKEN),
            Some(r#"{"settings":{"colour":"red"}}"#),
            400,
            "request.invalid",
            Some("settings.colour"),
        ),
        (
            Method::POST,
            "/v1/sessions",
            None,
            Some(r#"{"workspace":"a","channel":"b","600 700 800":1}"#),
            400,
            "request.invalid",
            Some("body"),
        ),
        (
            Method::GET,
            "/v1/usage?from=yesterday",
            Some(TOKEN),
            None,
            400,
            "request.invalid",
            Some("from"),
        ),
        (
            Method::GET,
            "/v1/usage?kind=fax",
            Some(TOKEN),
            None,
            400,
            "request.invalid",
            Some("kind"),
        ),
        (
            Method::GET,
            "/v1/charges?state=not_covered",
            Some(TOKEN),
            None,
            400,
            "request.invalid",
            Some("state"),
        ),
        (
            Method::POST,
            messages,
            Some(READER),
            Some(r#"{"client_id":"1","text":"x"}"#),
            403,
            "access.denied",
            None,
        ),
        (
            Method::POST,
            messages,
            Some(TOKEN),
            Some(r#"{"text":"x"}"#),
            400,
            "request.invalid",
            Some("client_id"),
        ),
        (
            Method::POST,
            messages,
            Some(TOKEN),
            Some(r#"{"client_id":"1","text":""}"#),
            400,
            "request.invalid",
            Some("text"),
        ),
        (
            Method::POST,
            messages,
            Some(TOKEN),
            Some(r#"{"client_id":"1","text":"x","agent":"Ann"}"#),
            400,
            "request.invalid",
            Some("agent"),
        ),
        (
            Method::PATCH,
            "/v1/channels/web",
            Some(TOKEN),
            Some(r#"{"settings":{"allowed_origins":"x"}}"#),
            400,
            "request.invalid",
            Some("settings.allowed_origins"),
        ),
        (
            Method::PATCH,
            "/v1/channels/web",
            Some(TOKEN),
            Some(r#"{"settings":{"phone":"shouted"}}"#),
            400,
            "request.invalid",
            Some("settings.phone"),
        ),
        (
            Method::POST,
            "/v1/sessions",
            None,
            Some(r#"{"workspace":5,"channel":"web"}"#),
            400,
            "request.invalid",
            Some("workspace"),
        ),
        (
            Method::PATCH,
            "/v1/channels/web",
            Some(TOKEN),
            Some(r#"{"settings":{}}"#),
            400,
            "request.invalid",
            Some("settings"),
        ),
        (
            Method::PATCH,
            "/v1/channels/web",
            Some(READER),
            Some(r#"{"settings":{}}"#),
            403,
            "access.denied",
            None,
        ),
        (
            Method::POST,
            "/v1/events",
            Some(TOKEN),
            Some("{}"),
            400,
            "request.invalid",
            Some("content-type"),
        ),
    ] {
        let mut request = world.http.request(method.clone(), world.url(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = request.send().await?;
        let case = format!("{method} {path} {body:?}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{case}");
        assert!(answer.headers().contains_key("x-request-id"), "{case}");
        assert_eq!(answer.status().as_u16(), status, "{case}");
        let problem: Value = answer.json().await?;
        assert_eq!(
            (problem["code"].as_str(), problem["field"].as_str()),
            (Some(code), field),
            "{case}"
        );
        assert_eq!(problem["type"], format!("urn:homing:error:{code}"));
        assert_eq!(problem["status"], status);
    }
    Ok(())
}

#[tokio::test]
async fn a_body_has_its_limit() -> Result<()> {
    let world = World::start().await?;
    let large = "x".repeat(129 * 1024);
    let post = |path: &str, kind: &str, body: String| {
        let request = world
            .http
            .post(world.url(path))
            .bearer_auth(TOKEN)
            .header("content-type", kind);
        request.body(body).send()
    };
    let refused = post("/v1/conversations/1/messages", "application/json", large.clone()).await?;
    let problem: Value = refused.json().await?;
    assert_eq!(
        (&problem["code"], &problem["field"]),
        (&json!("limit.size"), &json!("body"))
    );
    // However much there is of it, who sends it reads the answer.
    for _ in 0..5 {
        let huge = "x".repeat(16 * 1024 * 1024);
        let refused = post("/v1/events", "application/cloudevents+json", huge).await?;
        assert_eq!(refused.json::<Value>().await?["code"], "limit.size");
    }
    let taken = post(
        "/v1/events",
        "application/cloudevents-batch+json",
        format!(r#"[{{"id":"1","x":"{large}"}}]"#),
    );
    assert_eq!(taken.await?.status(), 200);
    let many = format!("[{}]", vec!["{}"; 501].join(","));
    let refused: Value = post("/v1/events", "application/cloudevents-batch+json", many)
        .await?
        .json()
        .await?;
    assert_eq!(refused["code"], "limit.size");
    Ok(())
}

#[tokio::test]
async fn what_is_said_twice_in_one_document_is_refused() -> Result<()> {
    let world = World::start().await?;
    for (path, body, field) in [
        (
            "/v1/teams/sales/opening-hours",
            r#"{"hours":{"time_zone":"Europe/Warsaw","special_days":{"2026-12-24":["09:00-12:00"],"2026-12-24":[]}}}"#,
            "hours.special_days",
        ),
        (
            "/v1/teams/sales/automatic-messages",
            r#"{"messages":{"voicemail":{"on":true},"voicemail":{"on":false}}}"#,
            "messages",
        ),
        (
            "/v1/teams/sales/automatic-messages",
            r#"{"messages":{},"version":1,"version":2}"#,
            "version",
        ),
    ] {
        let request = world.http.put(world.url(path)).bearer_auth(TOKEN);
        let request = request.header("content-type", "application/json").body(body);
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let problem: Value = answer.json().await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains("twice"), "{detail}");
    }
    Ok(())
}
