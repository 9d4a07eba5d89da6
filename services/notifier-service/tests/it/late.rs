//! What comes too late: old answers, confirmations after an outage, outcomes of a process that was stopped.

use crate::harness::{Harness, PHONE, SOON, Tested};
use domain::Clock;
use events::common::AuthorRole;
use events::event::FollowUpEnd;
use jiff::SignedDuration;
use rpc::notifier::{DeliveryStatus, FollowUpState};
use testkit::SmsFault;

#[tokio::test]
async fn answers_of_old_conversations_send_nothing_and_explain_says_why() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(true, true).await?;
    notifier.leave(&customer).await?;
    let old = notifier.clock.now() - SignedDuration::from_hours(25);
    notifier
        .say(&customer, 2, AuthorRole::Agent, true, "long ago", old)
        .await?;
    let told = notifier.state(&customer, FollowUpState::Done).await?;
    assert_eq!(told.follow_ups[0].end_reason(), FollowUpEnd::TooOld);
    assert_eq!(
        told.summary,
        "Nothing was sent: the answers were already old when they were first heard of."
    );
    notifier.advance(3600).await;
    assert_eq!(notifier.sent().await, (0, 0));

    let recent = notifier.clock.now() - SignedDuration::from_hours(23);
    notifier
        .say(&customer, 3, AuthorRole::Agent, true, "this morning", recent)
        .await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    let told = notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(told.follow_ups[0].from_seq, 3);
    Ok(())
}

#[tokio::test]
async fn old_messages_are_not_confirmed() -> Tested {
    let mut notifier = Harness::start().await?;
    notifier.settings.confirmation_text = true;
    let customer = notifier.customer_of(AuthorRole::Customer, true, true).await?;
    let old = notifier.clock.now() - SignedDuration::from_hours(2);
    notifier
        .say(&customer, 1, AuthorRole::Customer, true, "long ago", old)
        .await?;
    assert_eq!(notifier.sent().await, (0, 0));
    notifier.post(&customer, 2, AuthorRole::Customer, true).await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn a_confirmation_that_had_to_wait_for_an_hour_is_not_sent() -> Tested {
    let mut notifier = Harness::start().await?;
    notifier.settings.confirmation_text = true;
    notifier.truth().conversation_away = true;
    let customer = notifier.customer(true, true).await?;
    notifier
        .becomes(&customer, "waiting", |told| {
            told.timeline.iter().any(|line| line.what == "postponed")
        })
        .await?;
    notifier.truth().conversation_away = false;
    notifier.advance(3601).await;
    let told = notifier.delivery(&customer, DeliveryStatus::Failed).await?;
    assert_eq!(told.deliveries[0].reason, "send.too_late");
    assert_eq!(notifier.sent().await, (0, 0));
    Ok(())
}

#[tokio::test]
async fn the_outcome_of_an_attempt_settles_no_later_one() -> Tested {
    let notifier = Harness::with([("HOMING_NOTIFIER_PROVIDER_TIMEOUT_MS", "5000")]).await?;
    let customer = notifier.customer(true, false).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.sms.fail_next(SmsFault::Hang);
    notifier.advance(30).await;
    // The first call hangs, as if its process were stopped; its lease ends, and others settle and repeat the attempt.
    notifier.delivery(&customer, DeliveryStatus::Attempting).await?;
    notifier.advance(31).await;
    notifier.delivery(&customer, DeliveryStatus::Unknown).await?;
    notifier.advance(8).await;
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    let told = notifier
        .becomes(&customer, "the first call's outcome", |told| {
            told.timeline.iter().any(|line| line.what == "late outcome")
        })
        .await?;
    let late = told
        .timeline
        .iter()
        .find(|line| line.what == "late outcome")
        .expect("a line");
    assert_eq!(
        (late.facts["attempt"].as_str(), late.facts["newest_attempt"].as_str()),
        ("1", "2")
    );
    assert_eq!(told.deliveries[0].status(), DeliveryStatus::Delivered);
    assert_eq!(notifier.sent().await, (1, 0));
    Ok(())
}
