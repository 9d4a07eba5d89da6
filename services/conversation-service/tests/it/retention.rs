//! How long what was said is kept, and whose a conversation is by what is known.

use crate::Tested;
use crate::contacts::id_of;
use crate::world::{AGENT, World, posting, starting, why};
use rpc::conversation::{
    AddContactRequest, BindContactRequest, ContactActivity, Conversation, GetFollowUpContextRequest,
    GetRetentionRequest, GivenContact, ListActivityRequest, ResolveConversationRequest, Retention, SetRetentionRequest,
    StartConversationRequest,
};
use std::time::Duration;
use testkit::eventually;

const SOON: Duration = Duration::from_secs(20);
const DAY: Duration = Duration::from_secs(86_400);

async fn set(world: &World, workspace: &str, days: u32, version: u64) -> Result<Retention, tonic::Status> {
    let request = SetRetentionRequest {
        workspace: workspace.into(),
        days,
        version,
        by: "ana".into(),
    };
    let answer = world.retention.clone().set_retention(request).await?.into_inner();
    Ok(answer.retention.expect("every answer has a period"))
}

async fn get(world: &World) -> Result<Retention, tonic::Status> {
    let request = GetRetentionRequest {
        workspace: "acme".into(),
    };
    let answer = world.retention.clone().get_retention(request).await?.into_inner();
    Ok(answer.retention.expect("every answer has a period"))
}

/// Until all conversations were looked at at this moment.
async fn applied(world: &World) -> Tested {
    let since = domain::Clock::now(&*world.clock).as_second();
    eventually("a round ends", SOON, async || {
        let at = get(world).await.ok().and_then(|found| found.applied_at);
        at.filter(|at| at.seconds >= since)
    })
    .await?;
    Ok(())
}

async fn begun(world: &World, request_id: &str, phone: &str) -> anyhow::Result<Conversation> {
    let start = StartConversationRequest {
        contact: Some(GivenContact {
            phone: phone.into(),
            ..Default::default()
        }),
        page_url: "https://shop.example/page".into(),
        ..starting(request_id)
    };
    let answer = world
        .conversations
        .clone()
        .start_conversation(start)
        .await?
        .into_inner();
    let begun = answer.conversation.expect("every answer has a conversation");
    world
        .conversations
        .clone()
        .post_message(posting(&begun.conversation, AGENT, "m-1", "an answer"))
        .await?;
    Ok(begun)
}

async fn resolve(world: &World, conversation: &str) -> Tested {
    let request = ResolveConversationRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
    };
    world.conversations.clone().resolve_conversation(request).await?;
    Ok(())
}

async fn activity(world: &World, contacts: &[String]) -> anyhow::Result<Vec<ContactActivity>> {
    let request = ListActivityRequest {
        workspace: "acme".into(),
        contacts: contacts.to_vec(),
    };
    Ok(world
        .persons
        .clone()
        .list_activity(request)
        .await?
        .into_inner()
        .activities)
}

#[tokio::test]
async fn words_go_so_long_after_the_end_and_whose_they_were_stays() -> Tested {
    let world = World::new().await?;
    let over = begun(&world, "r-1", "600700111").await?;
    let open = begun(&world, "r-2", "600700222").await?;
    resolve(&world, &over.conversation).await?;
    let resolved = domain::Clock::now(&*world.clock).as_second();
    world.clock.advance(29 * DAY);
    assert_eq!(set(&world, "acme", 30, 0).await?.version, 1);
    applied(&world).await?;
    assert!(!world.messages(&over.conversation).await?.is_empty());
    world.clock.advance(2 * DAY);
    applied(&world).await?;
    assert_eq!(world.messages(&over.conversation).await?, []);
    let left = world.get(&over.conversation).await?;
    assert_eq!(
        (left.page_url.as_str(), &left.contact, left.number),
        ("", &over.contact, over.number)
    );
    assert_eq!(get(&world).await?.erased, 1);
    // One that is open is as old, and whole.
    assert!(!world.messages(&open.conversation).await?.is_empty());
    // Nothing more comes into it.
    let add = AddContactRequest {
        workspace: "acme".into(),
        conversation: over.conversation.clone(),
        contact: Some(GivenContact {
            phone: "600700333".into(),
            ..Default::default()
        }),
    };
    let (code, _) = why(world.conversations.clone().add_contact(add).await);
    assert_eq!(code, "conversation.erased");

    // Contacts that are kept for long still tell when they were heard of last.
    let told = activity(&world, &[over.contact.clone(), open.contact.clone(), id_of("nobody")]).await?;
    let of = |contact: &str| told.iter().find(|one| one.contact == contact).cloned();
    let gone = of(&over.contact).expect("known");
    assert_eq!((gone.open, gone.last_at.map(|at| at.seconds)), (false, Some(resolved)));
    assert_eq!((of(&open.contact).map(|one| one.open), told.len()), (Some(true), 2));
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_period_is_set_by_version_and_unset_again() -> Tested {
    let world = World::new().await?;
    let over = begun(&world, "r-1", "600700111").await?;
    resolve(&world, &over.conversation).await?;
    set(&world, "acme", 30, 0).await?;
    applied(&world).await?;
    assert_eq!(
        why(set(&world, "acme", 10, 7).await),
        ("conversation.version", "version".to_owned())
    );
    assert_eq!(
        why(set(&world, "acme", 36_501, 0).await),
        ("request.invalid", "days".to_owned())
    );
    assert_eq!(why(set(&world, "bolt", 30, 0).await).0, "request.not_found");
    assert_eq!(set(&world, "acme", 0, 1).await?.version, 2);
    world.clock.advance(400 * DAY);
    assert!(!world.messages(&over.conversation).await?.is_empty());
    // Another process applies what was set anew, to many at once.
    for n in 0..60 {
        let more = begun(&world, &format!("more-{n}"), "600700111").await?;
        resolve(&world, &more.conversation).await?;
    }
    world.clock.advance(2 * DAY);
    set(&world, "acme", 1, 2).await?;
    let other = world.replica(12, &[]).await?;
    applied(&world).await?;
    assert_eq!(get(&world).await?.erased, 61);
    other.stop().await;
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_conversation_is_bound_to_who_is_known_and_its_own_addresses_stay() -> Tested {
    let world = World::new().await?;
    let begun = begun(&world, "r-1", "600700111").await?;
    let bind = |conversation: &str| BindContactRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
        contact: id_of("known"),
        phone_address: id_of("another number"),
        email_address: id_of("a mail"),
    };
    let bound = world
        .conversations
        .clone()
        .bind_contact(bind(&begun.conversation))
        .await?
        .into_inner()
        .conversation
        .expect("every answer has a conversation");
    assert_eq!(bound.contact, id_of("known"));
    let context = GetFollowUpContextRequest {
        workspace: "acme".into(),
        conversation: begun.conversation.clone(),
        from_seq: 1,
    };
    let context = world
        .conversations
        .clone()
        .get_follow_up_context(context)
        .await?
        .into_inner();
    assert_eq!(
        (context.contact, context.phone_address, context.email_address),
        (id_of("known"), id_of("600700111"), id_of("a mail"))
    );
    // The same again changes nothing.
    let again = world
        .conversations
        .clone()
        .bind_contact(bind(&begun.conversation))
        .await?
        .into_inner();
    assert_eq!(again.conversation, Some(bound));
    let elsewhere = BindContactRequest {
        workspace: "bolt".into(),
        ..bind(&begun.conversation)
    };
    let (code, _) = why(world.conversations.clone().bind_contact(elsewhere).await);
    assert_eq!(code, "request.not_found");
    for (wrong, field) in [
        (
            BindContactRequest {
                contact: String::new(),
                ..bind(&begun.conversation)
            },
            "contact",
        ),
        (
            BindContactRequest {
                phone_address: "x".into(),
                ..bind(&begun.conversation)
            },
            "phone_address",
        ),
    ] {
        let refused = why(world.conversations.clone().bind_contact(wrong).await);
        assert_eq!(refused, ("request.invalid", field.to_owned()));
    }
    world.end().await;
    Ok(())
}
