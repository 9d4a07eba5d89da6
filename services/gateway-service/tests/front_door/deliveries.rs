//! Other systems report what became of the messages that they deliver.

use crate::gateway::{World, call};
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_report_is_passed_on_and_messages_show_what_is_known() -> Result<()> {
    let world = World::start().await?;
    world.started().await?;
    let put = async |path: &str, body: Value| call(&world, Method::PUT, path, Some(body)).await;
    let path = "/v1/conversations/1/messages/1/delivery";
    let body = json!({"state": "failed", "reason": "blocked"});
    let known = json!({"state": "failed", "reason": "blocked", "at": "2026-09-21T14:13:20Z", "version": 2});
    assert_eq!(put(path, body).await?, (200, known.clone()));
    let (_, listed) = call(&world, Method::GET, "/v1/conversations/1/messages", None).await?;
    assert_eq!(listed["messages"][0]["delivery"], known);
    let (_, sent) = put(path, json!({"state": "sent"})).await?;
    assert_eq!(sent.get("reason"), None, "{sent}");

    for (path, body, status, field) in [
        (path, json!({"state": "lost"}), 400, "state"),
        (path, json!({"reason": "x"}), 400, "state"),
        (path, json!({"state": "sent", "at": 1}), 400, "at"),
        (
            "/v1/conversations/1/messages/one/delivery",
            json!({"state": "sent"}),
            400,
            "seq",
        ),
        (
            "/v1/conversations/x/messages/1/delivery",
            json!({"state": "sent"}),
            400,
            "conversation",
        ),
        (
            "/v1/conversations/1/messages/7/delivery",
            json!({"state": "sent"}),
            404,
            "message",
        ),
    ] {
        let (got, problem) = put(path, body).await?;
        assert_eq!((got, &problem["field"]), (status, &json!(field)), "{problem}");
    }
    Ok(())
}
