use crate::harness::{Harness, Tested, given, refusal, values};
use rpc::contacts::{AddressKind, CaptureContactRequest, Purpose};

#[tokio::test]
async fn what_is_given_is_normalised_and_found_by_either_address() -> Tested {
    let contacts = Harness::start().await?;
    let first = contacts
        .capture(given("Ann Nowak", "600 700 123", "Ann@Example.COM"))
        .await?;
    assert_ne!(first.phone_address, first.email_address);
    let stored = contacts.contact(&first.contact).await?;
    assert_eq!(stored.name, "Ann Nowak");
    assert_eq!(values(&stored.addresses), ["+48600700123", "Ann@example.com"]);
    assert_eq!(stored.addresses[0].country, "PL");
    assert!(stored.addresses.iter().all(|address| !address.verified));

    // Each other spelling leads to the same contact and the same addresses.
    let by_phone = contacts.capture(given("", "+48 600-700-123", "")).await?;
    assert_eq!(
        (&by_phone.contact, &by_phone.phone_address),
        (&first.contact, &first.phone_address)
    );
    assert_eq!(by_phone.email_address, "");
    let by_email = contacts.capture(given("", "", " ann@EXAMPLE.com ")).await?;
    assert_eq!(
        (&by_email.contact, &by_email.email_address),
        (&first.contact, &first.email_address)
    );
    for (kind, value) in [
        (AddressKind::Phone, "600700123"),
        (AddressKind::Email, "ANN@example.com"),
    ] {
        let found = contacts.look_up("acme", kind, value, Purpose::Support).await?;
        assert_eq!(found.contact, first.contact);
    }
    contacts.stop().await;
    Ok(())
}

#[tokio::test]
async fn missing_fields_are_filled_and_nothing_is_overwritten() -> Tested {
    let contacts = Harness::start().await?;
    let first = contacts.capture(given("", "600700123", "")).await?;
    contacts.capture(given("Ann", "600700123", "ann@example.com")).await?;
    contacts
        .capture(given("Anna", "600700123", "other@example.com"))
        .await?;
    contacts.capture(given("Anna", "600700123", "")).await?;
    let stored = contacts.contact(&first.contact).await?;
    assert_eq!(stored.name, "Ann");
    assert_eq!(
        values(&stored.addresses),
        ["+48600700123", "ann@example.com", "other@example.com"]
    );
    let kept = "SELECT count(*) FROM contact_conflict WHERE other_name = 'Anna'";
    assert_eq!(contacts.count(kept).await?, 1);
    Ok(())
}

#[tokio::test]
async fn addresses_of_two_contacts_stay_where_they_are() -> Tested {
    let contacts = Harness::start().await?;
    let phone = contacts.capture(given("Ann", "600700123", "")).await?;
    let email = contacts.capture(given("Bea", "", "bea@example.com")).await?;
    for _ in 0..2 {
        let both = contacts.capture(given("", "600700123", "bea@example.com")).await?;
        assert_eq!(both.contact, phone.contact);
        assert_eq!(
            (&both.phone_address, &both.email_address),
            (&phone.phone_address, &email.email_address)
        );
    }
    assert_eq!(
        values(&contacts.contact(&phone.contact).await?.addresses),
        ["+48600700123"]
    );
    assert_eq!(
        values(&contacts.contact(&email.contact).await?.addresses),
        ["bea@example.com"]
    );
    let kept = "SELECT count(*) FROM contact_conflict WHERE other_contact IS NOT NULL";
    assert_eq!(contacts.count(kept).await?, 1);
    Ok(())
}

#[tokio::test]
async fn captures_of_one_address_at_once_give_one_contact() -> Tested {
    let contacts = Harness::start().await?;
    let captures = (0..24).map(|n| {
        let (phone, email) = match n % 3 {
            0 => ("600700123", "ann@example.com"),
            1 => ("600700123", ""),
            _ => ("", "ann@example.com"),
        };
        contacts.capture(given("Ann", phone, email))
    });
    for answer in futures::future::join_all(captures).await {
        answer?;
    }
    // Those with both addresses tie them together, unless phone and e-mail alone came first: then two contacts with
    // one conflict between them.
    let people = contacts.count("SELECT count(*) FROM contact").await?;
    let conflicts = contacts.count("SELECT count(*) FROM contact_conflict").await?;
    assert!(
        people == 1 && conflicts == 0 || people == 2 && conflicts == 1,
        "{people} {conflicts}"
    );
    assert_eq!(contacts.count("SELECT count(*) FROM address").await?, 2);
    let orphans = "SELECT count(*) FROM contact c WHERE NOT EXISTS (SELECT FROM address a WHERE a.contact_id = c.id)";
    assert_eq!(contacts.count(orphans).await?, 0);
    Ok(())
}

#[tokio::test]
async fn the_same_pair_at_once_gives_one_contact() -> Tested {
    let contacts = Harness::start().await?;
    let captures = (0..24).map(|_| contacts.capture(given("Ann", "600700123", "ann@example.com")));
    let mut answers = Vec::new();
    for answer in futures::future::join_all(captures).await {
        answers.push(answer?);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(contacts.count("SELECT count(*) FROM contact").await?, 1);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_by_field_without_repeating_it() -> Tested {
    let contacts = Harness::start().await?;
    let refused = async |given: CaptureContactRequest| {
        let secrets = [given.phone.clone(), given.email.clone(), given.name.clone()];
        let status = contacts.capture(given).await.expect_err("a refusal");
        for secret in secrets.iter().filter(|secret| secret.len() > 3) {
            assert!(
                !status.message().contains(secret.as_str()),
                "the refusal repeats what was given"
            );
        }
        refusal::<()>(Err(status)).0
    };
    assert_eq!(refused(given("Ann", "", "")).await, "phone");
    assert_eq!(refused(given("", "12345", "")).await, "phone");
    assert_eq!(refused(given("", "+999 123 456 789", "")).await, "phone");
    assert_eq!(refused(given("", "call me maybe", "")).await, "phone");
    assert_eq!(refused(given("", "", "nobody at home")).await, "email");
    assert_eq!(refused(given("Ann\nBcc: x", "600700123", "")).await, "name");
    assert_eq!(
        refused(CaptureContactRequest {
            default_country: String::new(),
            ..given("", "600700123", "")
        })
        .await,
        "phone"
    );
    assert_eq!(
        refused(CaptureContactRequest {
            default_country: "Poland".into(),
            ..given("", "600700123", "")
        })
        .await,
        "default_country"
    );
    assert_eq!(
        refused(CaptureContactRequest {
            purpose: 0,
            ..given("", "600700123", "")
        })
        .await,
        "purpose"
    );
    let outreach = Purpose::Outreach.into();
    assert_eq!(
        refused(CaptureContactRequest {
            purpose: outreach,
            ..given("", "600700123", "")
        })
        .await,
        "purpose"
    );
    assert_eq!(
        refused(CaptureContactRequest {
            workspace: "No Slug".into(),
            ..given("", "600700123", "")
        })
        .await,
        "workspace"
    );
    // A good field beside a bad one is not stored either.
    assert_eq!(refused(given("Ann", "600700123", "nobody")).await, "email");
    assert_eq!(contacts.count("SELECT count(*) FROM contact").await?, 0);
    Ok(())
}
