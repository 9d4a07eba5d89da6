//! First messages to contacts who have not written.

use crate::Tested;
use crate::contacts::id_of;
use crate::world::{AGENT, CUSTOMER, World, refused, why};
use anyhow::Context;
use events::common::ChannelKind;
use events::event::{ConversationStarted, MessagePosted};
use rpc::conversation as proto;

const PHONE: &str = "+48600700123";
const OTHER_PHONE: &str = "+48600700124";

impl World {
    /// With a channel of texts, and Ann, who agreed to be written to at one number.
    async fn with_texts() -> anyhow::Result<Self> {
        let world = Self::new().await?;
        for (workspace, channel, kind) in [
            ("acme", "texts", ChannelKind::Sms),
            ("acme", "more", ChannelKind::Sms),
            ("acme", "whatsapp", ChannelKind::Whatsapp),
        ] {
            let channel = proto::CreateChannelRequest {
                workspace: workspace.into(),
                channel: channel.into(),
                kind: kind.into(),
                ..Default::default()
            };
            world.workspaces.clone().create_channel(channel).await?;
        }
        world.contacts.consent("ann", &[PHONE], &["ann@example.com"]);
        Ok(world)
    }

    async fn write(&self, request: proto::WriteToContactRequest) -> anyhow::Result<proto::Conversation> {
        let written = self.conversations.clone().write_to_contact(request).await?;
        written.into_inner().conversation.context("a conversation")
    }
}

fn writing(request_id: &str, contact: &str) -> proto::WriteToContactRequest {
    proto::WriteToContactRequest {
        workspace: "acme".into(),
        request_id: request_id.into(),
        channel: "texts".into(),
        contact: id_of(contact),
        agent: "anna".into(),
        text: "Your size is back".into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_first_message_opens_a_conversation_once() -> Tested {
    let world = World::with_texts().await?;
    let opened = world.write(writing("w-1", "ann")).await?;
    assert_eq!((opened.number, opened.last_seq, opened.customer_up_to), (1, 1, 0));
    assert!(opened.outreach);
    assert_eq!((opened.contact.clone(), opened.opened_by), (id_of("ann"), AGENT));
    assert_eq!(world.write(writing("w-1", "ann")).await?, opened);
    let other = proto::WriteToContactRequest {
        text: "Another text".into(),
        ..writing("w-1", "ann")
    };
    world.contacts.consent("bob", &[OTHER_PHONE], &[]);
    for another in [other, writing("w-1", "bob")] {
        let got = why(world.conversations.clone().write_to_contact(another).await);
        assert_eq!(got, ("request.exists", "request_id".into()));
    }
    let elsewhere = proto::WriteToContactRequest {
        address: id_of(OTHER_PHONE),
        ..writing("w-1", "ann")
    };
    let got = why(world.conversations.clone().write_to_contact(elsewhere).await);
    assert_eq!(got, ("send.no_consent", "address".into()));
    let started: Vec<ConversationStarted> = world.facts(1).await?;
    assert_eq!(
        (&started[0].phone_address, &started[0].email_address),
        (&id_of(PHONE), &String::new())
    );
    assert_eq!(world.facts::<MessagePosted>(1).await?[0].seq, 1);
    assert!(world.contacts.asked().is_empty(), "nobody gave anything anew");
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_second_first_message_has_to_wait_for_the_answer_to_the_first() -> Tested {
    let world = World::with_texts().await?;
    let first = world.write(writing("w-1", "ann")).await?;
    let fault = refused(
        world
            .conversations
            .clone()
            .write_to_contact(writing("w-2", "ann"))
            .await,
    );
    assert_eq!(
        (fault.code().name, fault.field()),
        ("conversation.unanswered", Some("contact"))
    );
    assert!(fault.public().contains("conversation 1"), "{fault}");
    // On another channel, after an answer, and after the conversation was resolved, it need not.
    world
        .write(proto::WriteToContactRequest {
            channel: "more".into(),
            ..writing("w-3", "ann")
        })
        .await?;
    world.post(&first.conversation, CUSTOMER, "c-1", "Good").await?;
    let third = world.write(writing("w-4", "ann")).await?;
    let resolve = proto::ResolveConversationRequest {
        workspace: "acme".into(),
        conversation: third.conversation,
    };
    world.conversations.clone().resolve_conversation(resolve).await?;
    world.write(writing("w-5", "ann")).await?;
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_contact_that_went_into_another_is_written_to_once_all_the_same() -> Tested {
    let world = World::with_texts().await?;
    world.contacts.goes_into("anna", "ann");
    let opened = world.write(writing("w-1", "anna")).await?;
    assert_eq!(opened.contact, id_of("ann"));
    assert_eq!(world.write(writing("w-1", "anna")).await?, opened);
    let got = why(world
        .conversations
        .clone()
        .write_to_contact(writing("w-2", "ann"))
        .await);
    assert_eq!(got.0, "conversation.unanswered");
    // Another one that has her number since.
    world.contacts.consent("bob", &[PHONE], &[]);
    let got = why(world
        .conversations
        .clone()
        .write_to_contact(writing("w-3", "bob"))
        .await);
    assert_eq!(got.0, "conversation.unanswered");
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn of_two_first_messages_at_once_one_is_written() -> Tested {
    let world = World::with_texts().await?;
    let calls = (0..8).map(|number| {
        let mut client = world.conversations.clone();
        async move { client.write_to_contact(writing(&format!("w-{number}"), "ann")).await }
    });
    let (mut opened, mut unanswered) = (0, 0);
    for answer in futures::future::join_all(calls).await {
        match answer {
            Ok(_) => opened += 1,
            Err(status) => {
                assert_eq!(rpc::from_status(&status).code().name, "conversation.unanswered");
                unanswered += 1;
            }
        }
    }
    assert_eq!((opened, unanswered), (1, 7));
    world.facts::<ConversationStarted>(1).await?;
    // The same request eight times at once is one.
    world.contacts.consent("bob", &[OTHER_PHONE], &[]);
    let calls = (0..8).map(|_| world.write(writing("same", "bob")));
    for again in futures::future::join_all(calls).await {
        assert_eq!(again?.number, 2);
    }
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn who_may_not_be_written_to_is_told_with_field_and_remedy() -> Tested {
    let world = World::with_texts().await?;
    let people: [(&str, &[&str], &[&str]); 3] = [
        ("nobody asked", &[], &[]),
        ("mail only", &[], &["bob@example.com"]),
        ("two numbers", &[PHONE, OTHER_PHONE], &[]),
    ];
    for (person, numbers, emails) in people {
        world.contacts.consent(person, numbers, emails);
    }
    world.start("r-1").await?;
    let to = |contact: &str| writing("w-1", contact);
    let changed = |change: fn(&mut proto::WriteToContactRequest)| {
        let mut request = writing("w-1", "ann");
        change(&mut request);
        request
    };
    for (request, code, field) in [
        (to("stranger"), "request.not_found", "contact"),
        (to("nobody asked"), "send.no_consent", "contact"),
        (to("mail only"), "send.no_consent", "contact"),
        (to("two numbers"), "request.invalid", "address"),
        (
            changed(|one| one.address = id_of(OTHER_PHONE)),
            "send.no_consent",
            "address",
        ),
        (changed(|one| one.address = "x".into()), "request.invalid", "address"),
        (changed(|one| one.channel = "web".into()), "request.invalid", "channel"),
        (
            changed(|one| one.channel = "whatsapp".into()),
            "request.invalid",
            "channel",
        ),
        (changed(|one| one.channel = "none".into()), "request.invalid", "channel"),
        (changed(|one| one.contact = "x".into()), "request.invalid", "contact"),
        (changed(|one| one.contact = String::new()), "request.invalid", "contact"),
        (changed(|one| one.agent = "nobody".into()), "request.invalid", "agent"),
        (changed(|one| one.text = String::new()), "request.invalid", "text"),
        (changed(|one| one.text = "ż".repeat(1601)), "request.invalid", "text"),
        (
            changed(|one| one.request_id = String::new()),
            "request.invalid",
            "request_id",
        ),
        (
            changed(|one| one.request_id = "r-1".into()),
            "request.exists",
            "request_id",
        ),
    ] {
        let shown = format!("{request:?}");
        let got = why(world.conversations.clone().write_to_contact(request).await);
        assert_eq!(got, (code, field.into()), "{shown}");
    }
    let named = changed(|one| one.address = id_of(OTHER_PHONE));
    let named = proto::WriteToContactRequest {
        contact: id_of("two numbers"),
        ..named
    };
    let opened = world.write(named).await?;
    assert_eq!(opened.number, 2, "what was refused left no number unused");
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn another_workspaces_channel_agent_and_conversation_are_unknown() -> Tested {
    let world = World::with_texts().await?;
    world.write(writing("w-1", "ann")).await?;
    world.set_up("globex").await?;
    let there = |request_id: &str| proto::WriteToContactRequest {
        workspace: "globex".into(),
        ..writing(request_id, "ann")
    };
    let got = why(world.conversations.clone().write_to_contact(there("w-1")).await);
    assert_eq!(got, ("request.invalid", "channel".into()));
    let channel = proto::CreateChannelRequest {
        workspace: "globex".into(),
        channel: "texts".into(),
        kind: ChannelKind::Sms.into(),
        ..Default::default()
    };
    world.workspaces.clone().create_channel(channel).await?;
    // Neither the id of the request nor the unanswered conversation of the other one stands in the way.
    assert_eq!(world.write(there("w-1")).await?.number, 1);
    world.end().await;
    Ok(())
}
