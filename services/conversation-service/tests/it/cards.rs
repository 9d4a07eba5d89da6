//! Structured messages that a shop acts on, and what came of them.

use crate::Tested;
use crate::world::{AGENT, CUSTOMER, World, why};
use domain::{Clock, Timestamp};
use events::common::{AuthorRole, CardKind, CardState};
use events::event::{CardChanged, ConversationTakenOver};
use rpc::conversation::card_service_client::CardServiceClient;
use rpc::conversation::message::Content;
use rpc::conversation::person_service_client::PersonServiceClient;
use rpc::conversation::{self as proto, Card, CardLine, GetCardResponse, IngestOutcome, SendCardResponse};
use serde_json::{Value, json};
use tonic::Status;
use tonic::transport::Channel;

const SHOP: &str = "shop";

pub type Cards = CardServiceClient<Channel>;

async fn world() -> anyhow::Result<(World, Cards)> {
    let world = World::new().await?;
    let channel = rpc::connect(&format!("http://{}", world.running.grpc))?;
    Ok((world, CardServiceClient::new(channel)))
}

pub fn payment() -> Card {
    Card {
        kind: CardKind::Payment.into(),
        title: "Shoes, two pairs".into(),
        reference: "cart-7".into(),
        amount_minor: 12_900,
        currency: "PLN".into(),
        ..Default::default()
    }
}

pub async fn send(cards: &Cards, conversation: &str, client_id: &str, card: Card) -> Result<SendCardResponse, Status> {
    let request = proto::SendCardRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
        client_id: client_id.into(),
        agent: "anna".into(),
        card: Some(card),
    };
    Ok(cards.clone().send_card(request).await?.into_inner())
}

async fn get(cards: &Cards, workspace: &str, card: &str) -> Result<GetCardResponse, Status> {
    let request = proto::GetCardRequest {
        workspace: workspace.into(),
        card: card.into(),
    };
    Ok(cards.clone().get_card(request).await?.into_inner())
}

/// What came of a card: its state, where to go on, its version.
async fn outcome(cards: &Cards, card: &str) -> anyhow::Result<(CardState, String, u64)> {
    let found = get(cards, "acme", card).await?;
    let outcome = found.card.and_then(|shown| shown.outcome).unwrap_or_default();
    Ok((outcome.state(), outcome.url, outcome.version))
}

fn document(id: &str, card: &str, at: Timestamp, data: Value) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": SHOP, "type": "homing.card_outcome.v1", "subject": card,
        "time": at.to_string(), "data": data
    })
}

async fn tell_as(world: &World, workspace: &str, documents: &[Value]) -> anyhow::Result<Vec<IngestOutcome>> {
    let request = proto::IngestEventsRequest {
        workspace: workspace.into(),
        integration: SHOP.into(),
        events: documents.iter().map(|one| one.to_string().into_bytes()).collect(),
    };
    let told = world.conversations.clone().ingest_events(request).await?;
    Ok(told.into_inner().outcomes)
}

async fn tell(world: &World, documents: &[Value]) -> Tested {
    for outcome in tell_as(world, "acme", documents).await? {
        assert!(outcome.accepted, "{outcome:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_card_is_said_once_as_the_agents_message_and_told_to_the_shop() -> Tested {
    let (world, cards) = world().await?;
    let conversation = world.start("r-1").await?.conversation;
    let said = send(&cards, &conversation, "card-1", payment()).await?;
    assert_eq!(send(&cards, &conversation, "card-1", payment()).await?, said);
    let other = Card {
        amount_minor: 1,
        ..payment()
    };
    let refused = send(&cards, &conversation, "card-1", other).await;
    assert_eq!(why(refused), ("request.exists", "client_id".into()));

    let messages = world.messages(&conversation).await?;
    assert_eq!(messages.len(), 2, "the question and the card");
    let message = &messages[1];
    assert_eq!(
        (message.author(), message.agent.as_str(), message.text.as_str()),
        (AuthorRole::Agent, "anna", "Shoes, two pairs\n129.00 PLN")
    );
    let Some(Content::Card(shown)) = &message.content else {
        anyhow::bail!("no card: {message:?}");
    };
    let stored = Card {
        card: said.card.clone(),
        ..payment()
    };
    assert_eq!(shown.card, Some(stored));
    let found = get(&cards, "acme", &said.card).await?;
    assert_eq!(
        (
            found.conversation.as_str(),
            found.seq,
            found.agent.as_str(),
            found.card.as_ref()
        ),
        (conversation.as_str(), 2, "anna", Some(shown))
    );
    let told = &world.facts::<CardChanged>(1).await?[0];
    assert_eq!(
        (
            told.card.as_str(),
            told.conversation.as_str(),
            told.seq,
            told.kind(),
            told.state(),
            told.version
        ),
        (
            said.card.as_str(),
            conversation.as_str(),
            2,
            CardKind::Payment,
            CardState::Requested,
            1
        )
    );
    world.set_up("bolt").await?;
    assert_eq!(why(get(&cards, "bolt", &said.card).await).0, "request.not_found");
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn what_comes_of_a_card_is_told_in_any_order_and_the_way_to_pay_is_said_once() -> Tested {
    let (world, cards) = world().await?;
    let conversation = world.start("r-1").await?.conversation;
    let card = send(&cards, &conversation, "card-1", payment()).await?.card;
    let now = world.clock.now();
    let link = "https://pay.example/17";
    let ready = document(
        "e-1",
        &card,
        now,
        json!({ "state": "ready", "reference": "P-17", "url": link }),
    );
    // The same event again, and another one that says the same.
    let again = document(
        "e-2",
        &card,
        now,
        json!({ "state": "ready", "reference": "P-17", "url": link }),
    );
    tell(&world, &[ready.clone(), ready, again]).await?;
    assert_eq!(outcome(&cards, &card).await?, (CardState::Ready, link.into(), 2));
    let messages = world.messages(&conversation).await?;
    assert_eq!(messages.len(), 3, "the way to pay is said once");
    assert_eq!(
        (
            messages[2].author(),
            messages[2].agent.as_str(),
            messages[2].text.as_str()
        ),
        (AuthorRole::Agent, "anna", "Shoes, two pairs\nhttps://pay.example/17")
    );

    let done = document("e-3", &card, now, json!({ "state": "done", "reference": "P-17" }));
    let late = document(
        "e-4",
        &card,
        now,
        json!({ "state": "failed", "reason": "card_declined" }),
    );
    let later = document(
        "e-5",
        &card,
        now,
        json!({ "state": "ready", "url": "https://pay.example/18" }),
    );
    tell(&world, &[done, late, later]).await?;
    assert_eq!(outcome(&cards, &card).await?, (CardState::Done, String::new(), 3));
    assert_eq!(world.messages(&conversation).await?.len(), 3);
    let told = world.facts::<CardChanged>(3).await?;
    let states: Vec<_> = told.iter().map(|fact| (fact.state(), fact.version)).collect();
    assert_eq!(
        states,
        [(CardState::Requested, 1), (CardState::Ready, 2), (CardState::Done, 3)]
    );
    world.end().await;
    Ok(())
}

/// Sequences and versions of the cards of which something came, and how often something did.
async fn changed(world: &World, cards: &Cards, conversation: &str) -> anyhow::Result<(Vec<(u64, u64)>, u64)> {
    let request = proto::ListCardsRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
    };
    let found = cards.clone().list_cards(request).await?.into_inner().cards;
    let version = |shown: proto::CardShown| shown.outcome.unwrap_or_default().version;
    let versions = found
        .into_iter()
        .map(|one| (one.seq, one.card.map_or(0, version)))
        .collect();
    let request = proto::ListMessagesRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
        ..Default::default()
    };
    let page = world.conversations.clone().list_messages(request).await?.into_inner();
    Ok((versions, page.card_changes))
}

#[tokio::test]
async fn who_reads_a_conversation_learns_that_something_came_of_its_cards() -> Tested {
    let (world, cards) = world().await?;
    let conversation = world.start("r-1").await?.conversation;
    let first = send(&cards, &conversation, "card-1", payment()).await?.card;
    let second = send(&cards, &conversation, "card-2", payment()).await?.card;
    assert_eq!(changed(&world, &cards, &conversation).await?, (vec![], 0));
    let now = world.clock.now();
    let state = |state: &str| json!({ "state": state });
    tell(&world, &[document("e-1", &second, now, state("ready"))]).await?;
    assert_eq!(changed(&world, &cards, &conversation).await?, (vec![(3, 2)], 1));
    // What is no news changes nothing.
    tell(
        &world,
        &[
            document("e-2", &second, now, state("done")),
            document("e-3", &second, now, state("failed")),
            document("e-4", &first, now, state("cancelled")),
        ],
    )
    .await?;
    assert_eq!(changed(&world, &cards, &conversation).await?, (vec![(2, 2), (3, 3)], 3));
    world.set_up("bolt").await?;
    let foreign = proto::ListCardsRequest {
        workspace: "bolt".into(),
        conversation,
    };
    assert_eq!(
        why(cards.clone().list_cards(foreign).await),
        ("request.not_found", "conversation".into())
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_customer_who_went_on_in_another_conversation_is_shown_the_way_there() -> Tested {
    let (world, cards) = world().await?;
    let conversation = world.start("r-1").await?.conversation;
    let card = send(&cards, &conversation, "card-1", payment()).await?.card;
    let resolve = proto::ResolveConversationRequest {
        workspace: "acme".into(),
        conversation: conversation.clone(),
    };
    world.conversations.clone().resolve_conversation(resolve).await?;
    world.post(&conversation, CUSTOMER, "c-2", "Where do I pay?").await?;
    let ready = json!({ "state": "ready", "url": "https://pay.example/17" });
    tell(&world, &[document("e-1", &card, world.clock.now(), ready)]).await?;
    assert_eq!(world.messages(&conversation).await?.len(), 2);
    let list = proto::ListConversationsRequest {
        workspace: "acme".into(),
        open_only: true,
        ..Default::default()
    };
    let open = world.conversations.clone().list_conversations(list).await?.into_inner();
    let next = &open.conversations[0];
    assert_eq!(next.continues, conversation);
    let messages = world.messages(&next.conversation).await?;
    assert!(messages.iter().any(|one| one.text.ends_with("https://pay.example/17")));
    world.facts::<CardChanged>(2).await?;
    assert_eq!(
        world.facts::<ConversationTakenOver>(1).await?[0].conversation,
        conversation,
        "nobody took over what the shop said in their name"
    );
    let late = send(&cards, &conversation, "card-2", payment()).await;
    assert_eq!(why(late), ("request.invalid", "conversation".into()));
    world.end().await;
    Ok(())
}

async fn resolve(world: &World, conversation: &str) -> Tested {
    let request = proto::ResolveConversationRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
    };
    world.conversations.clone().resolve_conversation(request).await?;
    Ok(())
}

#[tokio::test]
async fn a_way_to_pay_that_comes_while_its_customer_goes_on_is_said_once_in_one_place() -> Tested {
    let (world, cards) = world().await?;
    for n in 1..=8 {
        let first = world.start(&format!("r-{n}")).await?.conversation;
        let card = send(&cards, &first, "card-1", payment()).await?.card;
        resolve(&world, &first).await?;
        let ready = json!({ "state": "ready", "url": "https://pay.example/17" });
        let told = [document(&format!("e-{n}"), &card, world.clock.now(), ready)];
        let (told, posted) = tokio::join!(
            tell(&world, &told),
            world.post(&first, CUSTOMER, "c-2", "Where do I pay?")
        );
        told?;
        let next = posted?.conversation;
        assert_ne!(next, first, "a resolved one is not written into");
        let mut places = Vec::new();
        for conversation in [&first, &next] {
            let messages = world.messages(conversation).await?;
            let ways = messages
                .iter()
                .filter(|one| one.text.ends_with("https://pay.example/17"));
            places.extend(ways.map(|_| conversation));
        }
        assert_eq!(places.len(), 1, "round {n}");
        assert_eq!(outcome(&cards, &card).await?.0, CardState::Ready);
    }
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn where_the_newest_conversation_was_erased_nothing_is_said_and_the_card_is_noted_all_the_same() -> Tested {
    let (world, cards) = world().await?;
    let first = world.start("r-1").await?.conversation;
    let card = send(&cards, &first, "card-1", payment()).await?.card;
    resolve(&world, &first).await?;
    let next = world
        .post(&first, CUSTOMER, "c-2", "Where do I pay?")
        .await?
        .conversation;
    let erase = proto::ErasePersonRequest {
        workspace: "acme".into(),
        conversations: vec![next.clone()],
    };
    let channel = rpc::connect(&format!("http://{}", world.running.grpc))?;
    PersonServiceClient::new(channel).erase_person(erase).await?;
    let ready = json!({ "state": "ready", "url": "https://pay.example/17" });
    tell(&world, &[document("e-1", &card, world.clock.now(), ready)]).await?;
    let (state, url, _) = outcome(&cards, &card).await?;
    assert_eq!((state, url.as_str()), (CardState::Ready, "https://pay.example/17"));
    for conversation in [&first, &next] {
        let messages = world.messages(conversation).await?;
        assert!(
            messages.iter().all(|one| !one.text.contains("pay.example")),
            "{messages:?}"
        );
    }
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn wrong_cards_and_outcomes_are_refused_by_their_field_and_change_nothing() -> Tested {
    let (world, cards) = world().await?;
    let conversation = world.start("r-1").await?.conversation;
    let line = CardLine {
        title: "Shoes".into(),
        quantity: 1,
        ..Default::default()
    };
    let wrong = [
        ("card.kind", Card { kind: 0, ..payment() }),
        (
            "card.title",
            Card {
                title: String::new(),
                ..payment()
            },
        ),
        (
            "card.lines",
            Card {
                lines: vec![line],
                ..payment()
            },
        ),
        (
            "card.amount_minor",
            Card {
                amount_minor: 0,
                ..payment()
            },
        ),
        (
            "card.currency",
            Card {
                currency: "zloty".into(),
                ..payment()
            },
        ),
        (
            "card.url",
            Card {
                url: "javascript:alert(1)".into(),
                ..payment()
            },
        ),
    ];
    for (field, card) in wrong {
        let refused = send(&cards, &conversation, "card-0", card).await;
        assert_eq!(why(refused), ("request.invalid", field.into()));
    }
    let stranger = proto::SendCardRequest {
        workspace: "acme".into(),
        conversation: conversation.clone(),
        client_id: "card-0".into(),
        agent: "zoe".into(),
        card: Some(payment()),
    };
    assert_eq!(
        why(cards.clone().send_card(stranger).await),
        ("request.invalid", "agent".into())
    );
    assert_eq!(world.messages(&conversation).await?.len(), 1);

    let card = send(&cards, &conversation, "card-1", payment()).await?.card;
    let now = world.clock.now();
    let documents = [
        (
            "data.state",
            document("e-1", &card, now, json!({ "state": "requested" })),
        ),
        (
            "data.url",
            document("e-2", &card, now, json!({ "state": "ready", "url": "pay here" })),
        ),
        (
            "data.reason",
            document("e-3", &card, now, json!({ "state": "failed", "reason": "Not today!" })),
        ),
        (
            "data.reference",
            document(
                "e-4",
                &card,
                now,
                json!({ "state": "done", "reference": "x".repeat(201) }),
            ),
        ),
        ("subject", document("e-5", "cart-7", now, json!({ "state": "done" }))),
        (
            "subject",
            document("e-6", &conversation, now, json!({ "state": "done" })),
        ),
    ];
    let told: Vec<Value> = documents.iter().map(|(_, document)| document.clone()).collect();
    for ((field, _), outcome) in documents.iter().zip(tell_as(&world, "acme", &told).await?) {
        assert_eq!(
            (outcome.accepted, outcome.field.as_str()),
            (false, *field),
            "{outcome:?}"
        );
    }
    world.set_up("bolt").await?;
    let theirs = tell_as(
        &world,
        "bolt",
        &[document("e-7", &card, now, json!({ "state": "done" }))],
    )
    .await?;
    assert_eq!((theirs[0].accepted, theirs[0].field.as_str()), (false, "subject"));
    assert_eq!(outcome(&cards, &card).await?, (CardState::Requested, String::new(), 1));
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn what_is_erased_has_no_card_any_more() -> Tested {
    let (world, cards) = world().await?;
    let conversation = world.start("r-1").await?.conversation;
    let card = send(&cards, &conversation, "card-1", payment()).await?.card;
    world.post(&conversation, AGENT, "a-1", "Here you are.").await?;
    let channel = rpc::connect(&format!("http://{}", world.running.grpc))?;
    let mut persons = PersonServiceClient::new(channel);
    let erase = proto::ErasePersonRequest {
        workspace: "acme".into(),
        conversations: vec![conversation],
    };
    persons.erase_person(erase).await?;
    assert_eq!(
        why(get(&cards, "acme", &card).await),
        ("request.not_found", "card".into())
    );
    let told = document("e-1", &card, world.clock.now(), json!({ "state": "done" }));
    assert!(!tell_as(&world, "acme", &[told]).await?[0].accepted);
    world.end().await;
    Ok(())
}
