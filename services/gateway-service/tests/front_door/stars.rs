//! Stars, and the search by number, for consoles.

use crate::gateway::{World, call};
use crate::peers::TOKEN;
use anyhow::Result;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn conversations_are_starred_listed_and_unstarred() -> Result<()> {
    let world = World::start().await?;
    let (_socket, _, started) = world.started().await?;
    let path = "/v1/conversations/1/stars/anna";
    let wanted = json!({"remind_at": "2026-11-24T09:00:00Z", "note": "call back"});
    let (status, set) = call(&world, Method::PUT, path, Some(wanted)).await?;
    let star = json!({"conversation": started["conversation"], "number": 1, "agent": "anna",
        "remind_at": "2026-11-24T09:00:00Z", "note": "call back", "version": 1});
    assert_eq!((status, &set), (200, &star));
    let listed = call(&world, Method::GET, "/v1/agents/anna/stars?page_size=2", None).await?;
    assert_eq!(listed, (200, json!({ "stars": [star] })));
    let gone = world.http.delete(world.url(path)).bearer_auth(TOKEN).send().await?;
    assert_eq!(gone.status(), 204);
    let (_, left) = call(&world, Method::GET, "/v1/agents/anna/stars", None).await?;
    assert_eq!(left, json!({ "stars": [] }));
    for (method, path, body, status, field) in [
        (
            Method::PUT,
            path,
            Some(json!({"remind_at": "tomorrow"})),
            400,
            "remind_at",
        ),
        (Method::PUT, path, Some(json!({"color": "red"})), 400, "color"),
        (
            Method::PUT,
            "/v1/conversations/99/stars/anna",
            Some(json!({})),
            404,
            "conversation",
        ),
        (Method::GET, "/v1/agents/anna/stars?of=me", None, 400, "of"),
    ] {
        let (code, problem) = call(&world, method, path, body).await?;
        assert_eq!((code, &problem["field"]), (status, &json!(field)), "{problem}");
    }
    Ok(())
}

#[tokio::test]
async fn a_conversation_is_found_by_its_number() -> Result<()> {
    let world = World::start().await?;
    let (_socket, _, started) = world.started().await?;
    let (status, found) = call(&world, Method::GET, "/v1/conversations?number=1", None).await?;
    assert_eq!(
        (status, &found["conversations"][0]["conversation"]),
        (200, &started["conversation"])
    );
    let nothing = call(&world, Method::GET, "/v1/conversations?number=17", None).await?;
    assert_eq!(nothing, (200, json!({ "conversations": [] })));
    for number in ["0", "one", "-1"] {
        let path = format!("/v1/conversations?number={number}");
        let (status, problem) = call(&world, Method::GET, &path, None).await?;
        assert_eq!((status, &problem["field"]), (400, &json!("number")), "{problem}");
    }
    Ok(())
}
