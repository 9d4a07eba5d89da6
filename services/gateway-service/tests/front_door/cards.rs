//! Cards, for consoles and shops.

use crate::gateway::{World, call, text};
use crate::peers::cards::CARD;
use anyhow::Result;
use events::common::{CardKind, CardState};
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

#[tokio::test]
async fn a_widget_that_is_open_is_shown_at_once_what_came_of_a_card() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, session, started) = world.started().await?;
    let conversation = text(&started, "conversation")?;
    let seq = world.peers.say_card(&conversation).await;
    let said = socket.expect("message").await?;
    assert_eq!(
        (&said["card"]["id"], &said["card"]["outcome"]["state"]),
        (&json!(CARD), &json!("requested"))
    );
    for (state, word) in [(CardState::Ready, "ready"), (CardState::Done, "done")] {
        world.peers.change_card(&conversation, seq, state).await;
        let shown = socket.expect("card").await?;
        assert_eq!((&shown["seq"], &shown["card"]["id"]), (&json!(seq), &json!(CARD)));
        assert_eq!(shown["card"]["outcome"]["state"], word);
    }
    // While its owner is away it waits for the next look.
    world.peers.memory().away = true;
    world.peers.change_card(&conversation, seq, CardState::Failed).await;
    socket.say(json!({ "type": "ping" })).await?;
    socket.expect("pong").await?;
    world.peers.memory().away = false;
    let shown = socket.expect("card").await?;
    assert_eq!(shown["card"]["outcome"]["state"], "failed");
    // A tab that opens later has it with its message.
    let (mut other, _) = world.socket(&session, None).await?;
    other.expect("message").await?;
    let said = other.expect("message").await?;
    assert_eq!(said["card"]["outcome"]["state"], "failed");
    Ok(())
}

#[tokio::test]
async fn what_came_of_a_card_unheard_is_shown_to_who_comes_back_and_with_the_next_look() -> Result<()> {
    let world = World::start().await?;
    let (mut socket, session, started) = world.started().await?;
    let conversation = text(&started, "conversation")?;
    let seq = world.peers.say_card(&conversation).await;
    socket.expect("message").await?;
    socket.say(json!({ "type": "bye" })).await?;
    socket.closed().await?;
    world.peers.note_card(seq, CardState::Ready);
    let (mut socket, _) = world.socket(&session, Some(seq)).await?;
    let shown = socket.expect("card").await?;
    assert_eq!(
        (&shown["seq"], &shown["card"]["outcome"]["state"]),
        (&json!(seq), &json!("ready"))
    );
    // Of a socket that is open the hint is lost; each state is shown once.
    world.peers.note_card(seq, CardState::Done);
    for (number, words) in [(1, "Thank you."), (2, "Anything else?")] {
        world.peers.answer(&conversation, &format!("a-{number}"), words).await;
        assert_eq!(socket.expect("message").await?["text"], words);
        if number == 1 {
            let shown = socket.expect("card").await?;
            assert_eq!(shown["card"]["outcome"]["state"], "done");
        }
    }
    socket.say(json!({ "type": "ping" })).await?;
    socket.expect("pong").await?;
    Ok(())
}
