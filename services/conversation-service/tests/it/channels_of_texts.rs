//! Channels whose messages go out as texts.

use crate::Tested;
use crate::world::{AGENT, BOT, CUSTOMER, World, refused, starting, why};
use anyhow::Context;
use rpc::conversation as proto;

#[tokio::test]
async fn what_agents_write_on_a_channel_of_texts_fits_a_text() -> Tested {
    let world = World::new().await?;
    let channel = proto::CreateChannelRequest {
        workspace: "acme".into(),
        channel: "texts".into(),
        kind: events::common::ChannelKind::Sms.into(),
        ..Default::default()
    };
    world.workspaces.clone().create_channel(channel).await?;
    let opening = |request_id: &str, text: String| proto::StartConversationRequest {
        channel: "texts".into(),
        author: AGENT,
        agent: "anna".into(),
        text,
        ..starting(request_id)
    };
    let (fits, long) = ("ż".repeat(1600), "ż".repeat(1601));
    let mut client = world.conversations.clone();
    let refused_opening = client.start_conversation(opening("r-1", long.clone())).await;
    assert_eq!(why(refused_opening), ("request.invalid", "text".into()));
    let opened = client
        .start_conversation(opening("r-2", fits.clone()))
        .await?
        .into_inner();
    let id = opened.conversation.context("a conversation")?.conversation;
    for author in [AGENT, BOT] {
        let fault = refused(world.post(&id, author, &format!("m-{author}"), &long).await);
        assert_eq!(fault.field(), Some("text"));
        assert!(fault.public().contains("1,600 characters"), "{fault}");
    }
    world.post(&id, AGENT, "m-9", &fits).await?;
    world.post(&id, CUSTOMER, "m-10", &long).await?;
    world.end().await;
    Ok(())
}
