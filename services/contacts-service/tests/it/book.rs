//! Fields of a contact: looked up for a purpose, changed by version, with a history.

use crate::harness::{Harness, Tested, given, refusal};
use domain::Clock;
use prost_types::FieldMask;
use rpc::contacts::{
    CaptureContactRequest, Contact, ContactChange, GetContactRequest, ListContactChangesRequest, ListContactsRequest,
    Purpose, RecordConsentRequest, Stage, UpdateContactRequest,
};
use std::collections::HashMap;
use std::time::Duration;

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// A change of these fields, whatever the version is.
fn change(contact: &str, paths: &[&str]) -> UpdateContactRequest {
    UpdateContactRequest {
        workspace: "acme".into(),
        contact: contact.into(),
        mask: Some(FieldMask {
            paths: paths.iter().map(ToString::to_string).collect(),
        }),
        by: "crm".into(),
        ..Default::default()
    }
}

async fn update(contacts: &Harness, request: UpdateContactRequest) -> Result<Contact, tonic::Status> {
    let answer = contacts.book.clone().update_contact(request).await?.into_inner();
    Ok(answer.contact.expect("every answer has a contact"))
}

async fn changes(
    contacts: &Harness,
    workspace: &str,
    contact: &str,
    purpose: Purpose,
) -> Result<Vec<ContactChange>, tonic::Status> {
    let (mut all, mut page_token) = (vec![], String::new());
    loop {
        let request = ListContactChangesRequest {
            workspace: workspace.into(),
            contact: contact.into(),
            purpose: purpose.into(),
            page_size: 2,
            page_token,
        };
        let page = contacts.book.clone().list_contact_changes(request).await?.into_inner();
        all.extend(page.changes);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}

/// Names of those on all pages of two.
async fn list(contacts: &Harness, request: ListContactsRequest) -> Result<Vec<String>, tonic::Status> {
    let (mut all, mut page_token) = (vec![], String::new());
    loop {
        let request = ListContactsRequest {
            page_size: 2,
            page_token,
            ..request.clone()
        };
        let page = contacts.book.clone().list_contacts(request).await?.into_inner();
        assert!(page.contacts.len() <= 2);
        all.extend(page.contacts.into_iter().map(|one| one.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}

/// What changed, as `field: before > after`.
fn told(change: &ContactChange) -> Vec<String> {
    let fields = change.fields.iter();
    fields
        .map(|one| format!("{}: {} > {}", one.field, one.before, one.after))
        .collect()
}

#[tokio::test]
async fn fields_are_changed_by_mask_and_version_and_every_change_is_kept() -> Tested {
    let contacts = Harness::start().await?;
    let ann = contacts.capture(given("", "600700123", "")).await?;
    let first = contacts.contact(&ann.contact).await?;
    let profile = first.profile.clone().expect("support sees it");
    assert_eq!(
        (first.version, profile.stage(), profile.source.as_str()),
        (1, Stage::Lead, "web")
    );
    assert!(profile.tags.is_empty() && profile.data.is_empty());

    // A name that is filled in is a change like every other.
    contacts.capture(given("Ann", "600700123", "")).await?;
    contacts.clock.advance(Duration::from_secs(60));
    let changed = update(
        &contacts,
        UpdateContactRequest {
            version: 2,
            stage: Stage::Customer.into(),
            tags: vec!["vip".into(), " new ".into(), "vip".into()],
            data: HashMap::from([("size".into(), "38".into()), ("colour".into(), "red".into())]),
            name: "not meant".into(),
            ..change(&ann.contact, &["stage", "tags", "data.size"])
        },
    )
    .await?;
    let profile = changed.profile.clone().expect("support sees it");
    assert_eq!(
        (changed.version, changed.name.as_str(), profile.stage()),
        (3, "Ann", Stage::Customer)
    );
    assert_eq!(profile.tags, ["new", "vip"]);
    let data: Vec<_> = profile
        .data
        .iter()
        .map(|datum| (datum.key.as_str(), datum.value.as_str(), datum.by.as_str(), datum.at))
        .collect();
    assert_eq!(data, [("size", "38", "crm", Some(events::stamp(contacts.clock.now())))]);
    assert_eq!(contacts.contact(&ann.contact).await?, changed);

    // A version that is gone by now, and a change that changes nothing.
    let stale = UpdateContactRequest {
        version: 2,
        ..change(&ann.contact, &["name"])
    };
    assert_eq!(
        refusal(update(&contacts, stale).await),
        ("version".into(), "request.conflict")
    );
    let same = UpdateContactRequest {
        version: 3,
        name: "Ann".into(),
        ..change(&ann.contact, &["name", "data.colour"])
    };
    assert_eq!(update(&contacts, same).await?, changed);

    let removed = UpdateContactRequest {
        tags: vec!["vip".into()],
        ..change(&ann.contact, &["name", "tags", "data.size"])
    };
    let removed = update(&contacts, removed).await?;
    assert_eq!((removed.version, removed.name.as_str()), (4, ""));
    assert!(removed.profile.expect("support sees it").data.is_empty());

    let all = changes(&contacts, "acme", &ann.contact, Purpose::Support).await?;
    let kept: Vec<_> = all
        .iter()
        .map(|change| (change.version, change.by.as_str(), told(change)))
        .collect();
    let expected = |fields: &[&str]| fields.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        kept,
        [
            (4, "crm", expected(&["name: Ann > ", "tag: new > ", "data.size: 38 > "])),
            (
                3,
                "crm",
                expected(&[
                    "stage: lead > customer",
                    "tag:  > new",
                    "tag:  > vip",
                    "data.size:  > 38"
                ])
            ),
            (2, "customer", expected(&["name:  > Ann"])),
        ]
    );
    contacts.stop().await;
    Ok(())
}

#[tokio::test]
async fn what_a_person_gave_is_kept_with_the_channel_and_the_time() -> Tested {
    let contacts = Harness::start().await?;
    let in_channel = |channel: &str, request: CaptureContactRequest| CaptureContactRequest {
        channel: channel.into(),
        ..request
    };
    let first = contacts.clock.now();
    let ann = contacts.capture(given("Ann", "600700123", "")).await?;
    contacts.clock.advance(Duration::from_secs(60));
    for _ in 0..2 {
        let mail = given("", "600700123", "ann@example.com");
        contacts.capture(in_channel("mail", mail)).await?;
        contacts.clock.advance(Duration::from_secs(60));
    }
    let request = GetContactRequest {
        workspace: "acme".into(),
        contact: ann.contact.clone(),
        purpose: Purpose::Support.into(),
    };
    let found = contacts.client.clone().get_contact(request).await?.into_inner();
    let contact = found.contact.expect("a contact");
    assert_eq!(contact.profile.expect("support sees it").source, "web");
    let addresses: Vec<&str> = contact.addresses.iter().map(|one| one.address.as_str()).collect();
    let second = first + Duration::from_secs(60);
    let mut kept: Vec<_> = found
        .captured
        .iter()
        .map(|one| (one.at, one.channel.as_str(), one.address.as_str(), one.name.as_str()))
        .collect();
    kept.sort_by_key(|(at, _, address, _)| {
        let place = addresses.iter().position(|known| known == address);
        (at.map(|at| at.seconds), place)
    });
    let (phone, email) = (addresses[0], addresses[1]);
    let at = |at| Some(events::stamp(at));
    assert_eq!(
        kept,
        [
            (at(first), "web", "", "Ann"),
            (at(first), "web", phone, ""),
            (at(second), "mail", phone, ""),
            (at(second), "mail", email, ""),
        ]
    );
    let refused = contacts
        .capture(in_channel("The Shop", given("", "600700123", "")))
        .await;
    assert_eq!(refusal(refused), ("channel".into(), "request.invalid"));
    Ok(())
}

#[tokio::test]
async fn outreach_sees_only_whom_a_consent_allows_and_no_more_of_them_than_their_name() -> Tested {
    let contacts = Harness::start().await?;
    let mut people = vec![];
    for (name, phone) in [("Ann", "600700123"), ("Bea", "600700124"), ("Cid", "600700125")] {
        people.push(contacts.capture(given(name, phone, "")).await?);
    }
    for person in &people[1..] {
        let tagged = UpdateContactRequest {
            tags: vec!["vip".into()],
            stage: Stage::Customer.into(),
            ..change(&person.contact, &["tags", "stage"])
        };
        update(&contacts, tagged).await?;
    }
    let of = |purpose: Purpose| ListContactsRequest {
        workspace: "acme".into(),
        purpose: purpose.into(),
        ..Default::default()
    };
    let with_tag = |tag: &str, purpose| ListContactsRequest {
        tag: tag.into(),
        ..of(purpose)
    };
    let leads = ListContactsRequest {
        stage: Stage::Lead.into(),
        ..of(Purpose::Support)
    };
    assert_eq!(list(&contacts, of(Purpose::Support)).await?, ["Cid", "Bea", "Ann"]);
    assert_eq!(
        list(&contacts, with_tag("vip", Purpose::Support)).await?,
        ["Cid", "Bea"]
    );
    assert_eq!(list(&contacts, leads).await?, ["Ann"]);
    assert!(list(&contacts, of(Purpose::Outreach)).await?.is_empty());

    let consent = RecordConsentRequest {
        workspace: "acme".into(),
        request_id: "form-1".into(),
        contact: people[1].contact.clone(),
        purpose: Purpose::Outreach.into(),
        addresses: vec![people[1].phone_address.clone()],
        form: "newsletter".into(),
        form_version: 1,
        language: "pl".into(),
        conversation: String::new(),
        given_at: Some(events::stamp(contacts.clock.now())),
    };
    contacts.consents.clone().record_consent(consent).await?;
    assert_eq!(list(&contacts, of(Purpose::Outreach)).await?, ["Bea"]);
    assert_eq!(list(&contacts, with_tag("vip", Purpose::Outreach)).await?, ["Bea"]);
    assert!(list(&contacts, with_tag("new", Purpose::Outreach)).await?.is_empty());
    let seen = contacts.get("acme", &people[1].contact, Purpose::Outreach).await?;
    assert_eq!((seen.name.as_str(), seen.profile), ("Bea", None));
    let request = GetContactRequest {
        workspace: "acme".into(),
        contact: people[1].contact.clone(),
        purpose: Purpose::Outreach.into(),
    };
    let captured = contacts
        .client
        .clone()
        .get_contact(request)
        .await?
        .into_inner()
        .captured;
    assert!(captured.is_empty());
    let history = changes(&contacts, "acme", &people[1].contact, Purpose::Outreach).await;
    assert_eq!(refusal(history), ("purpose".into(), "access.purpose"));
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_a_change_is_refused_by_field_and_changes_nothing() -> Tested {
    let contacts = Harness::start().await?;
    let ann = contacts.capture(given("Ann", "600700123", "")).await?;
    let of = |paths: &[&str]| change(&ann.contact, paths);
    let datum = |key: &str, value: String| UpdateContactRequest {
        data: HashMap::from([(key.to_owned(), value)]),
        ..of(&[&format!("data.{key}")])
    };
    let tags = |tags: Vec<String>| UpdateContactRequest { tags, ..of(&["tags"]) };
    let invalid = |field: &str| (field.to_owned(), "request.invalid");
    for (request, expected) in [
        (of(&[]), invalid("mask")),
        (of(&["verified"]), invalid("mask")),
        (of(&["data"]), invalid("mask")),
        (of(&["stage"]), invalid("stage")),
        (
            UpdateContactRequest {
                name: "n".repeat(201),
                ..of(&["name"])
            },
            invalid("name"),
        ),
        (tags(vec![String::new()]), invalid("tags")),
        (tags(vec!["t".repeat(51)]), invalid("tags")),
        (tags((0..51).map(|n| n.to_string()).collect()), invalid("tags")),
        (datum("Total", "1".into()), invalid("data")),
        (datum("total", "1".repeat(1_001)), invalid("data")),
        (
            UpdateContactRequest {
                by: " ".into(),
                ..of(&["tags"])
            },
            invalid("by"),
        ),
        (
            UpdateContactRequest {
                contact: NOBODY.into(),
                ..of(&["tags"])
            },
            ("contact".into(), "request.not_found"),
        ),
        (
            UpdateContactRequest {
                workspace: "globex".into(),
                ..of(&["tags"])
            },
            ("contact".into(), "request.not_found"),
        ),
    ] {
        assert_eq!(refusal(update(&contacts, request).await), expected);
    }
    assert_eq!(contacts.contact(&ann.contact).await?.version, 1);

    let page = ListContactsRequest {
        workspace: "acme".into(),
        purpose: Purpose::Support.into(),
        ..Default::default()
    };
    for (request, field) in [
        (
            ListContactsRequest {
                purpose: 0,
                ..page.clone()
            },
            "purpose",
        ),
        (
            ListContactsRequest {
                page_size: 201,
                ..page.clone()
            },
            "page_size",
        ),
        (
            ListContactsRequest {
                page_token: "x".into(),
                ..page.clone()
            },
            "page_token",
        ),
        (
            ListContactsRequest {
                tag: "t".repeat(51),
                ..page
            },
            "tag",
        ),
    ] {
        let answer = contacts.book.clone().list_contacts(request).await;
        assert_eq!(refusal(answer), invalid(field));
    }
    Ok(())
}

#[tokio::test]
async fn a_workspace_lists_and_reads_nothing_of_another() -> Tested {
    let contacts = Harness::start().await?;
    let ann = contacts.capture(given("Ann", "600700123", "")).await?;
    let elsewhere = ListContactsRequest {
        workspace: "globex".into(),
        purpose: Purpose::Support.into(),
        ..Default::default()
    };
    assert!(list(&contacts, elsewhere).await?.is_empty());
    let foreign = changes(&contacts, "globex", &ann.contact, Purpose::Support).await;
    let unknown = changes(&contacts, "globex", NOBODY, Purpose::Support).await;
    assert_eq!(refusal(foreign), refusal(unknown));
    Ok(())
}

#[tokio::test]
async fn of_two_changes_from_one_version_one_wins() -> Tested {
    let contacts = Harness::start().await?;
    let ann = contacts.capture(given("Ann", "600700123", "")).await?;
    let tag = |tag: &str| UpdateContactRequest {
        version: 1,
        tags: vec![tag.into()],
        ..change(&ann.contact, &["tags"])
    };
    let (one, other) = futures::join!(update(&contacts, tag("a")), update(&contacts, tag("b")));
    assert_ne!(one.is_ok(), other.is_ok());
    assert_eq!(contacts.contact(&ann.contact).await?.version, 2);
    Ok(())
}

#[tokio::test]
async fn the_zone_that_a_person_lives_in_goes_with_every_address() -> Tested {
    let contacts = Harness::start().await?;
    let ann = contacts.capture(given("Ann", "600700123", "")).await?;
    let zone = async || {
        let told = contacts.address("acme", &ann.phone_address, Purpose::Support).await?;
        anyhow::Ok(told.time_zone)
    };
    assert_eq!(zone().await?, "");
    let moved = |zone: &str| UpdateContactRequest {
        time_zone: zone.into(),
        ..change(&ann.contact, &["time_zone"])
    };
    let changed = update(&contacts, moved("america/lima")).await?;
    assert_eq!(changed.profile.expect("support sees it").time_zone, "America/Lima");
    assert_eq!(zone().await?, "America/Lima");
    for bad in ["Lima", "+05:00", " "] {
        let refused = update(&contacts, moved(bad)).await;
        assert_eq!(refusal(refused), ("time_zone".into(), "request.invalid"), "{bad}");
    }
    update(&contacts, moved("")).await?;
    assert_eq!(zone().await?, "");
    let history = changes(&contacts, "acme", &ann.contact, Purpose::Support).await?;
    let told: Vec<Vec<String>> = history.iter().map(told).collect();
    assert_eq!(told, [["time_zone: America/Lima > "], ["time_zone:  > America/Lima"]]);
    Ok(())
}
