//! Quiet hours defer, on the customer's clock; they never drop.

use crate::harness::{Customer, EMAIL, Harness, PHONE, SOON, Tested};
use domain::Timestamp;
use events::event::DeliveryPurpose;
use rpc::notifier::set_opt_out_request::Address;
use rpc::notifier::{DeliveryStatus, ExplainFollowUpResponse, FollowUpState, SetOptOutRequest};
use testkit::SmsFault;

/// 23:30 in Warsaw, 17:30 in New York.
const LATE: &str = "2026-11-22T22:30:00Z";

async fn late_at_night() -> anyhow::Result<Harness> {
    let mut notifier = Harness::start().await?;
    notifier.clock.set(LATE.parse()?);
    notifier.settings.text_quiet_hours = "22:00-08:00".into();
    notifier.settings.mail_quiet_hours = "23:00-07:00".into();
    Ok(notifier)
}

async fn answered(notifier: &Harness, phone: bool, email: bool, home: &str) -> anyhow::Result<Customer> {
    let customer = notifier.customer(phone, email).await?;
    notifier.change_context(&customer, |context| context.time_zone = home.into());
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    // A confirmation that is on its way would lose its lease to the leap.
    notifier.no_calls().await?;
    notifier.advance(60).await;
    Ok(customer)
}

async fn deferred(notifier: &Harness, customer: &Customer) -> anyhow::Result<ExplainFollowUpResponse> {
    notifier
        .becomes(customer, "deferred by quiet hours", |told| {
            told.follow_ups[0].state() == FollowUpState::Deferred
                && told
                    .timeline
                    .iter()
                    .any(|line| line.facts.get("why").is_some_and(|why| why == "quiet_hours"))
        })
        .await
}

#[tokio::test]
async fn a_text_waits_for_the_morning_of_its_number_and_holds_nothing_meanwhile() -> Tested {
    let notifier = late_at_night().await?;
    let customer = answered(&notifier, true, true, "America/New_York").await?;
    let told = deferred(&notifier, &customer).await?;
    assert!(told.summary.contains("quiet hours"), "{}", told.summary);
    assert_eq!(notifier.sent().await, (0, 0));
    assert!(
        notifier.truth().holds.is_empty(),
        "what waits for hours blocks no balance"
    );
    notifier.clock.set("2026-11-23T06:59:59Z".parse::<Timestamp>()?);
    assert_eq!(notifier.sent().await, (0, 0), "one second before eight in Warsaw");
    // Spread over ten minutes.
    notifier.advance(600).await;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    notifier.advance(601).await;
    notifier.smtp.nth(EMAIL, 1, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn a_confirmation_does_not_wait_for_the_morning() -> Tested {
    let mut notifier = late_at_night().await?;
    notifier.settings.confirmation_text = true;
    let customer = answered(&notifier, true, false, "Europe/Warsaw").await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    // What an agent answers does.
    let told = deferred(&notifier, &customer).await?;
    assert_eq!(told.deliveries[0].purpose(), DeliveryPurpose::Confirmation);
    assert_eq!(notifier.sent().await, (1, 0));
    notifier.clock.set("2026-11-23T07:10:00Z".parse::<Timestamp>()?);
    notifier.sms.nth(PHONE, 2, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn who_returns_in_the_night_gets_nothing_in_the_morning() -> Tested {
    let notifier = late_at_night().await?;
    let customer = answered(&notifier, true, true, "Europe/Warsaw").await?;
    deferred(&notifier, &customer).await?;
    notifier.advance(3600).await;
    notifier.come_back(&customer).await?;
    notifier.state(&customer, FollowUpState::Done).await?;
    notifier.advance(12 * 3600).await;
    assert_eq!(notifier.sent().await, (0, 0));
    Ok(())
}

#[tokio::test]
async fn a_mail_goes_by_the_clock_of_the_number_if_there_is_one_else_by_the_workspaces() -> Tested {
    let mut notifier = late_at_night().await?;
    notifier.settings.text_quiet_hours.clear();
    // No number: 17:30 in New York is a time to write at.
    let customer = answered(&notifier, false, true, "America/New_York").await?;
    notifier.smtp.nth(EMAIL, 1, SOON).await?;
    notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    // A number in Poland: the text may go, the mail after it waits until seven.
    let customer = answered(&notifier, true, true, "America/New_York").await?;
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    notifier.advance(601).await;
    deferred(&notifier, &customer).await?;
    assert_eq!(notifier.sent().await, (1, 1));
    notifier.clock.set("2026-11-23T06:10:00Z".parse()?);
    notifier.smtp.nth(EMAIL, 2, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn the_zone_of_a_contacts_fields_goes_before_that_of_its_number() -> Tested {
    let notifier = late_at_night().await?;
    // Half past five in the afternoon there.
    notifier.truth().time_zone = "America/New_York".into();
    answered(&notifier, true, false, "Europe/Warsaw").await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    // At night there, and half past eight in the morning at home.
    notifier.clock.set("2026-11-23T07:30:00Z".parse()?);
    let customer = answered(&notifier, true, true, "Europe/Warsaw").await?;
    deferred(&notifier, &customer).await?;
    assert_eq!(notifier.sent().await, (1, 0));
    Ok(())
}

#[tokio::test]
async fn hours_that_are_changed_let_go_what_waits_for_them() -> Tested {
    let mut notifier = late_at_night().await?;
    let customer = answered(&notifier, true, false, "Europe/Warsaw").await?;
    deferred(&notifier, &customer).await?;
    notifier.settings.text_quiet_hours.clear();
    let settings = notifier.settings.clone();
    notifier.change_context(&customer, |context| context.settings = Some(settings));
    notifier.publish_channel(99).await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn a_text_that_could_ring_in_quiet_hours_waits_too_and_an_opt_out_in_the_night_holds() -> Tested {
    let notifier = late_at_night().await?;
    // 21:50 in Warsaw: the provider may try for 15 minutes.
    notifier.clock.set("2026-11-22T20:49:00Z".parse()?);
    let customer = answered(&notifier, true, false, "Europe/Warsaw").await?;
    deferred(&notifier, &customer).await?;
    let opt_out = SetOptOutRequest {
        workspace: "acme".into(),
        address: Some(Address::Phone(PHONE.into())),
        opted_out: true,
    };
    notifier.client.clone().set_opt_out(opt_out).await?;
    notifier.clock.set("2026-11-23T07:10:00Z".parse()?);
    let told = notifier.delivery(&customer, DeliveryStatus::Failed).await?;
    assert_eq!(told.deliveries[0].reason, "send.opted_out");
    assert_eq!(notifier.sent().await, (0, 0));
    Ok(())
}

#[tokio::test]
async fn a_text_that_is_tried_again_waits_if_hours_have_become_quiet() -> Tested {
    let notifier = late_at_night().await?;
    // What is sent from 21:45 on could ring after ten in Warsaw.
    notifier.clock.set("2026-11-22T20:43:50Z".parse()?);
    for _ in 0..2 {
        notifier.sms.fail_next(SmsFault::TooMany);
    }
    let customer = answered(&notifier, true, false, "Europe/Warsaw").await?;
    for (tries, pause) in [(1, 5), (2, 20)] {
        notifier
            .becomes(&customer, "waiting for the next try", |told| {
                told.timeline
                    .iter()
                    .filter(|line| line.what == "to be tried again")
                    .count()
                    == tries
            })
            .await?;
        notifier.advance(pause).await;
    }
    deferred(&notifier, &customer).await?;
    assert_eq!(notifier.sms.calls(), 2);
    notifier.clock.set("2026-11-23T07:10:00Z".parse()?);
    notifier.sms.nth(PHONE, 1, SOON).await?;
    assert_eq!(notifier.sms.calls(), 3);
    Ok(())
}
