//! One person who was kept as two: seen side by side, made one, and made two again.

use crate::harness::{Harness, Tested, given, refusal, values};
use domain::Clock;
use prost_types::FieldMask;
use rpc::contacts::{
    AddressKind, CaptureContactResponse, Contact, ContactConflict, DismissConflictRequest, ListConflictsRequest,
    ListConsentsRequest, ListContactChangesRequest, ListContactsRequest, MergeContactsRequest, Purpose,
    RecordConsentRequest, UndoMergeRequest, UpdateContactRequest, WithdrawConsentRequest, WithdrawnBy,
};
use std::collections::HashMap;
use std::time::Duration;

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

async fn merge(contacts: &Harness, contact: &str, other: &str) -> Result<Contact, tonic::Status> {
    let request = MergeContactsRequest {
        workspace: "acme".into(),
        contact: contact.into(),
        other: other.into(),
        by: "crm".into(),
    };
    let answer = contacts.identity.clone().merge_contacts(request).await?.into_inner();
    Ok(answer.contact.expect("every answer has a contact"))
}

async fn undo(contacts: &Harness, contact: &str) -> Result<Contact, tonic::Status> {
    let request = UndoMergeRequest {
        workspace: "acme".into(),
        contact: contact.into(),
        by: "crm".into(),
    };
    let answer = contacts.identity.clone().undo_merge(request).await?.into_inner();
    Ok(answer.contact.expect("every answer has a contact"))
}

async fn conflicts(contacts: &Harness, workspace: &str) -> Result<Vec<ContactConflict>, tonic::Status> {
    let request = ListConflictsRequest {
        workspace: workspace.into(),
        ..Default::default()
    };
    Ok(contacts
        .identity
        .clone()
        .list_conflicts(request)
        .await?
        .into_inner()
        .conflicts)
}

async fn set(contacts: &Harness, contact: &str, tag: &str, data: &[(&str, &str)]) -> Result<Contact, tonic::Status> {
    let mut paths: Vec<String> = data.iter().map(|(key, _)| format!("data.{key}")).collect();
    paths.push("tags".into());
    let pairs = data.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let request = UpdateContactRequest {
        workspace: "acme".into(),
        contact: contact.into(),
        mask: Some(FieldMask { paths }),
        by: "crm".into(),
        tags: vec![tag.into()],
        data: pairs.collect::<HashMap<_, _>>(),
        ..Default::default()
    };
    let answer = contacts.book.clone().update_contact(request).await?.into_inner();
    Ok(answer.contact.expect("every answer has a contact"))
}

/// Ann by phone, and somebody by mail; each with a tag and data.
async fn two(contacts: &Harness) -> anyhow::Result<(CaptureContactResponse, CaptureContactResponse)> {
    let ann = contacts.capture(given("Ann", "600700123", "")).await?;
    let other = contacts.capture(given("Anna", "", "ann@example.com")).await?;
    set(contacts, &ann.contact, "vip", &[("size", "38")]).await?;
    set(contacts, &other.contact, "new", &[("size", "40"), ("colour", "red")]).await?;
    Ok((ann, other))
}

fn data(contact: &Contact) -> Vec<(&str, &str)> {
    let profile = contact.profile.as_ref().expect("support sees it");
    let data = profile.data.iter();
    data.map(|datum| (datum.key.as_str(), datum.value.as_str())).collect()
}

fn tags(contact: &Contact) -> Vec<&str> {
    let profile = contact.profile.as_ref().expect("support sees it");
    profile.tags.iter().map(String::as_str).collect()
}

async fn consent(contacts: &Harness, contact: &str, address: &str) -> Result<(), tonic::Status> {
    let request = RecordConsentRequest {
        workspace: "acme".into(),
        request_id: format!("form of {contact}"),
        contact: contact.into(),
        purpose: Purpose::Outreach.into(),
        addresses: vec![address.into()],
        form: "newsletter".into(),
        form_version: 1,
        language: "pl".into(),
        conversation: String::new(),
        given_at: Some(events::stamp(contacts.clock.now())),
    };
    contacts.consents.clone().record_consent(request).await?;
    Ok(())
}

async fn withdraw(contacts: &Harness, contact: &str) -> Result<(), tonic::Status> {
    let request = WithdrawConsentRequest {
        workspace: "acme".into(),
        contact: contact.into(),
        purpose: Purpose::Outreach.into(),
        at: None,
        by: WithdrawnBy::Agent.into(),
    };
    contacts.consents.clone().withdraw_consent(request).await?;
    Ok(())
}

#[tokio::test]
async fn a_merge_fills_gaps_moves_addresses_and_is_undone_without_a_trace_in_the_fields() -> Tested {
    let contacts = Harness::start().await?;
    let (ann, other) = two(&contacts).await?;
    let (before, before_other) = (
        contacts.contact(&ann.contact).await?,
        contacts.contact(&other.contact).await?,
    );

    let merged = merge(&contacts, &ann.contact, &other.contact).await?;
    assert_eq!((merged.name.as_str(), merged.version), ("Ann", before.version + 1));
    assert_eq!(values(&merged.addresses), ["+48600700123", "ann@example.com"]);
    assert_eq!(
        (tags(&merged), data(&merged)),
        (vec!["new", "vip"], vec![("colour", "red"), ("size", "38")])
    );
    // The same again changes nothing, and the other's id leads to her.
    assert_eq!(merge(&contacts, &ann.contact, &other.contact).await?, merged);
    assert_eq!(contacts.contact(&other.contact).await?, merged);
    let found = contacts
        .look_up("acme", AddressKind::Email, "ann@example.com", Purpose::Support)
        .await?;
    assert_eq!(found, merged);
    let again = contacts.capture(given("", "", "ann@example.com")).await?;
    assert_eq!(
        (&again.contact, &again.email_address),
        (&ann.contact, &other.email_address)
    );
    let page = ListContactsRequest {
        workspace: "acme".into(),
        purpose: Purpose::Support.into(),
        ..Default::default()
    };
    let listed = contacts.book.clone().list_contacts(page).await?.into_inner().contacts;
    assert_eq!(listed, [merged]);

    let apart = undo(&contacts, &other.contact).await?;
    assert_eq!(apart, before_other);
    let undone = contacts.contact(&ann.contact).await?;
    assert_eq!(
        (
            undone.name.as_str(),
            tags(&undone),
            data(&undone),
            values(&undone.addresses)
        ),
        ("Ann", vec!["vip"], vec![("size", "38")], vec!["+48600700123"])
    );
    assert_eq!(undo(&contacts, &other.contact).await?, apart);
    // Both are in the history.
    let history = ListContactChangesRequest {
        workspace: "acme".into(),
        contact: ann.contact.clone(),
        purpose: Purpose::Support.into(),
        page_size: 2,
        page_token: String::new(),
    };
    let changes = contacts
        .book
        .clone()
        .list_contact_changes(history)
        .await?
        .into_inner()
        .changes;
    let merges: Vec<_> = changes
        .iter()
        .flat_map(|change| &change.fields)
        .filter(|field| field.field == "merged")
        .map(|field| (field.before.as_str(), field.after.as_str()))
        .collect();
    assert_eq!(merges, [(other.contact.as_str(), ""), ("", other.contact.as_str())]);
    contacts.stop().await;
    Ok(())
}

#[tokio::test]
async fn what_was_changed_since_the_merge_stays_when_it_is_undone() -> Tested {
    let contacts = Harness::start().await?;
    let (ann, other) = two(&contacts).await?;
    merge(&contacts, &ann.contact, &other.contact).await?;
    set(&contacts, &other.contact, "vip", &[("colour", "blue")]).await?;
    let new_phone = contacts.capture(given("", "600700199", "ann@example.com")).await?;
    assert_eq!(new_phone.contact, ann.contact);
    undo(&contacts, &other.contact).await?;
    let kept = contacts.contact(&ann.contact).await?;
    assert_eq!(data(&kept), [("colour", "blue"), ("size", "38")]);
    assert_eq!(values(&kept.addresses), ["+48600700123", "+48600700199"]);
    assert_eq!(
        data(&contacts.contact(&other.contact).await?),
        [("colour", "red"), ("size", "40")]
    );
    Ok(())
}

#[tokio::test]
async fn undoing_one_of_two_merges_leaves_what_the_other_one_fills() -> Tested {
    let contacts = Harness::start().await?;
    let ann = contacts.capture(given("", "600700123", "")).await?;
    let second = contacts.capture(given("Anna", "", "anna@example.com")).await?;
    let third = contacts.capture(given("Annie", "", "annie@example.com")).await?;
    set(&contacts, &second.contact, "vip", &[("size", "40"), ("colour", "red")]).await?;
    set(&contacts, &third.contact, "vip", &[("size", "38")]).await?;
    merge(&contacts, &ann.contact, &second.contact).await?;
    merge(&contacts, &ann.contact, &third.contact).await?;
    undo(&contacts, &second.contact).await?;
    let one = contacts.contact(&ann.contact).await?;
    assert_eq!(
        (one.name.as_str(), tags(&one), data(&one)),
        ("Annie", vec!["vip"], vec![("size", "38")])
    );
    undo(&contacts, &third.contact).await?;
    let alone = contacts.contact(&ann.contact).await?;
    assert_eq!((alone.name.as_str(), tags(&alone), data(&alone)), ("", vec![], vec![]));
    Ok(())
}

#[tokio::test]
async fn a_capture_that_waits_for_an_undo_reaches_whom_the_address_went_back_to() -> Tested {
    let contacts = Harness::start().await?;
    let (ann, other) = two(&contacts).await?;
    merge(&contacts, &ann.contact, &other.contact).await?;
    let mut holder = contacts.admin().await?;
    let mut held = sqlx::Connection::begin(&mut holder).await?;
    sqlx::query("SELECT FROM contact WHERE id = $1::uuid FOR UPDATE")
        .bind(&ann.contact)
        .execute(&mut *held)
        .await?;
    let waiting = async |count: i64| {
        let sql =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        testkit::eventually(format!("{count} waiting"), Duration::from_secs(10), async || {
            (contacts.count(sql).await.ok()? == count).then_some(())
        })
        .await
    };
    let undone = undo(&contacts, &other.contact);
    let captured = async {
        waiting(1).await?;
        let (captured, released) = futures::join!(contacts.capture(given("", "600700199", "ann@example.com")), async {
            waiting(2).await.map(drop)?;
            anyhow::Ok(held.commit().await?)
        });
        released?;
        anyhow::Ok(captured?)
    };
    let (undone, captured) = futures::join!(undone, captured);
    undone?;
    assert_eq!(captured?.contact, other.contact);
    assert_eq!(
        values(&contacts.contact(&ann.contact).await?.addresses),
        ["+48600700123"]
    );
    assert_eq!(
        values(&contacts.contact(&other.contact).await?.addresses),
        ["ann@example.com", "+48600700199"]
    );
    Ok(())
}

#[tokio::test]
async fn rings_and_merges_of_what_is_merged_are_refused() -> Tested {
    let contacts = Harness::start().await?;
    let (ann, other) = two(&contacts).await?;
    let third = contacts.capture(given("Cid", "600700125", "")).await?;
    let conflict = |field: &str| (field.to_owned(), "request.conflict");
    assert_eq!(
        refusal(merge(&contacts, &ann.contact, &ann.contact).await),
        ("other".into(), "request.invalid")
    );
    for (one, two, field) in [
        (NOBODY, ann.contact.as_str(), "contact"),
        (&ann.contact, NOBODY, "other"),
    ] {
        assert_eq!(
            refusal(merge(&contacts, one, two).await),
            (field.into(), "request.not_found")
        );
    }
    merge(&contacts, &ann.contact, &other.contact).await?;
    assert_eq!(
        refusal(merge(&contacts, &other.contact, &ann.contact).await),
        conflict("contact")
    );
    assert_eq!(
        refusal(merge(&contacts, &third.contact, &other.contact).await),
        conflict("other")
    );
    // A chain is undone from its end.
    merge(&contacts, &third.contact, &ann.contact).await?;
    assert_eq!(
        values(&contacts.contact(&other.contact).await?.addresses),
        ["+48600700123", "ann@example.com", "+48600700125"]
    );
    assert_eq!(refusal(undo(&contacts, &other.contact).await), conflict("contact"));
    undo(&contacts, &ann.contact).await?;
    undo(&contacts, &other.contact).await?;
    for (contact, address) in [
        (&ann, "+48600700123"),
        (&other, "ann@example.com"),
        (&third, "+48600700125"),
    ] {
        assert_eq!(values(&contacts.contact(&contact.contact).await?.addresses), [address]);
    }
    // Each into the other at once: one of them wins.
    let (one, two) = futures::join!(
        merge(&contacts, &ann.contact, &other.contact),
        merge(&contacts, &other.contact, &ann.contact)
    );
    assert_ne!(one.is_ok(), two.is_ok());
    Ok(())
}

#[tokio::test]
async fn conflicts_are_shown_side_by_side_until_somebody_settles_them() -> Tested {
    let contacts = Harness::start().await?;
    let (ann, other) = two(&contacts).await?;
    contacts.capture(given("Annie", "600700123", "ann@example.com")).await?;
    let kept = conflicts(&contacts, "acme").await?;
    assert_eq!(kept.len(), 2);
    let name = kept
        .iter()
        .find(|one| !one.other_name.is_empty())
        .expect("another name");
    let pair = kept.iter().find(|one| one.other.is_some()).expect("another contact");
    let side = |contact: &Option<Contact>| contact.as_ref().map(|one| (one.contact.clone(), one.name.clone()));
    assert_eq!(
        (name.other_name.as_str(), side(&name.contact)),
        ("Annie", Some((ann.contact.clone(), "Ann".into())))
    );
    assert_eq!(side(&pair.other), Some((other.contact.clone(), "Anna".into())));
    assert!(conflicts(&contacts, "globex").await?.is_empty());

    let dismiss = |workspace: &str, conflict: &str| DismissConflictRequest {
        workspace: workspace.into(),
        conflict: conflict.into(),
        by: "crm".into(),
    };
    let mut client = contacts.identity.clone();
    for (workspace, id, expected) in [
        (
            "globex",
            name.conflict.as_str(),
            ("conflict".to_owned(), "request.not_found"),
        ),
        ("acme", NOBODY, ("conflict".to_owned(), "request.not_found")),
        ("acme", "1", ("conflict".to_owned(), "request.invalid")),
    ] {
        assert_eq!(refusal(client.dismiss_conflict(dismiss(workspace, id)).await), expected);
    }
    for _ in 0..2 {
        client.dismiss_conflict(dismiss("acme", &name.conflict)).await?;
    }
    // Told of again, it is not raised again.
    contacts.capture(given("Annie", "600700123", "")).await?;
    assert_eq!(conflicts(&contacts, "acme").await?.len(), 1);
    merge(&contacts, &ann.contact, &other.contact).await?;
    assert!(conflicts(&contacts, "acme").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn what_one_took_back_the_other_took_back_also_after_they_are_two_again() -> Tested {
    let contacts = Harness::start().await?;
    let (ann, other) = two(&contacts).await?;
    consent(&contacts, &ann.contact, &ann.phone_address).await?;
    consent(&contacts, &other.contact, &other.email_address).await?;
    contacts.clock.advance(Duration::from_secs(60));
    merge(&contacts, &ann.contact, &other.contact).await?;
    let seen = contacts.get("acme", &ann.contact, Purpose::Outreach).await?;
    assert_eq!(seen.addresses.len(), 2);
    let request = ListConsentsRequest {
        workspace: "acme".into(),
        contact: other.contact.clone(),
    };
    let all = contacts.consents.clone().list_consents(request).await?.into_inner();
    assert_eq!(all.consents.len(), 2);

    // Told by the id that went away, it ends both; and it stays ended.
    withdraw(&contacts, &other.contact).await?;
    let denied = ("purpose".to_owned(), "access.purpose");
    assert_eq!(
        refusal(contacts.get("acme", &ann.contact, Purpose::Outreach).await),
        denied
    );
    undo(&contacts, &other.contact).await?;
    for one in [&ann, &other] {
        assert_eq!(
            refusal(contacts.get("acme", &one.contact, Purpose::Outreach).await),
            denied
        );
    }

    // A consent that one gave for an address that went back to the other opens it to nobody, unless they are one again;
    // then it ends with a withdrawal of either.
    contacts.clock.advance(Duration::from_secs(60));
    merge(&contacts, &ann.contact, &other.contact).await?;
    let late = RecordConsentRequest {
        workspace: "acme".into(),
        request_id: "form-3".into(),
        contact: ann.contact.clone(),
        purpose: Purpose::Outreach.into(),
        addresses: vec![other.email_address.clone()],
        form: "newsletter".into(),
        form_version: 1,
        language: "pl".into(),
        conversation: String::new(),
        given_at: Some(events::stamp(contacts.clock.now())),
    };
    contacts.consents.clone().record_consent(late).await?;
    undo(&contacts, &other.contact).await?;
    let email = contacts.address("acme", &other.email_address, Purpose::Outreach).await;
    assert_eq!(refusal(email), denied);
    let page = ListContactsRequest {
        workspace: "acme".into(),
        purpose: Purpose::Outreach.into(),
        ..Default::default()
    };
    let listed = contacts.book.clone().list_contacts(page).await?.into_inner().contacts;
    assert!(listed.is_empty(), "{listed:?}");
    merge(&contacts, &ann.contact, &other.contact).await?;
    contacts
        .address("acme", &other.email_address, Purpose::Outreach)
        .await?;
    contacts.clock.advance(Duration::from_secs(60));
    withdraw(&contacts, &other.contact).await?;
    let email = contacts.address("acme", &other.email_address, Purpose::Outreach).await;
    assert_eq!(refusal(email), denied);
    Ok(())
}

#[tokio::test]
async fn a_capture_that_meets_a_merge_loses_nothing() -> Tested {
    let contacts = Harness::start().await?;
    let (ann, other) = two(&contacts).await?;
    let given_now = contacts.capture(given("", "600700155", "ann@example.com"));
    let (captured, merged) = futures::join!(given_now, merge(&contacts, &ann.contact, &other.contact));
    captured?;
    merged?;
    let mut found = contacts.contact(&ann.contact).await?;
    found.addresses.sort_by(|one, two| one.value.cmp(&two.value));
    assert_eq!(
        values(&found.addresses),
        ["+48600700123", "+48600700155", "ann@example.com"]
    );
    Ok(())
}
