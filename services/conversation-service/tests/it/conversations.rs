use crate::Tested;
use crate::contacts::id_of;
use crate::world::{AGENT, CUSTOMER, World, refused, starting, why};
use anyhow::Context;
use events::common::{ChannelSettings, FieldRule};
use events::event::{ConversationReachable, ConversationResolved, ConversationStarted, MessagePosted, MessageRead};
use rpc::conversation as proto;
use uuid::Uuid;

async fn require(world: &World, paths: &[&str]) -> Tested {
    let rule = i32::from(FieldRule::Required);
    let request = proto::UpdateChannelRequest {
        workspace: "acme".into(),
        channel: "web".into(),
        settings: Some(ChannelSettings {
            phone: rule,
            email: rule,
            name: rule,
            ..Default::default()
        }),
        mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        version: 0,
    };
    world.workspaces.clone().update_channel(request).await?;
    Ok(())
}

fn contact(name: &str, phone: &str, email: &str) -> Option<proto::GivenContact> {
    Some(proto::GivenContact {
        name: name.into(),
        phone: phone.into(),
        email: email.into(),
    })
}

#[tokio::test]
async fn a_chat_starts_with_its_contact_number_and_first_message() -> Tested {
    let world = World::new().await?;
    let visitor = "018f4e3a-0000-7000-8000-000000000001";
    let request = proto::StartConversationRequest {
        visitor: visitor.into(),
        contact: contact("Ann", "+48600700123", "ann@example.com"),
        page_url: "https://shop.example/parcels".into(),
        ..starting("r-1")
    };
    let mut client = world.conversations.clone();
    let first = client.start_conversation(request.clone()).await?.into_inner();
    let again = client.start_conversation(request.clone()).await?.into_inner();
    assert_eq!(first, again);
    let other = proto::StartConversationRequest {
        text: "Something else".into(),
        ..request.clone()
    };
    assert_eq!(
        why(client.start_conversation(other).await),
        ("request.exists", "request_id".into())
    );

    let conversation = first.conversation.context("a conversation")?;
    assert_eq!(
        (conversation.number, conversation.last_seq, conversation.customer_up_to),
        (1, 1, 1)
    );
    assert_eq!(first.message.context("a message")?.text, "Where is my parcel?");
    let second = world.start("r-2").await?;
    assert_eq!(second.number, 2);

    let asked = world.contacts.asked();
    assert_eq!((asked.len(), asked[0].default_country.as_str()), (1, "PL"));
    let started = world.facts::<ConversationStarted>(2).await?;
    let fact = started.iter().find(|fact| fact.number == 1).context("the first")?;
    assert_eq!(
        (fact.visitor.as_str(), fact.phone_address.as_str()),
        (visitor, id_of("+48600700123").as_str())
    );
    assert_eq!(world.facts::<MessagePosted>(2).await?[0].seq, 1);

    let by_number = proto::GetConversationRequest {
        workspace: "acme".into(),
        by: Some(proto::get_conversation_request::By::Number(1)),
    };
    let found = client.get_conversation(by_number).await?.into_inner();
    assert_eq!(
        found.conversation.context("found by number")?.conversation,
        conversation.conversation
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn who_starts_from_two_tabs_at_once_has_one_chat() -> Tested {
    let world = World::new().await?;
    let tab = |visitor: u128, request_id: String| proto::StartConversationRequest {
        visitor: Uuid::from_u128(visitor).to_string(),
        join_open: true,
        text: format!("From {request_id}"),
        ..starting(&request_id)
    };
    let client = || world.conversations.clone();
    for visitor in 1..=10_u128 {
        let named = |n: u32| tab(visitor, format!("{visitor}-{n}"));
        let (mut one, mut two, mut three) = (client(), client(), client());
        let (one, two, again) = tokio::try_join!(
            one.start_conversation(named(1)),
            two.start_conversation(named(2)),
            three.start_conversation(named(1)),
        )?;
        let [one, two, again] = [one, two, again].map(tonic::Response::into_inner);
        let id = |response: &proto::StartConversationResponse| {
            response
                .conversation
                .as_ref()
                .map(|one| one.conversation.clone())
                .unwrap_or_default()
        };
        assert_eq!(
            (id(&one), &one.message),
            (id(&again), &again.message),
            "the same request"
        );
        assert_eq!(id(&one), id(&two));
        let said = world.messages(&id(&one)).await?;
        assert_eq!(said.len(), 2, "{said:?}");
    }
    assert_eq!(world.facts::<ConversationStarted>(10).await?.len(), 10);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn who_joins_gives_their_address_and_is_told_the_same_after_it_was_resolved() -> Tested {
    let world = World::new().await?;
    let visitor = Uuid::from_u128(7).to_string();
    let tab = |request_id: &str, phone: &str| proto::StartConversationRequest {
        visitor: visitor.clone(),
        join_open: true,
        contact: contact("", phone, ""),
        ..starting(request_id)
    };
    let mut client = world.conversations.clone();
    let opened = client.start_conversation(tab("r-1", "")).await?.into_inner();
    let opened = opened.conversation.context("a conversation")?.conversation;
    let joined = client
        .start_conversation(tab("r-2", "+48600700123"))
        .await?
        .into_inner();
    let (chat, message) = (joined.conversation.context("joined")?, joined.message.context("said")?);
    assert_eq!((chat.conversation.as_str(), message.seq), (opened.as_str(), 2));
    assert_eq!((world.contacts.asked().len(), chat.contact.is_empty()), (1, false));
    let other = proto::StartConversationRequest {
        text: "Something else".into(),
        ..tab("r-2", "")
    };
    assert_eq!(
        why(client.start_conversation(other).await),
        ("request.exists", "request_id".into())
    );
    let resolve = proto::ResolveConversationRequest {
        workspace: "acme".into(),
        conversation: opened.clone(),
    };
    client.resolve_conversation(resolve).await?;
    let again = client
        .start_conversation(tab("r-2", "+48600700123"))
        .await?
        .into_inner();
    assert_eq!(again.message.context("said before")?.message, message.message);
    let next = client.start_conversation(tab("r-3", "")).await?.into_inner();
    assert_ne!(next.conversation.context("another")?.conversation, opened);
    let elsewhere = proto::StartConversationRequest {
        visitor: String::new(),
        ..tab("r-4", "")
    };
    assert_eq!(
        why(client.start_conversation(elsewhere).await),
        ("request.invalid", "join_open".into())
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_web_chat_without_its_required_fields_names_them_all() -> Tested {
    let world = World::new().await?;
    require(&world, &["phone", "email", "name"]).await?;
    let mut client = world.conversations.clone();
    let bare = client.start_conversation(starting("r-1")).await;
    assert_eq!(
        why(bare),
        (
            "conversation.fields_missing",
            "contact.name, contact.phone, contact.email".into()
        )
    );
    let no_phone = proto::StartConversationRequest {
        contact: contact("Ann", "", "ann@example.com"),
        ..starting("r-1")
    };
    let fault = refused(client.start_conversation(no_phone).await);
    assert_eq!(fault.field(), Some("contact.phone"));
    assert!(!fault.public().contains("ann@"), "{fault}");

    let by_agent = proto::StartConversationRequest {
        author: AGENT,
        agent: "anna".into(),
        ..starting("r-2")
    };
    client.start_conversation(by_agent).await?;
    assert!(world.contacts.asked().is_empty());
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn impossible_values_name_their_field_and_leave_nothing_behind() -> Tested {
    let world = World::new().await?;
    let mut client = world.conversations.clone();
    let good = starting("r-1");
    for (bad, field) in [
        (
            proto::StartConversationRequest {
                channel: "gone".into(),
                ..good.clone()
            },
            "channel",
        ),
        (
            proto::StartConversationRequest {
                text: " ".into(),
                ..good.clone()
            },
            "text",
        ),
        (
            proto::StartConversationRequest {
                text: "x".repeat(65_537),
                ..good.clone()
            },
            "text",
        ),
        (
            proto::StartConversationRequest {
                text: "a\0b".into(),
                ..good.clone()
            },
            "text",
        ),
        (
            proto::StartConversationRequest {
                author: 0,
                ..good.clone()
            },
            "author",
        ),
        (
            proto::StartConversationRequest {
                author: AGENT,
                agent: "nobody".into(),
                ..good.clone()
            },
            "agent",
        ),
        (
            proto::StartConversationRequest {
                request_id: String::new(),
                ..good.clone()
            },
            "request_id",
        ),
        (
            proto::StartConversationRequest {
                visitor: "me".into(),
                ..good.clone()
            },
            "visitor",
        ),
        (
            proto::StartConversationRequest {
                page_url: "javascript:x".into(),
                ..good.clone()
            },
            "page_url",
        ),
        (
            proto::StartConversationRequest {
                contact: contact("", "12", ""),
                ..good.clone()
            },
            "contact.phone",
        ),
        (
            proto::StartConversationRequest {
                contact: contact("", "+48000000000", ""),
                ..good.clone()
            },
            "contact.phone",
        ),
        (
            proto::StartConversationRequest {
                contact: contact("", "", "a@b"),
                ..good.clone()
            },
            "contact.email",
        ),
    ] {
        assert_eq!(
            why(client.start_conversation(bad).await),
            ("request.invalid", field.into())
        );
    }
    world.contacts.set_away(true);
    let away = proto::StartConversationRequest {
        contact: contact("", "+48600700123", ""),
        ..good
    };
    assert_eq!(
        why(client.start_conversation(away.clone()).await).0,
        "service.unavailable"
    );
    world.contacts.set_away(false);
    let started = client.start_conversation(away).await?.into_inner();
    assert_eq!(
        started.conversation.context("a conversation")?.number,
        1,
        "no number was lost"
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_message_is_stored_once_per_client_id() -> Tested {
    let world = World::new().await?;
    let id = world.start("r-1").await?.conversation;
    let first = world.post(&id, AGENT, "c-1", "On its way.").await?;
    assert_eq!(first, world.post(&id, AGENT, "c-1", "On its way.").await?);
    assert_eq!(
        why(world.post(&id, AGENT, "c-1", "Lost.").await),
        ("request.exists", "client_id".into())
    );
    assert_eq!(first.message.as_ref().context("a message")?.seq, 2);

    let posts = (0..20).map(|n| {
        let (world, id) = (&world, &id);
        async move {
            world
                .post(id, CUSTOMER, &format!("k-{}", n % 10), &format!("text {}", n % 10))
                .await
        }
    });
    for posted in futures::future::join_all(posts).await {
        posted?;
    }
    let seqs: Vec<u64> = world.messages(&id).await?.iter().map(|message| message.seq).collect();
    assert_eq!(seqs, (1..=12).collect::<Vec<_>>());
    let conversation = world.get(&id).await?;
    assert_eq!((conversation.last_seq, conversation.customer_up_to), (12, 12));
    assert_eq!(world.facts::<MessagePosted>(12).await?.len(), 12);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn marks_only_move_forward() -> Tested {
    let world = World::new().await?;
    let id = world.start("r-1").await?.conversation;
    world.post(&id, AGENT, "c-1", "On its way.").await?;
    let mark = async |up_to| {
        let request = proto::MarkReadRequest {
            workspace: "acme".into(),
            conversation: id.clone(),
            up_to,
        };
        world
            .conversations
            .clone()
            .mark_read(request)
            .await
            .map(|marked| marked.into_inner().read_up_to)
    };
    assert_eq!(mark(2).await?, 2);
    assert_eq!(mark(1).await?, 2);
    assert_eq!(why(mark(3).await), ("request.invalid", "up_to".into()));
    assert_eq!(world.facts::<MessageRead>(1).await?[0].up_to, 2);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_customer_of_a_resolved_conversation_goes_on_in_a_new_one() -> Tested {
    let world = World::new().await?;
    let id = world.start("r-1").await?.conversation;
    let resolve = proto::ResolveConversationRequest {
        workspace: "acme".into(),
        conversation: id.clone(),
    };
    let once = world
        .conversations
        .clone()
        .resolve_conversation(resolve.clone())
        .await?
        .into_inner();
    assert_eq!(
        once,
        world
            .conversations
            .clone()
            .resolve_conversation(resolve)
            .await?
            .into_inner()
    );
    assert_eq!(world.post(&id, AGENT, "a-1", "One more thing.").await?.conversation, id);

    let on = world.post(&id, CUSTOMER, "c-1", "It came broken.").await?;
    assert_ne!(on.conversation, id);
    assert_eq!(
        on,
        world.post(&id, CUSTOMER, "c-1", "It came broken.").await?,
        "also when repeated to the old one"
    );
    let later = world.post(&id, CUSTOMER, "c-2", "Hello?").await?;
    assert_eq!(
        (later.conversation.as_str(), later.message.context("a message")?.seq),
        (on.conversation.as_str(), 2)
    );
    let next = world.get(&on.conversation).await?;
    assert_eq!((next.continues.as_str(), next.number), (id.as_str(), 2));
    let resolved = world.facts::<ConversationResolved>(1).await?;
    assert_eq!((resolved[0].version, resolved[0].last_seq), (1, 1));
    let started = world.facts::<ConversationStarted>(2).await?;
    let continues = |of: &str| {
        started
            .iter()
            .find(|fact| fact.conversation == of)
            .map(|fact| fact.continues.as_str())
    };
    assert_eq!(
        (continues(&id), continues(&on.conversation)),
        (Some(""), Some(id.as_str()))
    );

    let list = |open_only| proto::ListConversationsRequest {
        workspace: "acme".into(),
        open_only,
        ..Default::default()
    };
    let open = world
        .conversations
        .clone()
        .list_conversations(list(true))
        .await?
        .into_inner();
    assert_eq!(open.conversations.iter().map(|one| one.number).collect::<Vec<_>>(), [2]);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn addresses_given_later_make_a_conversation_reachable() -> Tested {
    let world = World::new().await?;
    let id = world.start("r-1").await?.conversation;
    let add = async |given: Option<proto::GivenContact>| {
        let request = proto::AddContactRequest {
            workspace: "acme".into(),
            conversation: id.clone(),
            contact: given,
        };
        world.conversations.clone().add_contact(request).await
    };
    assert_eq!(
        why(add(contact("Ann", "", "")).await),
        ("request.invalid", "contact".into())
    );
    add(contact("Ann", "+48600700123", "")).await?;
    add(contact("", "+48600700123", "")).await?;
    add(contact("", "", "ann@example.com")).await?;
    let mut facts = world.facts::<ConversationReachable>(2).await?;
    facts.sort_by_key(|fact| fact.version);
    assert_eq!((facts[0].email_address.as_str(), facts[1].version), ("", 2));
    assert_eq!(facts[1].phone_address, id_of("+48600700123"));
    assert_eq!(facts[1].email_address, id_of("ann@example.com"));
    assert_eq!(facts[1].contact, facts[0].contact, "the person stays");
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn lists_come_in_pages() -> Tested {
    let world = World::new().await?;
    for n in 1..=5 {
        world.start(&format!("r-{n}")).await?;
    }
    let mut numbers = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = proto::ListConversationsRequest {
            workspace: "acme".into(),
            page_size: 2,
            page_token: page_token.clone(),
            ..Default::default()
        };
        let page = world
            .conversations
            .clone()
            .list_conversations(request)
            .await?
            .into_inner();
        numbers.extend(page.conversations.iter().map(|one| one.number));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(numbers, [5, 4, 3, 2, 1]);
    for (page_size, page_token, field) in [(201, "", "page_size"), (0, "x", "page_token")] {
        let request = proto::ListConversationsRequest {
            workspace: "acme".into(),
            page_size,
            page_token: page_token.into(),
            ..Default::default()
        };
        let result = world.conversations.clone().list_conversations(request).await;
        assert_eq!(why(result), ("request.invalid", field.into()));
    }
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_conversation_is_found_by_its_number_in_its_own_workspace() -> Tested {
    let world = World::new().await?;
    world.set_up("bolt").await?;
    world.start("r-1").await?;
    let second = world.start("r-2").await?;
    let found = async |workspace: &str, number: u64, open_only: bool| -> anyhow::Result<Vec<String>> {
        let request = proto::ListConversationsRequest {
            workspace: workspace.into(),
            number,
            open_only,
            ..Default::default()
        };
        let page = world
            .conversations
            .clone()
            .list_conversations(request)
            .await?
            .into_inner();
        assert_eq!(page.next_page_token, "");
        Ok(page.conversations.into_iter().map(|one| one.conversation).collect())
    };
    assert_eq!(
        found("acme", 2, true).await?,
        std::slice::from_ref(&second.conversation)
    );
    assert!(found("acme", 17, false).await?.is_empty() && found("bolt", 2, false).await?.is_empty());
    let resolve = proto::ResolveConversationRequest {
        workspace: "acme".into(),
        conversation: second.conversation.clone(),
    };
    world.conversations.clone().resolve_conversation(resolve).await?;
    assert!(found("acme", 2, true).await?.is_empty());
    assert_eq!(found("acme", 2, false).await?, [second.conversation]);
    world.end().await;
    Ok(())
}
