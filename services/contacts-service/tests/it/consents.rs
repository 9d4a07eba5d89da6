//! Consents: given by a form, taken back at once, kept for ever.

use crate::harness::{Harness, Tested, given, refusal, values};
use domain::Clock;
use rpc::contacts::{
    CaptureContactResponse, Consent, ListConsentsRequest, Purpose, RecordConsentRequest, WithdrawConsentRequest,
    WithdrawnBy,
};
use sqlx::{Connection, Executor, Row};
use std::time::Duration;

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// A form's answer, given now, that names these addresses.
fn answer(contacts: &Harness, request_id: &str, contact: &str, addresses: &[&str]) -> RecordConsentRequest {
    RecordConsentRequest {
        workspace: "acme".into(),
        request_id: request_id.into(),
        contact: contact.into(),
        purpose: Purpose::Outreach.into(),
        addresses: addresses.iter().map(ToString::to_string).collect(),
        form: "newsletter".into(),
        form_version: 3,
        language: "pl".into(),
        conversation: String::new(),
        given_at: Some(events::stamp(contacts.clock.now())),
    }
}

async fn record(contacts: &Harness, request: RecordConsentRequest) -> Result<Consent, tonic::Status> {
    let answer = contacts.consents.clone().record_consent(request).await?.into_inner();
    Ok(answer.consent.expect("every answer has a consent"))
}

async fn withdraw(
    contacts: &Harness,
    contact: &str,
    at: Option<jiff::Timestamp>,
) -> Result<Vec<Consent>, tonic::Status> {
    let request = WithdrawConsentRequest {
        workspace: "acme".into(),
        contact: contact.into(),
        purpose: Purpose::Outreach.into(),
        at: at.map(events::stamp),
        by: WithdrawnBy::Message.into(),
    };
    Ok(contacts
        .consents
        .clone()
        .withdraw_consent(request)
        .await?
        .into_inner()
        .consents)
}

async fn ann(contacts: &Harness) -> anyhow::Result<CaptureContactResponse> {
    Ok(contacts.capture(given("Ann", "600700123", "ann@example.com")).await?)
}

fn denied() -> (String, &'static str) {
    ("purpose".to_owned(), "access.purpose")
}

#[tokio::test]
async fn a_consent_releases_the_addresses_it_names_until_it_is_taken_back() -> Tested {
    let contacts = Harness::start().await?;
    let ann = ann(&contacts).await?;
    assert_eq!(
        refusal(contacts.get("acme", &ann.contact, Purpose::Outreach).await),
        denied()
    );

    let form = answer(&contacts, "form-1", &ann.contact, &[&ann.email_address]);
    let consent = record(&contacts, form.clone()).await?;
    assert_eq!((consent.form.as_str(), consent.form_version), ("newsletter", 3));
    // Told of again, nothing changes.
    assert_eq!(record(&contacts, form).await?, consent);
    let seen = contacts.get("acme", &ann.contact, Purpose::Outreach).await?;
    assert_eq!(values(&seen.addresses), ["ann@example.com"]);
    contacts.address("acme", &ann.email_address, Purpose::Outreach).await?;
    let phone = contacts.address("acme", &ann.phone_address, Purpose::Outreach).await;
    assert_eq!(refusal(phone), denied());

    contacts.clock.advance(Duration::from_secs(60));
    let kept = withdraw(&contacts, &ann.contact, None).await?;
    let [kept] = kept.as_slice() else {
        panic!("one consent");
    };
    assert_eq!(
        (&kept.consent, kept.withdrawn_by()),
        (&consent.consent, WithdrawnBy::Message)
    );
    let email = contacts.address("acme", &ann.email_address, Purpose::Outreach).await;
    assert_eq!(refusal(email), denied());
    // Support goes on.
    contacts.address("acme", &ann.email_address, Purpose::Support).await?;

    // To consent again is a new consent; both are kept.
    contacts.clock.advance(Duration::from_secs(60));
    record(
        &contacts,
        answer(&contacts, "form-2", &ann.contact, &[&ann.email_address]),
    )
    .await?;
    contacts.address("acme", &ann.email_address, Purpose::Outreach).await?;
    let request = ListConsentsRequest {
        workspace: "acme".into(),
        contact: ann.contact.clone(),
    };
    let all = contacts.consents.clone().list_consents(request).await?.into_inner();
    let counts: Vec<bool> = all
        .consents
        .iter()
        .map(|consent| consent.withdrawn_at.is_none())
        .collect();
    assert_eq!((counts, all.withdrawals.len()), (vec![false, true], 1));
    contacts.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_consent_that_is_told_of_after_its_withdrawal_never_counts() -> Tested {
    let contacts = Harness::start().await?;
    let ann = ann(&contacts).await?;
    let late = answer(&contacts, "form-1", &ann.contact, &[&ann.email_address]);
    contacts.clock.advance(Duration::from_secs(60));
    assert!(withdraw(&contacts, &ann.contact, None).await?.is_empty());
    let consent = record(&contacts, late).await?;
    assert!(consent.withdrawn_at.is_some());
    let email = contacts.address("acme", &ann.email_address, Purpose::Outreach).await;
    assert_eq!(refusal(email), denied());
    Ok(())
}

#[tokio::test]
async fn a_withdrawal_ends_what_a_clock_that_runs_ahead_gave() -> Tested {
    let contacts = Harness::start().await?;
    let ann = ann(&contacts).await?;
    let ahead = contacts.clock.now() + Duration::from_secs(240) + Duration::from_nanos(123);
    let early = RecordConsentRequest {
        given_at: Some(events::stamp(ahead)),
        ..answer(&contacts, "form-1", &ann.contact, &[&ann.email_address])
    };
    let consent = record(&contacts, early.clone()).await?;
    // Finer than what is stored: the same all the same.
    assert_eq!(record(&contacts, early).await?, consent);
    contacts.clock.advance(Duration::from_secs(60));
    withdraw(&contacts, &ann.contact, None).await?;
    let email = contacts.address("acme", &ann.email_address, Purpose::Outreach).await;
    assert_eq!(refusal(email), denied());
    Ok(())
}

#[tokio::test]
async fn what_is_no_consent_is_refused_by_field_and_keeps_nothing() -> Tested {
    let contacts = Harness::start().await?;
    let ann = ann(&contacts).await?;
    let bea = contacts.capture(given("Bea", "600700124", "bea@example.com")).await?;
    let good = answer(&contacts, "form-1", &ann.contact, &[&ann.email_address]);
    let invalid = |field: &str| (field.to_owned(), "request.invalid");
    let soon = contacts.clock.now() + Duration::from_secs(3600);
    for (request, expected) in [
        (
            RecordConsentRequest {
                request_id: String::new(),
                ..good.clone()
            },
            invalid("request_id"),
        ),
        (
            RecordConsentRequest {
                purpose: Purpose::Support.into(),
                ..good.clone()
            },
            invalid("purpose"),
        ),
        (
            RecordConsentRequest {
                purpose: 0,
                ..good.clone()
            },
            invalid("purpose"),
        ),
        (
            RecordConsentRequest {
                addresses: vec![],
                ..good.clone()
            },
            invalid("addresses"),
        ),
        (
            RecordConsentRequest {
                addresses: vec!["ann@example.com".into()],
                ..good.clone()
            },
            invalid("addresses"),
        ),
        (
            RecordConsentRequest {
                addresses: vec![bea.email_address.clone()],
                ..good.clone()
            },
            invalid("addresses"),
        ),
        (
            RecordConsentRequest {
                form: " ".into(),
                ..good.clone()
            },
            invalid("form"),
        ),
        (
            RecordConsentRequest {
                form_version: 0,
                ..good.clone()
            },
            invalid("form_version"),
        ),
        (
            RecordConsentRequest {
                language: "Polish!".into(),
                ..good.clone()
            },
            invalid("language"),
        ),
        (
            RecordConsentRequest {
                conversation: "12".into(),
                ..good.clone()
            },
            invalid("conversation"),
        ),
        (
            RecordConsentRequest {
                given_at: None,
                ..good.clone()
            },
            invalid("given_at"),
        ),
        (
            RecordConsentRequest {
                given_at: Some(events::stamp(soon)),
                ..good.clone()
            },
            invalid("given_at"),
        ),
        (
            RecordConsentRequest {
                contact: NOBODY.into(),
                ..good.clone()
            },
            ("contact".into(), "request.not_found"),
        ),
        (
            RecordConsentRequest {
                workspace: "globex".into(),
                ..good.clone()
            },
            ("contact".into(), "request.not_found"),
        ),
    ] {
        assert_eq!(refusal(record(&contacts, request).await), expected);
    }
    record(&contacts, good.clone()).await?;
    let other = RecordConsentRequest {
        form_version: 4,
        ..good
    };
    assert_eq!(
        refusal(record(&contacts, other).await),
        ("request_id".into(), "request.exists")
    );
    assert_eq!(contacts.count("SELECT count(*) FROM consent").await?, 1);

    assert_eq!(
        refusal(withdraw(&contacts, NOBODY, None).await),
        ("contact".into(), "request.not_found")
    );
    assert_eq!(
        refusal(withdraw(&contacts, &ann.contact, Some(soon)).await),
        invalid("at")
    );
    Ok(())
}

#[tokio::test]
async fn the_database_itself_shows_no_address_to_a_purpose_it_was_not_given_for() -> Tested {
    let contacts = Harness::start().await?;
    let ann = ann(&contacts).await?;
    record(
        &contacts,
        answer(&contacts, "form-1", &ann.contact, &[&ann.email_address]),
    )
    .await?;
    let mut login = sqlx::PgConnection::connect(&contacts.database.url()).await?;
    for (said, seen) in [
        (None, 2),
        (Some("support"), 2),
        (Some("outreach"), 1),
        (Some("upkeep"), 2),
        (Some("x"), 0),
    ] {
        let mut tx = login.begin().await?;
        tx.execute("SELECT set_config('homing.workspaces', 'acme', true)")
            .await?;
        if let Some(said) = said {
            sqlx::query("SELECT set_config('homing.purpose', $1, true)")
                .bind(said)
                .execute(&mut *tx)
                .await?;
        }
        let row = sqlx::query("SELECT count(*) FROM address").fetch_one(&mut *tx).await?;
        assert_eq!(row.try_get::<i64, _>(0)?, seen, "{said:?}");
        tx.rollback().await?;
    }
    // Nothing that was agreed to or taken back can be changed; it goes with the person alone.
    for table in ["consent", "consent_address", "withdrawal"] {
        let row = sqlx::query("SELECT has_table_privilege('contacts', $1, 'UPDATE')")
            .bind(table)
            .fetch_one(&mut login)
            .await?;
        assert!(!row.try_get::<bool, _>(0)?, "{table}");
    }
    Ok(())
}
