//! Who a visitor is by the word of the workspace's own site, said over the socket.

use crate::gateway::{World, text};
use crate::peers::LINK;
use crate::peers::contacts::{ANN, OTHER};
use anyhow::Result;
use serde_json::json;

#[tokio::test]
async fn a_conversation_that_is_open_becomes_the_persons() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, _, started) = world.started().await?;
    socket.say(json!({"type": "identify", "token": "good"})).await?;
    socket.expect("identified").await?;
    let conversation = text(&started, "conversation")?;
    let bound = world.peers.memory().bound.clone();
    assert_eq!(bound.len(), 1);
    // Nothing is written to a number that is not proved.
    assert_eq!(
        (
            bound[0].conversation.as_str(),
            bound[0].contact.as_str(),
            bound[0].phone_address.as_str()
        ),
        (conversation.as_str(), ANN, "")
    );
    let asked = world.peers.memory().identities[0].clone();
    assert_eq!((asked.workspace.as_str(), asked.token.as_str()), ("acme", "good"));

    // The same person again changes nothing; another one is refused, and what is known stays.
    socket.say(json!({"type": "identify", "token": "good"})).await?;
    socket.expect("identified").await?;
    socket
        .say(json!({"type": "identify", "token": "somebody else's"}))
        .await?;
    let error = socket.expect("error").await?;
    assert_eq!(
        (&error["code"], &error["field"]),
        (&json!("request.exists"), &json!("token"))
    );
    let bound = world.peers.memory().bound.clone();
    assert!(bound.iter().all(|one| one.contact == ANN), "{bound:?}");
    Ok(())
}

#[tokio::test]
async fn a_wrong_token_is_told_of_and_changes_nothing() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, _, _) = world.started().await?;
    socket.say(json!({"type": "identify", "token": "old"})).await?;
    let error = socket.expect("error").await?;
    assert_eq!(
        (&error["code"], &error["field"], &error["detail"]),
        (&json!("access.unauthenticated"), &json!("token"), &json!("is expired"))
    );
    for (frame, field) in [
        (json!({"type": "identify"}), "token"),
        (json!({"type": "identify", "token": ""}), "token"),
        (json!({"type": "identify", "token": "x".repeat(8_193)}), "token"),
        (
            json!({"type": "identify", "token": "good", "contact": OTHER}),
            "contact",
        ),
    ] {
        socket.say(frame).await?;
        assert_eq!(socket.expect("error").await?["field"], field);
    }
    assert_eq!(world.peers.memory().bound, []);
    // The socket goes on.
    socket.say(json!({"type": "ping"})).await?;
    socket.expect("pong").await?;
    Ok(())
}

#[tokio::test]
async fn who_says_so_before_the_first_message_starts_as_that_person_also_in_another_tab() -> Result<()> {
    let world = World::start().await?;
    let session = world.session("web").await?;
    let (mut first, _) = world.socket(&session, None).await?;
    let (mut second, _) = world.socket(&session, None).await?;
    first.say(json!({"type": "identify", "token": "good"})).await?;
    first.expect("identified").await?;
    assert_eq!(world.peers.memory().bound, []);
    // Who it is was said in the other one.
    second
        .say(json!({"type": "identify", "token": "somebody else's"}))
        .await?;
    assert_eq!(second.expect("error").await?["code"], "request.exists");
    second
        .say(json!({"type": "start", "client_id": "a", "text": "Hello?"}))
        .await?;
    let started = second.expect("started").await?;
    let bound = world.peers.memory().bound.clone();
    assert_eq!(bound.len(), 1);
    assert_eq!(
        (bound[0].conversation.clone(), bound[0].contact.as_str()),
        (text(&started, "conversation")?, ANN)
    );
    Ok(())
}

#[tokio::test]
async fn a_session_out_of_a_return_link_says_nothing_of_who_somebody_is() -> Result<()> {
    let world = World::start().await?;
    let (_, _, started) = world.started().await?;
    world.peers.answer(&text(&started, "conversation")?, "x", "Yes!").await;
    let opened = world.post("/v1/return", None, json!({"token": LINK})).await?;
    let (mut socket, _) = world.socket(&text(&opened, "session")?, None).await?;
    socket.expect("message").await?;
    assert_eq!(socket.expect("message").await?["text"], "Yes!");
    socket.say(json!({"type": "identify", "token": "good"})).await?;
    assert_eq!(socket.expect("error").await?["code"], "access.denied");
    assert_eq!(world.peers.memory().identities, []);
    Ok(())
}
