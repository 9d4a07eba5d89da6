//! An agent writes to a contact first.

use crate::gateway::{World, call};
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

const CONTACT: &str = "/v1/contacts/01990000-0000-7000-8000-000000000001/messages";

#[tokio::test]
async fn a_first_message_is_passed_on_and_answered_with_its_conversation() -> Result<()> {
    let world = World::start().await?;
    let post = async |path: &str, body: Value| call(&world, Method::POST, path, Some(body)).await;
    let body = json!({"client_id": "w-1", "channel": "texts", "agent": "anna", "text": "Your size is back"});
    let (status, opened) = post(CONTACT, body.clone()).await?;
    assert_eq!(status, 200, "{opened}");
    assert_eq!(opened["conversation"]["outreach"], json!(true));
    assert_eq!(opened["conversation"]["contact"], json!(&CONTACT[13..49]));
    assert_eq!(opened["message"]["seq"], json!(1));
    let asked = world.peers.memory().first_messages.clone();
    assert_eq!(
        (asked.len(), asked[0].request_id.as_str(), asked[0].agent.as_str()),
        (1, "w-1", "anna")
    );

    let with = |field: &str, value: Value| {
        let mut body = body.clone();
        body[field] = value;
        body
    };
    for (path, body, status, field) in [
        ("/v1/contacts/ann/messages", body.clone(), 400, "contact"),
        (CONTACT, with("channel", json!("Texts!")), 400, "channel"),
        (CONTACT, with("channel", json!("web")), 400, "channel"),
        (CONTACT, with("address", json!("+48600700123")), 400, "address"),
        (CONTACT, with("agent", json!("Anna!")), 400, "agent"),
        (CONTACT, with("text", json!("")), 400, "text"),
        (CONTACT, with("client_id", Value::Null), 400, "client_id"),
        (CONTACT, with("to", json!("+48600700123")), 400, "to"),
    ] {
        let (got, problem) = post(path, body).await?;
        assert_eq!((got, &problem["field"]), (status, &json!(field)), "{problem}");
    }
    Ok(())
}
