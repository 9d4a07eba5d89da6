//! What agents' answers tell others: what is to be followed up, and who serves.

use crate::Tested;
use crate::world::{AGENT, BOT, CUSTOMER, World, posting};
use anyhow::Context;
use events::event::{ConversationStarted, ConversationTakenOver, MessagePosted};
use rpc::conversation as proto;

#[tokio::test]
async fn the_follow_up_context_holds_what_is_unread_and_may_be_followed_up() -> Tested {
    let world = World::new().await?;
    let id = world.start("r-1").await?.conversation;
    let context = async |from_seq| {
        let request = proto::GetFollowUpContextRequest {
            workspace: "acme".into(),
            conversation: id.clone(),
            from_seq,
        };
        world
            .conversations
            .clone()
            .get_follow_up_context(request)
            .await
            .map(|context| context.into_inner())
    };
    world.post(&id, BOT, "b-1", "I am a bot.").await?;
    let quiet = proto::PostMessageRequest {
        no_follow_up: true,
        ..posting(&id, AGENT, "q-1", "Just a note.")
    };
    world.conversations.clone().post_message(quiet).await?;
    for n in 0..12 {
        world
            .post(&id, AGENT, &format!("a-{n}"), &format!("answer {n}"))
            .await?;
    }
    let all = context(2).await?;
    assert_eq!((all.answers_total, all.answers.len(), all.last_seq), (12, 10, 15));
    assert_eq!(
        (all.answers[0].text.as_str(), all.answers[9].text.as_str()),
        ("answer 2", "answer 11")
    );
    assert_eq!(all.question.context("a question")?.text, "Where is my parcel?");
    // The facts say so too: from them it is decided whether somebody is to be brought back.
    let opened = world.facts::<ConversationStarted>(1).await?;
    assert_eq!(opened[0].opened_by, CUSTOMER);
    let mut told = world.facts::<MessagePosted>(15).await?;
    told.sort_by_key(|fact| fact.seq);
    let of = |seq: usize| (told[seq - 1].author, told[seq - 1].follow_up);
    assert_eq!((of(1).0, of(2).0), (CUSTOMER, BOT));
    assert_eq!((of(3), of(4)), ((AGENT, false), (AGENT, true)));
    assert_eq!(all.settings.context("settings")?.escalation_ms, 600_000);

    let mark = proto::MarkReadRequest {
        workspace: "acme".into(),
        conversation: id.clone(),
        up_to: 13,
    };
    world.conversations.clone().mark_read(mark).await?;
    assert_eq!(context(2).await?.answers_total, 2);
    world.post(&id, CUSTOMER, "c-1", "Thanks").await?;
    let replied = context(2).await?;
    assert_eq!((replied.answers_total, replied.customer_up_to), (0, 16));
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn it_is_told_when_another_agent_answers() -> Tested {
    let world = World::new().await?;
    for agent in ["ann", "bob"] {
        let agent = proto::CreateAgentRequest {
            workspace: "acme".into(),
            agent: agent.into(),
            display_name: agent.into(),
            ..Default::default()
        };
        world.workspaces.clone().create_agent(agent).await?;
    }
    let id = world.start("r-1").await?.conversation;
    let words = [
        ("ann", AGENT),
        ("ann", AGENT),
        ("bob", AGENT),
        ("", BOT),
        ("bob", AGENT),
        ("", CUSTOMER),
        ("bob", AGENT),
    ];
    for (n, (agent, author)) in words.into_iter().enumerate() {
        let said = proto::PostMessageRequest {
            agent: agent.into(),
            ..posting(&id, author, &format!("m-{n}"), "Hello")
        };
        world.conversations.clone().post_message(said).await?;
    }
    let mut told = world.facts::<ConversationTakenOver>(4).await?;
    told.sort_by_key(|fact| fact.seq);
    let told: Vec<_> = told.iter().map(|fact| (fact.seq, fact.agent.as_str())).collect();
    assert_eq!(told, [(2, "ann"), (4, "bob"), (6, "bob"), (8, "bob")]);
    world.end().await;
    Ok(())
}
