//! Who has a conversation, as routing-service tells.

use crate::Tested;
use crate::deliveries::tell;
use crate::world::World;
use events::event::{AssigneeKind, RequestChanged, RequestState};
use rpc::conversation as proto;
use testkit::eventually;

fn told(conversation: &str, request: u128, version: u64, to: (AssigneeKind, &str)) -> RequestChanged {
    RequestChanged {
        request: uuid::Uuid::from_u128(request).to_string(),
        channel: "web".into(),
        state: RequestState::Waiting.into(),
        assignee_kind: to.0.into(),
        assignee: to.1.into(),
        conversation: conversation.into(),
        version,
        ..Default::default()
    }
}

/// Waits until a conversation is shown as somebody's.
async fn comes_to(world: &World, conversation: &str, to: Option<(AssigneeKind, &str)>) -> Tested {
    let wanted = to.map(|(kind, id)| proto::AssignedTo {
        kind: kind.into(),
        id: id.into(),
    });
    eventually("who has it", crate::world::SOON, async || {
        (world.get(conversation).await.ok()?.assigned_to == wanted).then_some(())
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn a_conversation_shows_who_has_it_whatever_order_that_is_told_in() -> Tested {
    use AssigneeKind::{Admin, Agent, Team, Unspecified};
    let world = World::new().await?;
    let mine = world.start("r-1").await?.conversation;
    let other = world.start("r-2").await?.conversation;
    assert_eq!(world.get(&mine).await?.assigned_to, None, "nobody has it at first");
    tell(&world, "acme", 1, &told(&mine, 5, 2, (Team, "sales"))).await?;
    comes_to(&world, &mine, Some((Team, "sales"))).await?;
    tell(&world, "acme", 2, &told(&mine, 5, 4, (Agent, "anna"))).await?;
    comes_to(&world, &mine, Some((Agent, "anna"))).await?;
    // Who is only alerted to it has not taken it.
    let alerted = RequestChanged {
        state: RequestState::Alerted.into(),
        ..told(&mine, 5, 5, (Agent, "bob"))
    };
    tell(&world, "acme", 8, &alerted).await?;
    // Late, of an earlier request, of another workspace: none of them counts.
    tell(&world, "acme", 3, &told(&mine, 5, 3, (Team, "care"))).await?;
    tell(&world, "acme", 4, &told(&mine, 4, 9, (Team, "care"))).await?;
    tell(&world, "other", 5, &told(&mine, 6, 9, (Team, "care"))).await?;
    tell(&world, "acme", 6, &told(&other, 7, 1, (Admin, "eve"))).await?;
    comes_to(&world, &other, Some((Admin, "eve"))).await?;
    comes_to(&world, &mine, Some((Agent, "anna"))).await?;
    let list = proto::ListConversationsRequest {
        workspace: "acme".into(),
        ..Default::default()
    };
    let listed = world.conversations.clone().list_conversations(list).await?.into_inner();
    let shown = listed
        .conversations
        .into_iter()
        .map(|one| one.assigned_to.map(|to| to.id));
    assert!(shown.eq([Some("eve".to_owned()), Some("anna".to_owned())]));
    tell(&world, "acme", 7, &told(&mine, 5, 6, (Unspecified, ""))).await?;
    comes_to(&world, &mine, None).await?;
    world.end().await;
    Ok(())
}
