//! One send per decision, whatever is repeated, overtaken or killed.

use crate::harness::{EMAIL, Harness, PHONE, SOON, Tested};
use crate::words::posted;
use domain::{Clock, EventId};
use events::common::{AuthorRole, PresenceCause, PresenceState};
use events::event::{DeliveryAttempting, DeliveryFailed, FollowUpEnd};
use events::stamp;
use rpc::notifier::{DeliveryStatus, FollowUpState};
use testkit::{SmsFault, eventually};
use uuid::Uuid;

#[tokio::test]
async fn duplicates_of_every_fact_change_nothing() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(true, true).await?;
    for round in 0..3u128 {
        notifier.publish_channel(1).await?;
        let left = notifier.only_presence_knows(&customer, PresenceState::Offline, PresenceCause::Left);
        for copy in 0..2u128 {
            notifier
                .publish_as(EventId(Uuid::from_u128(1000 + round * 10 + copy)), &left, None)
                .await?;
            let answer = posted(&customer, 2, AuthorRole::Agent, true, Some(stamp(notifier.clock.now())));
            notifier
                .publish_as(EventId(Uuid::from_u128(2000 + round * 10 + copy)), &answer, None)
                .await?;
        }
        if round == 0 {
            notifier.armed(&customer).await?;
            notifier.advance(30).await;
            notifier.sms.nth(PHONE, 1, SOON).await?;
        }
    }
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.sent().await, (1, 0));
    assert_eq!(notifier.explain(&customer).await?.deliveries.len(), 1);
    assert_eq!(notifier.facts::<DeliveryAttempting>(1).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn the_owners_are_asked_so_an_unheard_read_or_return_still_stops_the_send() -> Tested {
    let notifier = Harness::start().await?;
    let reader = notifier.customer(true, true).await?;
    notifier.leave(&reader).await?;
    notifier.answer(&reader, 2).await?;
    notifier.armed(&reader).await?;
    // Acknowledged by its owner, not yet told to us.
    notifier.change_context(&reader, |context| context.read_up_to = 2);
    notifier.advance(30).await;
    let told = notifier.state(&reader, FollowUpState::Done).await?;
    assert_eq!(told.follow_ups[0].end_reason(), FollowUpEnd::Read);

    let returner = notifier.customer(true, true).await?;
    notifier.leave(&returner).await?;
    notifier.answer(&returner, 2).await?;
    notifier.armed(&returner).await?;
    notifier.advance(20).await;
    notifier.only_presence_knows(&returner, PresenceState::Online, PresenceCause::Returned);
    notifier.advance(10).await;
    let told = notifier.state(&returner, FollowUpState::Done).await?;
    assert_eq!(told.follow_ups[0].end_reason(), FollowUpEnd::Returned);
    assert_eq!(notifier.sent().await, (0, 0));
    let failed: Vec<DeliveryFailed> = notifier.facts(2).await?;
    assert!(
        failed.iter().all(|fact| fact.reason == "send.cancelled"),
        "holds are released"
    );
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_told_is_deferred_and_sent_later() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(true, true).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    let visitor = customer.visitor.to_string();
    let losing = |losing: bool| {
        let mut truth = notifier.truth();
        truth.presences.get_mut(&visitor).expect("the visitor").mass_loss = losing;
    };
    losing(true);
    notifier.advance(30).await;
    let told = notifier.state(&customer, FollowUpState::Deferred).await?;
    let line = told.timeline.iter().find(|line| line.what == "postponed").expect("why");
    assert_eq!(line.facts["why"], "mass_loss");
    losing(false);
    notifier.truth().conversation_away = true;
    notifier.advance(31).await;
    notifier
        .becomes(&customer, "an owner is away", |told| {
            told.timeline
                .iter()
                .any(|line| line.facts.get("why").is_some_and(|why| why == "owner_away"))
        })
        .await?;
    assert_eq!(notifier.sent().await, (0, 0));
    notifier.truth().conversation_away = false;
    notifier.advance(120).await;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    let told = notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(told.deliveries.len(), 1, "the same delivery waited");
    Ok(())
}

#[tokio::test]
async fn killed_while_checking_the_same_delivery_goes_on() -> Tested {
    let mut notifier = Harness::start().await?;
    let customer = notifier.customer(true, true).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.truth().conversation_hangs = true;
    notifier.advance(30).await;
    let told = notifier.delivery(&customer, DeliveryStatus::Checking).await?;
    let delivery = told.deliveries[0].delivery.clone();
    notifier.kill().await;
    notifier.truth().conversation_hangs = false;
    notifier.run().await?;
    // Another delivery, tried again by the same timer a while later, goes out: the dead one's was passed over.
    (notifier.settings.debounce_ms, notifier.settings.ceiling_ms) = (0, 0);
    notifier.publish_channel(2).await?;
    let other = notifier.customer(false, true).await?;
    notifier.smtp.fail_next(testkit::MailFault::Greylist);
    notifier.leave(&other).await?;
    notifier.answer(&other, 2).await?;
    notifier
        .becomes(&other, "tried", |told| {
            told.timeline.iter().any(|line| line.what == "to be tried again")
        })
        .await?;
    notifier.advance(15).await;
    notifier.smtp.nth(EMAIL, 1, SOON).await?;
    assert_eq!(notifier.sms.calls(), 0, "the dead one's lease still holds");
    notifier.advance(16).await;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    let told = notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(told.deliveries.len(), 1);
    assert_eq!(told.deliveries[0].delivery, delivery);
    assert_eq!(notifier.sms.calls(), 1);
    Ok(())
}

#[tokio::test]
async fn killed_inside_the_call_it_is_looked_up_and_never_sent_twice() -> Tested {
    let mut notifier = Harness::start().await?;
    for (fault, calls) in [(SmsFault::AcceptThenHang, 1), (SmsFault::Hang, 2)] {
        let before = notifier.sms.calls();
        let texts = notifier.sms.messages().len();
        let customer = notifier.customer(true, false).await?;
        notifier.sms.set_receipts(testkit::ReceiptMode::Lost);
        notifier.leave(&customer).await?;
        notifier.answer(&customer, 2).await?;
        notifier.armed(&customer).await?;
        notifier.sms.fail_next(fault.clone());
        notifier.advance(30).await;
        let sink = notifier.sms.clone();
        eventually("the call has begun", SOON, async || {
            (sink.calls() > before).then_some(())
        })
        .await?;
        notifier.kill().await;
        notifier.run().await?;
        notifier.advance(31).await;
        notifier.delivery(&customer, DeliveryStatus::Unknown).await?;
        notifier.advance(7).await;
        let told = notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
        assert_eq!(told.deliveries.len(), 1, "{fault:?}");
        assert!(told.timeline.iter().any(|line| line.what == "unknown"));
        notifier.quiet().await?;
        assert_eq!(notifier.sms.calls() - before, calls, "{fault:?}");
        assert_eq!(notifier.sms.messages().len() - texts, 1, "{fault:?}");
    }
    Ok(())
}

#[tokio::test]
async fn killed_after_a_mail_was_handed_over_it_is_never_sent_again() -> Tested {
    let mut notifier = Harness::start().await?;
    let customer = notifier.customer(false, true).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.smtp.fail_next(testkit::MailFault::AcceptThenHang);
    notifier.advance(30).await;
    notifier.smtp.nth(EMAIL, 1, SOON).await?;
    notifier.kill().await;
    notifier.run().await?;
    notifier.advance(31).await;
    notifier.delivery(&customer, DeliveryStatus::Unknown).await?;
    notifier.advance(24 * 3600 + 5).await;
    notifier.delivery(&customer, DeliveryStatus::Unconfirmed).await?;
    assert_eq!(notifier.sent().await, (0, 1));
    Ok(())
}

#[tokio::test]
async fn facts_that_came_while_it_was_down_are_caught_up() -> Tested {
    let mut notifier = Harness::start().await?;
    let customer = notifier.customer(true, true).await?;
    notifier.leave(&customer).await?;
    notifier.caught_up().await?;
    notifier.kill().await;
    notifier.answer(&customer, 2).await?;
    notifier.advance(45).await;
    notifier.run().await?;
    // What the server had given to the process that died comes again after its acknowledgement was waited for.
    notifier.sms.nth(PHONE, 1, 2 * SOON).await?;
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.sent().await, (1, 0));
    Ok(())
}
