//! Erasing a person: gone from here when it is answered, and from everywhere else soon after.

use crate::harness::{Harness, Tested, given, refusal};
use anyhow::Context;
use bus::{Bus, BusConfig, StreamSizes};
use domain::{Clock, WorkspaceId};
use events::common::ChannelKind;
use prost_types::FieldMask;
use rpc::contacts::{
    CaptureContactRequest, EraseContactRequest, Erasure, ErasureReason, ErasureState, GetErasureRequest,
    IngestOrdersRequest, ListErasuresRequest, MergeContactsRequest, Purpose, RecordConsentRequest,
    UpdateContactRequest, WithdrawConsentRequest, WithdrawnBy,
};
use rpc::conversation::PersonConversation;
use serde_json::json;
use sqlx::{Connection, PgConnection};
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::eventually;

const SOON: Duration = Duration::from_secs(20);
pub const NOBODY: &str = "00000000-0000-7000-8000-000000000000";
/// What is searched for: addresses in every spelling that is kept, names, and what else is known.
pub const CANARIES: [&str; 12] = [
    "600700123",
    "canary@example.com",
    "canary-two@example.com",
    "Cassandra",
    "Canarina",
    "canary-tag",
    "canary-value",
    "canary-shoes",
    "canary-tracking",
    "canary-said",
    "canary-psid",
    "canary-locale",
];

pub fn asking(request_id: &str, contact: &str) -> EraseContactRequest {
    EraseContactRequest {
        workspace: "acme".into(),
        request_id: request_id.into(),
        contact: contact.into(),
        reason: ErasureReason::Requested.into(),
        by: "privacy desk".into(),
    }
}

pub async fn erase(contacts: &Harness, request: EraseContactRequest) -> Result<Erasure, tonic::Status> {
    let answer = contacts.privacy.clone().erase_contact(request).await?.into_inner();
    Ok(answer.erasure.expect("every answer has an erasure"))
}

pub async fn told(contacts: &Harness, workspace: &str, erasure: &str) -> Result<Erasure, tonic::Status> {
    let request = GetErasureRequest {
        workspace: workspace.into(),
        erasure: erasure.into(),
    };
    let answer = contacts.privacy.clone().get_erasure(request).await?.into_inner();
    Ok(answer.erasure.expect("every answer has an erasure"))
}

/// Once its time has come and everybody has done their part.
pub async fn done(contacts: &Harness, erasure: &str) -> anyhow::Result<Erasure> {
    let found = eventually("the erasure is done", SOON, async || {
        let told = told(contacts, "acme", erasure).await.ok()?;
        (told.state() == ErasureState::Done).then_some(told)
    });
    Ok(found.await?)
}

/// Where something of it was erased, and how much.
fn counts(erasure: &Erasure) -> Vec<(&str, BTreeMap<&str, u64>)> {
    let counted = |step: &&rpc::contacts::ErasureStep| !step.erased.is_empty();
    let steps = erasure.steps.iter().filter(counted);
    steps
        .map(|step| {
            (
                step.step.as_str(),
                step.erased.iter().map(|(what, n)| (what.as_str(), *n)).collect(),
            )
        })
        .collect()
}

pub fn conversation(n: u8, visitor: &str, external_ref: &str) -> PersonConversation {
    PersonConversation {
        conversation: format!("00000000-0000-7000-8000-0000000000{n:02}"),
        visitor: visitor.into(),
        external_ref: external_ref.into(),
        theirs: true,
    }
}

/// Somebody of whom everything is kept that can be: two contacts that are one, with fields, consents, orders and conflicts.
pub async fn known_well(contacts: &Harness) -> anyhow::Result<String> {
    let first = contacts
        .capture(given("Cassandra", "600700123", "canary@example.com"))
        .await?;
    contacts.capture(given("Canarina", "600700123", "")).await?;
    let second = contacts
        .capture(CaptureContactRequest {
            page_scoped_id: "canary-psid".into(),
            kind: ChannelKind::Facebook.into(),
            profile: [("locale".to_owned(), "canary-locale".to_owned())].into(),
            ..given("Canarina", "", "canary-two@example.com")
        })
        .await?;
    for contact in [&first.contact, &second.contact] {
        let fields = UpdateContactRequest {
            workspace: "acme".into(),
            contact: contact.clone(),
            mask: Some(FieldMask {
                paths: vec!["tags".into(), "data.colour".into()],
            }),
            tags: vec!["canary-tag".into()],
            data: [("colour".to_owned(), "canary-value".to_owned())].into(),
            by: "crm".into(),
            ..Default::default()
        };
        contacts.book.clone().update_contact(fields).await?;
    }
    let now = events::stamp(contacts.clock.now());
    let consent = RecordConsentRequest {
        workspace: "acme".into(),
        request_id: "r-1".into(),
        contact: first.contact.clone(),
        purpose: Purpose::Outreach.into(),
        addresses: vec![first.phone_address.clone()],
        form: "newsletter".into(),
        form_version: 1,
        language: "en".into(),
        conversation: String::new(),
        given_at: Some(now),
    };
    contacts.consents.clone().record_consent(consent).await?;
    let withdrawal = WithdrawConsentRequest {
        workspace: "acme".into(),
        contact: first.contact.clone(),
        purpose: Purpose::Outreach.into(),
        at: Some(now),
        by: WithdrawnBy::Agent.into(),
    };
    contacts.consents.clone().withdraw_consent(withdrawal).await?;
    let order = json!({"specversion": "1.0", "id": "e-1", "source": "shop", "type": "homing.order_placed.v1", "subject": "o-1",
        "time": "2026-11-01T11:00:00Z", "data": {
            "version": 1, "status": "shipped", "currency": "PLN", "total_minor": 25_800, "country": "PL", "channel": "web",
            "placed_at": "2026-11-01T10:00:00Z", "customer": {"phone": "600700123"}, "data": {"width": "canary-said"},
            "lines": [{"name": "canary-shoes", "quantity": 1, "unit_minor": 12_900}],
            "parcels": [{"carrier": "InPost", "tracking_number": "canary-tracking"}]}});
    let orders = IngestOrdersRequest {
        workspace: "acme".into(),
        integration: "shop".into(),
        events: vec![order.to_string().into_bytes()],
    };
    let outcomes = contacts
        .purchases
        .clone()
        .ingest_orders(orders)
        .await?
        .into_inner()
        .outcomes;
    assert!(outcomes.iter().all(|outcome| outcome.accepted), "{outcomes:?}");
    let merge = MergeContactsRequest {
        workspace: "acme".into(),
        contact: first.contact.clone(),
        other: second.contact,
        by: "crm".into(),
    };
    contacts.identity.clone().merge_contacts(merge).await?;
    Ok(first.contact)
}

#[tokio::test]
async fn nothing_of_a_person_is_found_when_it_is_answered_nor_any_trace_when_it_is_done() -> Tested {
    let contacts = Harness::start().await?;
    let contact = known_well(&contacts).await?;
    let other = contacts.capture(given("Bea", "600700124", "bea@example.com")).await?;
    let found = contacts.database.tables_with(&CANARIES).await?;
    for canary in CANARIES {
        let kept = found.iter().any(|place| place.ends_with(&canary.to_lowercase()));
        assert!(kept, "{canary} is not kept at all: {found:?}");
    }

    let begun = erase(&contacts, asking("e-1", &contact)).await?;
    assert_eq!(begun.state(), ErasureState::Running);
    assert_eq!(refusal(contacts.contact(&contact).await).1, "request.not_found");
    let found = contacts.database.tables_with(&CANARIES).await?;
    let only_traces = found.iter().all(|place| place.starts_with("public.erasure_trace: "));
    assert!(only_traces, "{found:?}");

    contacts.clock.advance(Duration::from_secs(10));
    let done = done(&contacts, &begun.erasure).await?;
    assert_eq!(contacts.database.tables_with(&CANARIES).await?, Vec::<String>::new());
    let counted = counts(&done);
    let [("contacts", counted)] = counted.as_slice() else {
        panic!("{counted:?}")
    };
    for (what, wanted) in [
        ("contacts", 2),
        ("addresses", 4),
        ("profiles", 1),
        ("purchase_data", 1),
        ("purchases", 1),
        ("consents", 1),
        ("withdrawals", 2),
    ] {
        assert_eq!(counted.get(what), Some(&wanted), "{what} of {counted:?}");
    }
    assert_eq!(contacts.contact(&other.contact).await?.name, "Bea");
    Ok(())
}

#[tokio::test]
async fn of_who_has_more_numbers_than_one_call_takes_all_are_forgotten() -> Tested {
    let contacts = Harness::start().await?;
    let ann = contacts.capture(given("Ann", "600700123", "ann@example.com")).await?;
    let begun = erase(&contacts, asking("e-1", &ann.contact)).await?;
    // As of somebody whose many contacts were merged.
    let mut db = PgConnection::connect(&contacts.database.admin_url()).await?;
    sqlx::query(
        "INSERT INTO erasure_trace (workspace_id, erasure_id, kind, value)
         SELECT 'acme', $1::uuid, 'number', '+48601' || n FROM generate_series(100001, 101000) n",
    )
    .bind(&begun.erasure)
    .execute(&mut db)
    .await?;
    contacts.clock.advance(Duration::from_secs(10));
    let done = done(&contacts, &begun.erasure).await?;
    assert!(done.steps.iter().all(|step| step.failures == 0), "{:?}", done.steps);
    let truth = contacts.peers.truth();
    assert_eq!(truth.numbers.len(), 1_001);
    assert!(truth.numbers.contains("+48601101000") && truth.numbers.contains("+48600700123"));
    Ok(())
}

#[tokio::test]
async fn every_service_does_its_part_page_by_page_once_what_was_on_its_way_is_stored() -> Tested {
    let contacts = Harness::start().await?;
    let ann = contacts.capture(given("Ann", "600700123", "ann@example.com")).await?;
    contacts.peers.truth().conversations = vec![
        conversation(1, "v-1", "ticket-1"),
        conversation(2, "v-1", ""),
        conversation(3, "", "ticket-3"),
    ];
    let begun = erase(&contacts, asking("e-1", &ann.contact)).await?;
    contacts.clock.advance(Duration::from_secs(9));
    assert_eq!(
        contacts.peers.truth().asked.len(),
        0,
        "what was on its way may not be stored yet"
    );
    contacts.clock.advance(Duration::from_secs(1));
    let done = done(&contacts, &begun.erasure).await?;

    let truth = contacts.peers.truth();
    let who: Vec<&str> = truth.asked.iter().map(|(who, _)| *who).collect();
    assert_eq!(
        who,
        [
            // Its conversations, then the person's numbers.
            "notifier",
            "notifier",
            "presence",
            "routing",
            "gateway",
            "conversation",
            "notifier",
            "notifier",
            "routing",
            "gateway",
            "conversation",
            "notifier"
        ]
    );
    assert_eq!(truth.asked[2].1, ["v-1"]);
    assert_eq!(truth.contacts.join(" "), ann.contact);
    assert!(truth.numbers.iter().eq(["+48600700123"]), "{:?}", truth.numbers);
    let counted = counts(&done);
    let of = |step: &str| {
        counted
            .iter()
            .find(|(name, _)| *name == step)
            .map(|(_, counted)| counted.clone())
    };
    assert_eq!(of("conversation"), Some([("conversations", 3)].into()));
    assert_eq!(of("notifier"), Some([("conversations", 3)].into()));
    assert_eq!(of("presence"), Some([("visitors", 1)].into()));
    assert_eq!(of("routing"), Some([("requests", 3)].into()));
    assert!(
        done.steps
            .iter()
            .all(|step| step.state() == ErasureState::Done && step.failures == 0)
    );
    Ok(())
}

#[tokio::test]
async fn a_service_that_fails_is_asked_again_and_another_process_goes_on_where_it_was() -> Tested {
    let contacts = Harness::start().await?;
    let ann = contacts.capture(given("Ann", "600700123", "")).await?;
    contacts.peers.truth().conversations = vec![conversation(1, "v-1", ""), conversation(2, "", "")];
    contacts.peers.truth().away = Some("gateway");
    let begun = erase(&contacts, asking("e-1", &ann.contact)).await?;
    contacts.clock.advance(Duration::from_secs(10));
    let failed = eventually("the failure is told", SOON, async || {
        let told = told(&contacts, "acme", &begun.erasure).await.ok()?;
        told.steps.into_iter().find(|step| step.failures > 0)
    });
    let failed = failed.await?;
    assert_eq!(
        (failed.step.as_str(), failed.failure.as_str()),
        ("gateway", "service.internal")
    );
    assert_eq!(
        contacts.peers.truth().conversations.len(),
        2,
        "conversations go after what hangs on them"
    );

    let contacts = contacts.start_again().await?;
    contacts.peers.truth().away = None;
    contacts.clock.advance(Duration::from_secs(10));
    let done = done(&contacts, &begun.erasure).await?;
    let gateway = done
        .steps
        .iter()
        .find(|step| step.step == "gateway")
        .context("a step")?;
    assert_eq!((gateway.failures, gateway.failure.as_str()), (1, ""));
    assert!(contacts.peers.truth().conversations.is_empty());
    Ok(())
}

#[tokio::test]
async fn dead_letters_of_the_person_go_and_those_of_others_stay() -> Tested {
    let contacts = Harness::start().await?;
    let ann = contacts
        .capture(given("Ann", "600700123", "canary@example.com"))
        .await?;
    contacts.peers.truth().conversations = vec![conversation(1, "", "ticket-canary")];
    let client = async_nats::jetstream::new(async_nats::connect(contacts.nats.url()).await?);
    let config = BusConfig {
        url: contacts.nats.url(),
        name: "test".into(),
    };
    // The service makes it too, some time after it started.
    let bus = Bus::connect(&config).await?.with_sizes(StreamSizes::SMALL);
    bus.ensure_stream(&events::DEAD).await?;
    for (workspace, about, text) in [
        ("acme", "ticket-canary", "nothing else"),
        ("acme", "o-7", "write to Canary@example.com"),
        ("acme", "o-8", "call 600-700-123"),
        ("acme", "o-9", "bea@example.com"),
        ("bolt", "o-9", "canary@example.com"),
    ] {
        let letter = json!({"subject": about, "data": {"text": text}}).to_string();
        let workspace = WorkspaceId::parse(workspace)?;
        let subject = events::dead_letter(Some(&workspace), "conversation-ingest");
        client.publish(subject, letter.into()).await?.await?;
    }
    let begun = erase(&contacts, asking("e-1", &ann.contact)).await?;
    contacts.clock.advance(Duration::from_secs(10));
    let done = done(&contacts, &begun.erasure).await?;
    let letters = done
        .steps
        .iter()
        .find(|step| step.step == "dead_letters")
        .context("a step")?;
    assert_eq!(letters.erased.get("letters"), Some(&3));
    let mut stream = client.get_stream("HOMING_DEAD").await?;
    assert_eq!(stream.info().await?.state.messages, 2);
    Ok(())
}

#[tokio::test]
async fn who_writes_again_is_somebody_new() -> Tested {
    let contacts = Harness::start().await?;
    let before = contacts.capture(given("Ann", "600700123", "")).await?;
    let begun = erase(&contacts, asking("e-1", &before.contact)).await?;
    let after = contacts.capture(given("", "600700123", "")).await?;
    assert_ne!(before.contact, after.contact);
    assert_ne!(before.phone_address, after.phone_address);
    assert_eq!(contacts.contact(&after.contact).await?.name, "");
    contacts.clock.advance(Duration::from_secs(10));
    done(&contacts, &begun.erasure).await?;
    assert_eq!(contacts.contact(&after.contact).await?.addresses.len(), 1);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_erased_is_refused_by_its_field_and_erases_nothing() -> Tested {
    let contacts = Harness::start().await?;
    let ann = contacts.capture(given("Ann", "600700123", "")).await?;
    let bea = contacts.capture(given("Bea", "600700124", "")).await?;
    let merge = MergeContactsRequest {
        workspace: "acme".into(),
        contact: ann.contact.clone(),
        other: bea.contact.clone(),
        by: "crm".into(),
    };
    contacts.identity.clone().merge_contacts(merge).await?;
    let usual = || asking("e-1", &ann.contact);
    for (field, code, wrong) in [
        ("contact", "request.not_found", asking("e-1", NOBODY)),
        ("contact", "request.invalid", asking("e-1", "ann")),
        ("request_id", "request.invalid", asking(" ", &ann.contact)),
        ("request_id", "request.invalid", asking(&"x".repeat(101), &ann.contact)),
        (
            "by",
            "request.invalid",
            EraseContactRequest {
                by: String::new(),
                ..usual()
            },
        ),
        (
            "reason",
            "request.invalid",
            EraseContactRequest { reason: 0, ..usual() },
        ),
        (
            "reason",
            "request.invalid",
            EraseContactRequest { reason: 99, ..usual() },
        ),
        ("contact", "contact.merged", asking("e-1", &bea.contact)),
        (
            "contact",
            "request.not_found",
            EraseContactRequest {
                workspace: "bolt".into(),
                ..usual()
            },
        ),
    ] {
        let refused = erase(&contacts, wrong.clone()).await;
        if code == "contact.merged" {
            let status = refused.as_ref().expect_err("a refusal");
            assert!(
                status.message().contains(&ann.contact),
                "names the survivor: {}",
                status.message()
            );
        }
        assert_eq!(refusal(refused), (field.to_owned(), code), "{wrong:?}");
    }
    assert_eq!(contacts.contact(&ann.contact).await?.name, "Ann");

    // Once it is asked for, the same request answers it, and nothing else does.
    let begun = erase(&contacts, usual()).await?;
    assert_eq!(erase(&contacts, usual()).await?, begun);
    let reused = EraseContactRequest {
        reason: ErasureReason::Unlawful.into(),
        ..usual()
    };
    assert_eq!(
        refusal(erase(&contacts, reused).await),
        ("request_id".to_owned(), "request.exists")
    );
    let twice = erase(&contacts, asking("e-2", &ann.contact)).await;
    let status = twice.as_ref().expect_err("a refusal");
    assert!(
        status.message().contains(&begun.erasure),
        "names the erasure: {}",
        status.message()
    );
    assert_eq!(refusal(twice), ("contact".to_owned(), "request.exists"));
    Ok(())
}

#[tokio::test]
async fn erasures_are_listed_and_none_of_another_workspace() -> Tested {
    let contacts = Harness::start().await?;
    let mut asked = Vec::new();
    for (n, phone) in ["600700123", "600700124", "600700125"].into_iter().enumerate() {
        let one = contacts.capture(given("", phone, "")).await?;
        asked.insert(
            0,
            erase(&contacts, asking(&format!("e-{n}"), &one.contact)).await?.erasure,
        );
    }
    let list = async |workspace: &str, page_token: &str| {
        let request = ListErasuresRequest {
            workspace: workspace.into(),
            page_size: 2,
            page_token: page_token.into(),
        };
        Ok::<_, tonic::Status>(contacts.privacy.clone().list_erasures(request).await?.into_inner())
    };
    let first = list("acme", "").await?;
    let second = list("acme", &first.next_page_token).await?;
    let listed = first
        .erasures
        .iter()
        .chain(&second.erasures)
        .map(|one| one.erasure.clone());
    assert_eq!(listed.collect::<Vec<_>>(), asked);
    assert_eq!(second.next_page_token, "");
    assert_eq!(refusal(list("acme", "x").await).0, "page_token");

    assert!(list("bolt", "").await?.erasures.is_empty());
    let foreign = refusal(told(&contacts, "bolt", &asked[0]).await);
    assert_eq!(foreign, refusal(told(&contacts, "acme", NOBODY).await));
    assert_eq!(
        refusal(told(&contacts, "acme", "x").await),
        ("erasure".to_owned(), "request.invalid")
    );
    Ok(())
}
