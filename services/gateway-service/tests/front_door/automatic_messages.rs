//! What teams say by themselves, for consoles and for customers.

use crate::gateway::{World, call};
use anyhow::Result;
use events::common::AutomaticMessageKind;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn automatic_messages_are_set_as_a_whole_and_looked_at_before() -> Result<()> {
    let world = World::start().await?;
    let path = "/v1/teams/parcels/automatic-messages";
    let (_, none) = call(&world, Method::GET, path, None).await?;
    let empty = json!({"messages": {}, "open_for_missed_calls": false, "contact_page": "", "version": 0});
    assert_eq!(none, empty);
    let thanks = json!({"on": true, "business_name": true, "team_name": false, "extra_text": "Bye."});
    let body = json!({"messages": {"first_message": thanks, "missed_call": {"on": true}}, "open_for_missed_calls": true,
        "version": 3});
    assert_eq!(
        call(&world, Method::PUT, path, Some(body)).await?,
        (200, json!({"version": 4}))
    );
    let (_, kept) = call(&world, Method::GET, path, None).await?;
    assert_eq!(
        (&kept["messages"]["first_message"], &kept["version"]),
        (&thanks, &json!(4))
    );
    assert_eq!(kept["messages"]["missed_call"]["on"], json!(true));

    let preview = format!("{path}/ask_rating/preview");
    let body = json!({"message": {"on": true}, "language": "pl", "by_text": true});
    let (status, words) = call(&world, Method::POST, &preview, Some(body)).await?;
    assert_eq!((status, words), (200, json!({"text": "Thank you."})));
    let asked = world.peers.memory().previews[0].clone();
    let kind = asked.message.map(|message| message.kind());
    assert_eq!(
        (kind, asked.language),
        (Some(AutomaticMessageKind::AskRating), "pl".to_owned())
    );
    for (method, path, body, field) in [
        (
            Method::PUT,
            path.to_owned(),
            json!({"messages": {"advert": {"on": true}}}),
            "messages.?",
        ),
        (
            Method::PUT,
            path.to_owned(),
            json!({"messages": {"missed_call": {}}}),
            "messages.?.on",
        ),
        (
            Method::PUT,
            "/v1/teams/P!/automatic-messages".to_owned(),
            json!({}),
            "team",
        ),
        (
            Method::POST,
            format!("{path}/advert/preview"),
            json!({"message": {"on": true}}),
            "kind",
        ),
    ] {
        let (status, problem) = call(&world, method, &path, Some(body)).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    Ok(())
}

#[tokio::test]
async fn an_agent_has_one_said_and_ratings_are_listed() -> Result<()> {
    let world = World::start().await?;
    world.started().await?;
    let path = "/v1/conversations/1/automatic-messages";
    let body = json!({"kind": "ask_rating", "client_id": "s-1", "agent": "anna"});
    let (status, said) = call(&world, Method::POST, path, Some(body)).await?;
    assert_eq!(
        (status, &said["automatic"], &said["author"]),
        (200, &json!("ask_rating"), &json!("system"))
    );
    let asked = world.peers.memory().said[0].clone();
    assert_eq!((asked.request_id.as_str(), asked.agent.as_str()), ("s-1", "anna"));
    for (body, field) in [
        (json!({"kind": "ask_rating"}), "client_id"),
        (json!({"kind": "advert", "client_id": "s-2"}), "kind"),
        (
            json!({"kind": "ask_rating", "client_id": "s-2", "agent": "A!"}),
            "agent",
        ),
    ] {
        let (status, problem) = call(&world, Method::POST, path, Some(body)).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    let (_, first) = call(&world, Method::GET, "/v1/ratings?page_size=1", None).await?;
    assert_eq!(
        (&first["next_page_token"], &first["ratings"][0]["rating"]),
        (&json!("more"), &json!(5))
    );
    let (_, second) = call(&world, Method::GET, "/v1/ratings?page_token=more", None).await?;
    assert_eq!(second.get("next_page_token"), None);
    Ok(())
}
