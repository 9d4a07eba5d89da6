//! Ids that are good on one page alone, and what channels tell of people.

use crate::harness::{Harness, Tested, given, refusal};
use domain::Clock;
use events::common::ChannelKind;
use rpc::contacts::{
    AddressKind, CaptureContactRequest, CaptureContactResponse, ChannelProfile, Contact, GetContactRequest,
    LookUpContactRequest, MergeContactsRequest, Purpose, UndoMergeRequest,
};
use std::time::Duration;

fn known_by(channel: &str, id: &str, profile: &[(&str, &str)]) -> CaptureContactRequest {
    let told = profile
        .iter()
        .map(|(field, value)| ((*field).to_owned(), (*value).to_owned()));
    CaptureContactRequest {
        channel: channel.into(),
        page_scoped_id: id.into(),
        kind: ChannelKind::Facebook.into(),
        profile: told.collect(),
        ..given("", "", "")
    }
}

async fn profiles(contacts: &Harness, contact: &str) -> Result<Vec<ChannelProfile>, tonic::Status> {
    let request = GetContactRequest {
        workspace: "acme".into(),
        contact: contact.into(),
        purpose: Purpose::Support.into(),
    };
    Ok(contacts
        .client
        .clone()
        .get_contact(request)
        .await?
        .into_inner()
        .profiles)
}

fn told(profiles: &[ChannelProfile]) -> Vec<(&str, &str, &str)> {
    let value = |profile: &'_ ChannelProfile| profile.values.len();
    assert!(profiles.iter().all(|profile| value(profile) > 0));
    profiles
        .iter()
        .flat_map(|profile| {
            let channel = profile.channel.as_str();
            let values = profile.values.iter();
            values.map(move |one| (channel, one.field.as_str(), one.value.as_str()))
        })
        .collect()
}

async fn look_up(contacts: &Harness, channel: &str, id: &str, purpose: Purpose) -> Result<Contact, tonic::Status> {
    let request = LookUpContactRequest {
        workspace: "acme".into(),
        kind: AddressKind::PageScoped.into(),
        value: id.into(),
        channel: channel.into(),
        purpose: purpose.into(),
        ..Default::default()
    };
    let answer = contacts.client.clone().look_up_contact(request).await?.into_inner();
    Ok(answer.contact.expect("every answer has a contact"))
}

#[tokio::test]
async fn a_page_knows_a_person_by_an_id_that_is_nobodys_on_another_page() -> Tested {
    let contacts = Harness::start().await?;
    let ann = contacts.capture(known_by("page", "7", &[("name", "Ann")])).await?;
    let again = contacts.capture(known_by("page", "7", &[])).await?;
    assert_eq!(ann, again);
    let other = contacts.capture(known_by("other-page", "7", &[])).await?;
    assert_ne!(ann.contact, other.contact);
    let found = look_up(&contacts, "page", "7", Purpose::Support).await?;
    assert_eq!(found.contact, ann.contact);
    let address = &found.addresses[0];
    assert_eq!(
        (
            address.address.as_str(),
            address.kind(),
            address.value.as_str(),
            address.channel.as_str()
        ),
        (ann.page_scoped_address.as_str(), AddressKind::PageScoped, "7", "page")
    );
    assert!(address.verified, "the page says who it is");
    assert_eq!(
        refusal(look_up(&contacts, "third-page", "7", Purpose::Support).await).1,
        "request.not_found"
    );
    // It serves the person's own requests, and no consent can name it.
    assert_eq!(
        refusal(look_up(&contacts, "page", "7", Purpose::Outreach).await),
        ("purpose".to_owned(), "access.purpose")
    );
    let consent = rpc::contacts::RecordConsentRequest {
        workspace: "acme".into(),
        request_id: "r-1".into(),
        contact: ann.contact.clone(),
        purpose: Purpose::Outreach.into(),
        addresses: vec![ann.page_scoped_address.clone()],
        form: "newsletter".into(),
        form_version: 1,
        language: "pl".into(),
        given_at: Some(events::stamp(contacts.clock.now())),
        ..Default::default()
    };
    assert_eq!(
        refusal(contacts.consents.clone().record_consent(consent).await).0,
        "addresses"
    );

    // A number that is given there too is theirs, and one of somebody else is for a person to settle.
    let phone = CaptureContactRequest {
        phone: "600700123".into(),
        ..known_by("page", "7", &[])
    };
    assert_eq!(contacts.capture(phone.clone()).await?.contact, ann.contact);
    let clash = CaptureContactRequest {
        phone: "600700123".into(),
        ..known_by("other-page", "7", &[])
    };
    assert_eq!(contacts.capture(clash).await?.contact, other.contact);
    let kept = "SELECT count(*) FROM contact_conflict WHERE other_contact IS NOT NULL";
    assert_eq!(contacts.count(kept).await?, 1);
    contacts.stop().await;
    Ok(())
}

#[tokio::test]
async fn what_a_channel_told_last_counts_in_whatever_order_it_comes() -> Tested {
    let contacts = Harness::start().await?;
    let at = |seconds: i64| {
        Some(events::stamp(
            contacts.clock.now() - Duration::from_secs(seconds.unsigned_abs()),
        ))
    };
    let tell = async |seconds: i64, profile: &[(&str, &str)]| {
        let request = CaptureContactRequest {
            told_at: at(seconds),
            ..known_by("page", "7", profile)
        };
        contacts.capture(request).await
    };
    let ann = tell(10, &[("name", "Ann Nowak"), ("locale", "pl_PL")]).await?;
    tell(20, &[("name", "Ann"), ("gender", "female")]).await?;
    tell(
        5,
        &[("locale", "en_GB"), ("last_interaction_at", "2026-01-31T12:00:00Z")],
    )
    .await?;
    let kept = profiles(&contacts, &ann.contact).await?;
    assert_eq!(
        told(&kept),
        [
            ("page", "gender", "female"),
            ("page", "last_interaction_at", "2026-01-31T12:00:00Z"),
            ("page", "locale", "en_GB"),
            ("page", "name", "Ann Nowak"),
        ]
    );
    assert_eq!(
        (kept[0].address.as_str(), kept[0].values[2].at),
        (ann.page_scoped_address.as_str(), at(5))
    );
    // What a channel tells overwrites nothing of the contact itself.
    assert_eq!(contacts.contact(&ann.contact).await?.name, "");

    let number = CaptureContactRequest {
        kind: ChannelKind::Whatsapp.into(),
        channel: "wa".into(),
        profile: [("name".to_owned(), "Bea".to_owned())].into(),
        ..given("", "600700124", "")
    };
    let bea = contacts.capture(number.clone()).await?;
    assert_eq!(told(&profiles(&contacts, &bea.contact).await?), [("wa", "name", "Bea")]);
    for (wrong, field) in [
        (known_by("", "7", &[]), "channel"),
        (known_by("page", "7", &[("shoe_size", "38")]), "profile"),
        (known_by("page", "7", &[("locale", "pl PL")]), "profile"),
        (known_by("page", &"7".repeat(201), &[]), "page_scoped_id"),
        (
            CaptureContactRequest {
                kind: ChannelKind::Web.into(),
                ..known_by("page", "7", &[])
            },
            "page_scoped_id",
        ),
        (
            CaptureContactRequest {
                kind: ChannelKind::Instagram.into(),
                ..known_by("page", "7", &[("name", "Ann")])
            },
            "profile",
        ),
        (
            CaptureContactRequest {
                profile: [("gender".to_owned(), "female".to_owned())].into(),
                ..number
            },
            "profile",
        ),
    ] {
        assert_eq!(
            refusal(contacts.capture(wrong).await),
            (field.to_owned(), "request.invalid")
        );
    }
    contacts.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_profile_goes_where_its_id_goes_and_back_when_that_is_undone() -> Tested {
    let contacts = Harness::start().await?;
    let known: CaptureContactResponse = contacts.capture(known_by("page", "7", &[("locale", "pl_PL")])).await?;
    let ann = contacts.capture(given("Ann", "600700123", "")).await?;
    let merge = MergeContactsRequest {
        workspace: "acme".into(),
        contact: ann.contact.clone(),
        other: known.contact.clone(),
        by: "crm".into(),
    };
    contacts.identity.clone().merge_contacts(merge).await?;
    contacts.capture(known_by("page", "7", &[("gender", "female")])).await?;
    let both = [("page", "gender", "female"), ("page", "locale", "pl_PL")];
    assert_eq!(told(&profiles(&contacts, &ann.contact).await?), both);
    let undo = UndoMergeRequest {
        workspace: "acme".into(),
        contact: known.contact.clone(),
        by: "crm".into(),
    };
    contacts.identity.clone().undo_merge(undo).await?;
    assert_eq!(told(&profiles(&contacts, &known.contact).await?), both);
    assert_eq!(profiles(&contacts, &ann.contact).await?, []);
    contacts.stop().await;
    Ok(())
}
