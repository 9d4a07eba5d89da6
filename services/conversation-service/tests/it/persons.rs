//! What was said by a person who is erased, and what stays of it.

use crate::Tested;
use crate::contacts::id_of;
use crate::world::{AGENT, CUSTOMER, World, posting, starting, why};
use events::event::ConversationResolved;
use rpc::conversation::{
    CreateAgentRequest, ErasePersonRequest, ErasePersonResponse, ExportPersonRequest, GivenContact,
    ListInteractionsRequest, ListPersonConversationsRequest, PersonConversation, PostMessageRequest,
    RequestTranscriptRequest, StartConversationRequest,
};
use serde_json::Value;
use std::collections::HashMap;
use std::time::Duration;

const CANARIES: [&str; 7] = [
    "canary question",
    "canary answer",
    "canary-page",
    "canary-client",
    "canary-request",
    "canary-copy",
    "00000000-0000-7000-8000-00000000c0de",
];

async fn list(world: &World, workspace: &str, contacts: &[&str]) -> Result<Vec<PersonConversation>, tonic::Status> {
    let request = ListPersonConversationsRequest {
        workspace: workspace.into(),
        contacts: contacts.iter().map(|contact| (*contact).to_owned()).collect(),
        ..Default::default()
    };
    let answer = world.persons.clone().list_person_conversations(request).await?;
    Ok(answer.into_inner().conversations)
}

async fn erase(world: &World, workspace: &str, ids: &[String]) -> Result<ErasePersonResponse, tonic::Status> {
    let request = ErasePersonRequest {
        workspace: workspace.into(),
        conversations: ids.to_vec(),
    };
    Ok(world.persons.clone().erase_person(request).await?.into_inner())
}

fn ids(conversations: &[PersonConversation]) -> Vec<String> {
    conversations.iter().map(|one| one.conversation.clone()).collect()
}

fn by(name: &str, phone: &str) -> StartConversationRequest {
    StartConversationRequest {
        contact: Some(GivenContact {
            name: name.into(),
            phone: phone.into(),
            ..Default::default()
        }),
        text: "canary question".into(),
        page_url: "https://shop.example/canary-page".into(),
        visitor: CANARIES[6].into(),
        ..starting(&format!("canary-request-{phone}"))
    }
}

#[tokio::test]
async fn interactions_tell_who_talked_to_whom_and_when() -> Tested {
    let world = World::new().await?;
    for agent in ["ann", "bob"] {
        let agent = CreateAgentRequest {
            workspace: "acme".into(),
            agent: agent.into(),
            display_name: agent.into(),
            ..Default::default()
        };
        world.workspaces.clone().create_agent(agent).await?;
    }
    let first = start(&world, by("Ola", "600700111")).await?.conversation;
    for (n, agent) in ["bob", "ann", "bob"].into_iter().enumerate() {
        world.clock.advance(Duration::from_secs(60));
        let said = PostMessageRequest {
            agent: agent.into(),
            ..posting(&first, AGENT, &format!("m-{n}"), "canary answer")
        };
        world.conversations.clone().post_message(said).await?;
    }
    let second = StartConversationRequest {
        request_id: "again".into(),
        ..by("Ola", "600700111")
    };
    let second = start(&world, second).await?;
    start(&world, by("Somebody else", "600700222")).await?;
    let asking = |workspace: &str, before: &str, limit: u32| ListInteractionsRequest {
        workspace: workspace.into(),
        contacts: vec![second.contact.clone()],
        before: before.into(),
        limit,
    };
    let mut client = world.persons.clone();
    let newest = client
        .list_interactions(asking("acme", "", 1))
        .await?
        .into_inner()
        .interactions;
    assert_eq!((newest.len(), &newest[0].conversation), (1, &second.conversation));
    assert!(newest[0].talks.is_empty());
    let older = client
        .list_interactions(asking("acme", &second.conversation, 0))
        .await?
        .into_inner()
        .interactions;
    assert_eq!((older.len(), &older[0].conversation), (1, &first));
    let seconds = |at: Option<prost_types::Timestamp>| at.map(|at| at.seconds).unwrap_or_default();
    let talks: Vec<_> = older[0]
        .talks
        .iter()
        .map(|talk| {
            (
                talk.agent.as_str(),
                talk.messages,
                seconds(talk.last_at) - seconds(talk.first_at),
            )
        })
        .collect();
    assert_eq!(talks, [("bob", 2, 120), ("ann", 1, 0)]);
    assert!(
        client
            .list_interactions(asking("bolt", "", 0))
            .await?
            .into_inner()
            .interactions
            .is_empty()
    );
    assert_eq!(
        why(client.list_interactions(asking("acme", "", 201)).await),
        ("request.invalid", "limit".into())
    );
    world.end().await;
    Ok(())
}

async fn start(world: &World, request: StartConversationRequest) -> anyhow::Result<rpc::conversation::Conversation> {
    let started = world
        .conversations
        .clone()
        .start_conversation(request)
        .await?
        .into_inner();
    Ok(started.conversation.expect("a conversation"))
}

#[tokio::test]
async fn what_a_person_said_is_gone_and_what_they_write_next_is_a_strangers() -> Tested {
    let world = World::new().await?;
    let theirs = start(&world, by("Ann", "+48600700123")).await?;
    let others = start(
        &world,
        StartConversationRequest {
            text: "hello".into(),
            page_url: String::new(),
            visitor: String::new(),
            ..by("Bea", "+48600700124")
        },
    )
    .await?;
    world
        .post(&theirs.conversation, AGENT, "canary-client", "canary answer")
        .await?;
    let copy = RequestTranscriptRequest {
        workspace: "acme".into(),
        conversation: theirs.conversation.clone(),
        request_id: "canary-copy".into(),
        email: "ann@example.com".into(),
    };
    world.conversations.clone().request_transcript(copy).await?;
    let contact = theirs.contact.clone();
    assert_ne!(contact, "");
    let found = world.database.tables_with(&CANARIES).await?;
    for canary in CANARIES {
        assert!(
            found.iter().any(|place| place.ends_with(canary)),
            "{canary} is not kept at all: {found:?}"
        );
    }

    let listed = list(&world, "acme", &[&contact]).await?;
    let wanted = PersonConversation {
        conversation: theirs.conversation.clone(),
        visitor: CANARIES[6].into(),
        external_ref: String::new(),
        theirs: true,
    };
    assert_eq!(listed, [wanted]);
    let erased = erase(&world, "acme", &ids(&listed)).await?;
    let counts: HashMap<String, u64> = [("conversations".to_owned(), 1), ("messages".to_owned(), 2)].into();
    assert_eq!(
        erased,
        ErasePersonResponse {
            erased: counts,
            complete: true
        }
    );
    assert!(list(&world, "acme", &[&contact]).await?.is_empty());
    let left = world.database.tables_with(&CANARIES[..6]).await?;
    assert!(
        left.iter().all(|place| place.contains("canary-request")),
        "of others alone: {left:?}"
    );

    let resolved: Vec<ConversationResolved> = world.facts(1).await?;
    assert_eq!(resolved[0].conversation, theirs.conversation);
    let kept = world.get(&theirs.conversation).await?;
    assert_eq!((kept.number, kept.last_seq), (theirs.number, 2));
    assert_eq!(
        (kept.contact.as_str(), kept.visitor.as_str(), kept.page_url.as_str()),
        ("", "", "")
    );
    assert!(world.messages(&theirs.conversation).await?.is_empty());
    assert_eq!(world.messages(&others.conversation).await?.len(), 1);

    world
        .post(&theirs.conversation, CUSTOMER, "again", "anybody there?")
        .await?;
    let mut admin = <sqlx::PgConnection as sqlx::Connection>::connect(&world.database.admin_url()).await?;
    let (next, contact, visitor): (String, Option<String>, Option<String>) = sqlx::query_as(
        "SELECT id::text, contact_id::text, visitor_id::text FROM conversation WHERE continues = $1::uuid",
    )
    .bind(&theirs.conversation)
    .fetch_one(&mut admin)
    .await?;
    assert_eq!((contact, visitor), (None, None));
    assert_eq!(world.messages(&next).await?.len(), 1);
    // Again: nothing but what is there by now.
    let again = erase(&world, "acme", &[theirs.conversation]).await?;
    assert_eq!(again.erased.get("messages"), Some(&0));
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn what_a_person_said_is_handed_out_page_by_page() -> Tested {
    let world = World::new().await?;
    let theirs = start(&world, by("Ann", "+48600700123")).await?;
    start(&world, by("Bea", "+48600700124")).await?;
    for n in 2..=40 {
        world
            .post(&theirs.conversation, AGENT, &format!("m-{n}"), &format!("answer {n}"))
            .await?;
    }
    let mut request = ExportPersonRequest {
        workspace: "acme".into(),
        conversations: vec![theirs.conversation.clone()],
        page_token: String::new(),
    };
    let mut entries = Vec::new();
    loop {
        let page = world.persons.clone().export_person(request.clone()).await?.into_inner();
        assert!(page.entries.len() <= 25);
        entries.extend(page.entries);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    let entries = entries
        .iter()
        .map(|entry| serde_json::from_str(entry))
        .collect::<Result<Vec<Value>, _>>()?;
    assert_eq!(entries[0]["kind"], "conversation");
    assert_eq!(entries[0]["data"]["page_url"], "https://shop.example/canary-page");
    let words: Vec<&str> = entries[1..]
        .iter()
        .filter_map(|entry| entry["data"]["text"].as_str())
        .collect();
    assert_eq!((words.len(), words[0], words[39]), (40, "canary question", "answer 40"));

    request.workspace = "bolt".into();
    assert!(
        world
            .persons
            .clone()
            .export_person(request.clone())
            .await?
            .into_inner()
            .entries
            .is_empty()
    );
    request.page_token = "x".into();
    assert_eq!(
        why(world.persons.clone().export_person(request).await),
        ("request.invalid", "page_token".to_owned())
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn what_their_conversation_continues_goes_with_it_and_nothing_of_another_workspace_does() -> Tested {
    let world = World::new().await?;
    world.set_up("bolt").await?;
    let first = start(
        &world,
        StartConversationRequest {
            contact: None,
            ..by("", "")
        },
    )
    .await?;
    let resolve = rpc::conversation::ResolveConversationRequest {
        workspace: "acme".into(),
        conversation: first.conversation.clone(),
    };
    world.conversations.clone().resolve_conversation(resolve).await?;
    world
        .post(&first.conversation, CUSTOMER, "more", "canary question")
        .await?;
    let mut admin = <sqlx::PgConnection as sqlx::Connection>::connect(&world.database.admin_url()).await?;
    let second: String = sqlx::query_scalar("SELECT id::text FROM conversation WHERE continues IS NOT NULL")
        .fetch_one(&mut admin)
        .await?;
    let give = rpc::conversation::AddContactRequest {
        workspace: "acme".into(),
        conversation: second.clone(),
        contact: Some(GivenContact {
            phone: "+48600700123".into(),
            ..Default::default()
        }),
    };
    world.conversations.clone().add_contact(give).await?;
    let contact = world.get(&second).await?.contact;

    assert!(list(&world, "bolt", &[&contact]).await?.is_empty());
    assert!(list(&world, "acme", &[&id_of("nobody")]).await?.is_empty());
    let listed = list(&world, "acme", &[&contact]).await?;
    assert_eq!(
        ids(&listed),
        [first.conversation.clone(), second.clone()],
        "the one with the contact comes last"
    );
    let elsewhere = erase(&world, "bolt", &ids(&listed)).await?;
    assert_eq!(elsewhere.erased.get("conversations"), Some(&0));
    assert_eq!(world.messages(&second).await?.len(), 1);
    let erased = erase(&world, "acme", &ids(&listed)).await?;
    assert_eq!(erased.erased.get("messages"), Some(&2));

    for (field, wrong) in [
        ("contacts", why(list(&world, "acme", &[]).await)),
        ("contacts", why(list(&world, "acme", &["ann"]).await)),
        ("contacts", why(list(&world, "acme", &[contact.as_str(); 501]).await)),
        ("workspace", why(list(&world, "A", &[&contact]).await)),
        ("conversations", why(erase(&world, "acme", &[]).await)),
        ("conversations", why(erase(&world, "acme", &["x".to_owned()]).await)),
        ("conversations", why(erase(&world, "acme", &vec![second; 101]).await)),
    ] {
        assert_eq!(wrong, ("request.invalid", field.to_owned()));
    }
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn what_a_visitor_said_before_they_gave_an_address_goes_too_and_nothing_is_added_afterwards() -> Tested {
    let world = World::new().await?;
    let before = StartConversationRequest {
        contact: None,
        request_id: "before".into(),
        ..by("Ann", "")
    };
    let before = start(&world, before).await?;
    let theirs = start(&world, by("Ann", "+48600700123")).await?;
    let listed = list(&world, "acme", &[&theirs.contact]).await?;
    assert_eq!(ids(&listed), [before.conversation.clone(), theirs.conversation.clone()]);
    assert!(!listed[0].theirs && listed[1].theirs);
    erase(&world, "acme", &ids(&listed)).await?;
    assert!(world.messages(&before.conversation).await?.is_empty());

    let refused = world.post(&theirs.conversation, AGENT, "late", "Dear Ann").await;
    assert_eq!(why(refused), ("conversation.erased", "conversation".into()));
    let given = rpc::conversation::AddContactRequest {
        workspace: "acme".into(),
        conversation: theirs.conversation.clone(),
        contact: by("Ann", "+48600700123").contact,
    };
    let refused = world.conversations.clone().add_contact(given).await;
    assert_eq!(why(refused), ("conversation.erased", "conversation".into()));
    // Who writes again does so as nobody known.
    let again = world.post(&theirs.conversation, CUSTOMER, "again", "Hello").await?;
    assert_ne!(again.conversation, theirs.conversation);
    assert_eq!(world.get(&again.conversation).await?.contact, "");
    world.end().await;
    Ok(())
}
