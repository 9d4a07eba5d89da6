//! Cards, for consoles and shops.

use crate::gateway::{World, call};
use crate::peers::cards::CARD;
use anyhow::Result;
use events::common::CardKind;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_card_is_said_and_read_with_what_came_of_it() -> Result<()> {
    let world = World::start().await?;
    let (_socket, _, started) = world.started().await?;
    let card = json!({
        "kind": "order", "title": "Your shoes", "lines": [{ "sku": "sh-38", "title": "Shoes", "quantity": 2 }],
        "amount_minor": 12_900, "currency": "PLN"
    });
    let wanted = json!({ "client_id": "c-1", "agent": "ann", "card": card });
    let sent = call(&world, Method::POST, "/v1/conversations/1/cards", Some(wanted)).await?;
    assert_eq!(sent, (200, json!({ "card": CARD, "seq": 2 })));
    let asked = world.peers.memory().cards[0].clone();
    assert_eq!(json!(asked.conversation), started["conversation"]);
    assert_eq!(asked.card.unwrap_or_default().kind(), CardKind::Order);
    let (status, read) = call(&world, Method::GET, &format!("/v1/cards/{CARD}"), None).await?;
    assert_eq!((status, &read["card"]), (200, &card));
    assert_eq!(
        (&read["id"], &read["seq"], &read["agent"], &read["outcome"]),
        (
            &json!(CARD),
            &json!(2),
            &json!("ann"),
            &json!({ "state": "ready", "url": "https://pay.example/17", "version": 2 })
        )
    );
    for (body, field) in [
        (
            json!({ "client_id": "c-2", "agent": "ann", "card": { "kind": "gift", "title": "x" } }),
            "card.kind",
        ),
        (json!({ "client_id": "c-2", "agent": "ann" }), "card"),
        (
            json!({ "client_id": "c-2", "agent": "Ann!", "card": { "kind": "product", "title": "x" } }),
            "agent",
        ),
    ] {
        let (status, problem) = call(&world, Method::POST, "/v1/conversations/1/cards", Some(body)).await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    let (status, _) = call(
        &world,
        Method::GET,
        "/v1/cards/018f4e3a-0000-7000-8000-0000000000cd",
        None,
    )
    .await?;
    assert_eq!((status, world.peers.memory().cards.len()), (404, 1));
    Ok(())
}
