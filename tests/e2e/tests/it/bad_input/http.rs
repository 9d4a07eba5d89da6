//! Requests to the public API.

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

use super::Seen;
use super::front::Front;

const JSON: &str = "application/json";
const INVALID: &str = "request.invalid";

/// Method, path, body, status, code, field.
type Case<'a> = (Method, String, Value, u16, &'a str, &'a str);

pub async fn refused(front: &Front, seen: &mut Seen) -> Result<()> {
    each(front, seen, widget(front)).await?;
    each(front, seen, messages(front)).await?;
    each(front, seen, settings()).await?;
    each(front, seen, opt_outs()).await?;
    each(front, seen, questions()).await?;
    sizes(front, seen).await?;
    types(front, seen).await
}

async fn each(front: &Front, seen: &mut Seen, cases: Vec<Case<'_>>) -> Result<()> {
    for (method, path, body, status, code, field) in cases {
        let case = format!("{method} {path} {body}");
        let request = match &method {
            &Method::GET => front.request(method, &path).bearer_auth(&front.token),
            _ => front.send(method, &path, JSON, body.to_string()),
        };
        let answer = request.send().await?;
        if answer.status() != status {
            seen.otherwise(format!("{case}: answered {}", answer.status()));
        }
        seen.refusal(&case, &answer.json().await.unwrap_or_default(), code, field);
    }
    Ok(())
}

fn widget(front: &Front) -> Vec<Case<'static>> {
    let session =
        |body: Value, status, code, field| (Method::POST, "/v1/sessions".to_owned(), body, status, code, field);
    let workspace = &front.world.workspace;
    vec![
        session(json!({}), 400, INVALID, "workspace"),
        session(json!({ "workspace": workspace }), 400, INVALID, "channel"),
        session(
            json!({ "workspace": workspace, "channel": "nowhere" }),
            404,
            "request.not_found",
            "channel",
        ),
        session(
            json!({ "workspace": "nobody", "channel": "web" }),
            404,
            "request.not_found",
            "channel",
        ),
        session(
            json!({ "workspace": workspace, "channel": "web", "colour": 1 }),
            400,
            INVALID,
            "colour",
        ),
        session(json!({ "workspace": workspace, "channel": 7 }), 400, INVALID, "channel"),
    ]
}

fn messages(front: &Front) -> Vec<Case<'static>> {
    let path = format!("/v1/conversations/{}/messages", front.customer.conversation);
    let post = |body: Value, field| (Method::POST, path.clone(), body, 400, INVALID, field);
    vec![
        post(json!({ "client_id": "a" }), "text"),
        post(json!({ "text": "x" }), "client_id"),
        post(json!({ "client_id": "a", "text": "" }), "text"),
        post(json!({ "client_id": "a", "text": "a\0b" }), "text"),
        post(json!({ "client_id": "a", "text": "x".repeat(65_537) }), "text"),
        post(json!({ "client_id": "a", "text": "x", "agent": "nobody" }), "agent"),
        post(json!({ "client_id": "a", "text": "x", "agent": "No Body" }), "agent"),
        post(json!({ "client_id": "a", "text": "x", "to": "ola" }), "to"),
        (
            Method::POST,
            "/v1/conversations/99999/messages".to_owned(),
            json!({ "client_id": "a", "text": "x", "agent": "ana" }),
            404,
            "request.not_found",
            "conversation",
        ),
    ]
}

fn settings() -> Vec<Case<'static>> {
    let patch = |settings: Value, field| {
        let body = json!({ "settings": settings });
        (Method::PATCH, "/v1/channels/web".to_owned(), body, 400, INVALID, field)
    };
    vec![
        patch(json!({ "debounce_ms": 600_001 }), "debounce_ms"),
        patch(json!({ "debounce_ms": -1 }), "settings.debounce_ms"),
        patch(json!({ "ceiling_ms": 1 }), "ceiling_ms"),
        patch(json!({ "escalation_ms": 86_400_001_u64 }), "escalation_ms"),
        patch(json!({ "unread_mail_ms": 86_400_001_u64 }), "unread_mail_ms"),
        patch(json!({ "texts_per_number_per_day": 0 }), "texts_per_number_per_day"),
        patch(json!({ "texts_per_number_per_day": 101 }), "texts_per_number_per_day"),
        patch(json!({ "mails_per_address_per_day": 101 }), "mails_per_address_per_day"),
        patch(json!({ "text_quiet_hours": "22-8" }), "text_quiet_hours"),
        patch(json!({ "mail_quiet_hours": "08:00-20:01" }), "mail_quiet_hours"),
        patch(json!({ "text_from": "a name of many letters" }), "text_from"),
        patch(json!({ "text_countries": ["Poland"] }), "text_countries"),
        patch(json!({ "language": "tlh" }), "language"),
        patch(json!({ "default_country": "Poland" }), "default_country"),
        patch(json!({ "business_name": "" }), "business_name"),
        patch(json!({ "allowed_origins": ["shop.example"] }), "allowed_origins"),
        patch(json!({ "presence_source": "none" }), "policy"),
        patch(json!({ "policy": "pigeon" }), "settings.policy"),
        patch(json!({ "colour": "red" }), "settings.colour"),
        patch(json!({}), "settings"),
        (
            Method::PATCH,
            "/v1/channels/nowhere".to_owned(),
            json!({ "settings": { "debounce_ms": 1 } }),
            404,
            "request.not_found",
            "channel",
        ),
        (
            Method::PATCH,
            "/v1/channels/web".to_owned(),
            json!({ "version": 99, "settings": { "debounce_ms": 1 } }),
            409,
            "conversation.version",
            "version",
        ),
    ]
}

fn opt_outs() -> Vec<Case<'static>> {
    let put = |body: Value, field| (Method::PUT, "/v1/opt-outs".to_owned(), body, 400, INVALID, field);
    vec![
        put(json!({}), "opted_out"),
        put(json!({ "opted_out": true }), "address"),
        put(json!({ "phone": "12", "opted_out": true }), "phone"),
        put(json!({ "phone": "+48600700800", "opted_out": "yes" }), "opted_out"),
    ]
}

fn questions() -> Vec<Case<'static>> {
    let get = |path: &str, field| (Method::GET, path.to_owned(), Value::Null, 400, INVALID, field);
    vec![
        get("/v1/conversations?page_size=201", "page_size"),
        get("/v1/conversations?page_token=x", "page_token"),
        get("/v1/follow-ups?page_size=100000", "page_size"),
        get("/v1/charges?page_size=100000", "page_size"),
        get("/v1/usage?from=yesterday", "from"),
        get("/v1/usage?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "to"),
    ]
}

/// More than a route takes is refused before it is read to its end.
async fn sizes(front: &Front, seen: &mut Seen) -> Result<()> {
    let path = format!("/v1/conversations/{}/messages", front.customer.conversation);
    let large = json!({ "client_id": "a", "text": "x".repeat(200_000) }).to_string();
    let answer = front.send(Method::POST, &path, JSON, large).send().await?;
    seen.refusal("a large body", &answer.json().await?, "limit.size", "body");
    let batch = "application/cloudevents-batch+json";
    let many = format!("[{}]", vec!["{}"; 501].join(","));
    let answer = front.send(Method::POST, "/v1/events", batch, many).send().await?;
    seen.refusal("a batch of 501", &answer.json().await?, "limit.size", "body");
    let large = format!("[\"{}\"]", "x".repeat(4 * 1024 * 1024));
    let answer = front.send(Method::POST, "/v1/events", batch, large).send().await?;
    seen.refusal("a batch of 4 MiB", &answer.json().await?, "limit.size", "body");
    Ok(())
}

async fn types(front: &Front, seen: &mut Seen) -> Result<()> {
    let path = format!("/v1/conversations/{}/messages", front.customer.conversation);
    let answer = front.send(Method::POST, &path, "text/plain", "x").send().await?;
    seen.refusal("a body of another type", &answer.json().await?, INVALID, "content-type");
    let answer = front.send(Method::POST, "/v1/events", JSON, "{}").send().await?;
    seen.refusal("events of another type", &answer.json().await?, INVALID, "content-type");
    Ok(())
}
