//! Copies of conversations, asked for by customers and by agents' consoles.

use crate::gateway::{World, call, text};
use crate::peers::LINK;
use anyhow::Result;
use events::common::AuthorRole;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_customer_asks_for_a_copy() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, _, started) = world.started().await?;
    socket.say(json!({"type": "copy", "client_id": "k"})).await?;
    let refused = socket.expect("error").await?;
    assert_eq!(
        (&refused["code"], &refused["field"], &refused["client_id"]),
        (&json!("request.invalid"), &json!("email"), &json!("k"))
    );
    let copy = json!({"type": "copy", "client_id": "k", "email": " ann@example.com "});
    socket.say(copy.clone()).await?;
    let requested = socket.expect("copy_requested").await?;
    assert_eq!(
        (&requested["client_id"], &requested["up_to"]),
        (&json!("k"), &started["seq"])
    );
    socket.say(copy).await?;
    socket.expect("copy_requested").await?;
    let copies = world.peers.memory().copies.clone();
    assert_eq!(copies[0], copies[1], "it is the same request");
    assert_eq!(copies[0].email, "ann@example.com");
    assert_eq!(copies[0].conversation, text(&started, "conversation")?);
    assert_ne!(copies[0].request_id, "k", "another session's is another one");
    socket
        .say(json!({"type": "copy", "client_id": "k", "phone": "600700800"}))
        .await?;
    assert_eq!(socket.expect("error").await?["field"], "phone");
    Ok(())
}

#[tokio::test]
async fn whoever_holds_a_return_link_sends_no_copy_elsewhere() -> Result<()> {
    let world = World::start().await?;
    let (mut own, _, started) = world.started().await?;
    own.say(json!({"type": "contact", "email": "ann@example.com"})).await?;
    own.expect("contact_added").await?;
    let opened = world.post("/v1/return", None, json!({"token": LINK})).await?;
    let (mut socket, _) = world.socket(&text(&opened, "session")?, None).await?;
    socket.expect("message").await?;
    socket
        .say(json!({"type": "copy", "client_id": "k", "email": "eve@example.com"}))
        .await?;
    assert_eq!(socket.expect("error").await?["code"], "access.denied");
    socket.say(json!({"type": "copy", "client_id": "k"})).await?;
    socket.expect("copy_requested").await?;
    let copies = world.peers.memory().copies.clone();
    assert_eq!((copies.len(), copies[0].email.as_str()), (1, ""));
    assert_eq!(copies[0].conversation, text(&started, "conversation")?);
    Ok(())
}

#[tokio::test]
async fn an_agents_console_asks_for_a_copy() -> Result<()> {
    let world = World::start().await?;
    let (_, _, started) = world.started().await?;
    let conversation = text(&started, "conversation")?;
    world.peers.store(&conversation, AuthorRole::Agent, "x", "Yes!");
    let path = "/v1/conversations/1/transcripts";
    let body = json!({"client_id": "t-1", "email": "ann@example.com"});
    let (status, copy) = call(&world, Method::POST, path, Some(body)).await?;
    assert_eq!((status, &copy["up_to"]), (200, &json!(2)));
    assert!(copy["transcript"].is_string());
    let asked = world.peers.memory().copies[0].clone();
    assert_eq!(
        (asked.request_id.as_str(), asked.email.as_str()),
        ("t-1", "ann@example.com")
    );
    for (path, body, field) in [
        (path, json!({}), "client_id"),
        (path, json!({"client_id": "t-2", "email": "ann@"}), "email"),
        (path, json!({"client_id": "t-2", "to": "ann@example.com"}), "to"),
        (
            "/v1/conversations/x/transcripts",
            json!({"client_id": "t-2"}),
            "conversation",
        ),
    ] {
        let (status, problem) = call(&world, Method::POST, path, Some(body)).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    Ok(())
}
