//! What becomes of a provider call, and what follows.

use crate::harness::{Customer, EMAIL, Harness, PHONE, SOON, Tested};
use domain::Clock;
use events::event::{ConversationReachable, DeliveryAccepted, DeliveryFailed, DeliveryUndelivered, DeliveryUnknown};
use events::stamp;
use rpc::contacts::{Address, AddressKind};
use rpc::notifier::DeliveryStatus;
use testkit::{MailFault, ReceiptMode, SmsFault};

async fn due(notifier: &Harness, phone: bool, email: bool) -> anyhow::Result<Customer> {
    let customer = notifier.customer(phone, email).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.advance(30).await;
    Ok(customer)
}

/// Refused so often, and to be tried again.
async fn tried(notifier: &Harness, customer: &Customer, times: usize) -> Tested {
    notifier
        .becomes(customer, "waiting for the next try", |told| {
            let again = told.timeline.iter().filter(|line| line.what == "to be tried again");
            again.count() == times
        })
        .await
        .map(|_| ())
}

#[tokio::test]
async fn a_refused_text_makes_the_mail_due_at_once() -> Tested {
    let notifier = Harness::start().await?;
    notifier.sms.fail_next(SmsFault::Refuse(21211));
    let customer = due(&notifier, true, true).await?;
    notifier.smtp.nth(EMAIL, 1, SOON).await?;
    let told = notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    assert_eq!(told.deliveries[0].reason, "sms.provider_refused");
    let failed: Vec<DeliveryFailed> = notifier.facts(1).await?;
    assert_eq!(failed[0].delivery, told.deliveries[0].delivery);
    assert_eq!(notifier.sent().await, (0, 1));
    Ok(())
}

#[tokio::test]
async fn a_text_that_did_not_arrive_makes_the_mail_due_at_once() -> Tested {
    let notifier = Harness::start().await?;
    notifier.sms.set_receipts(ReceiptMode::Undelivered);
    let _customer = due(&notifier, true, true).await?;
    notifier.smtp.nth(EMAIL, 1, SOON).await?;
    assert_eq!(notifier.facts::<DeliveryUndelivered>(1).await?.len(), 1);
    assert_eq!(notifier.sent().await, (1, 1));
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_the_receipt() -> Tested {
    let notifier = Harness::start().await?;
    notifier.sms.fail_next(SmsFault::AcceptThenDrop);
    let customer = due(&notifier, true, true).await?;
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(notifier.facts::<DeliveryAccepted>(1).await?.len(), 1, "captured once");
    notifier.advance(10).await;
    assert_eq!(notifier.sent().await, (1, 0));
    assert_eq!(notifier.sms.calls(), 1);
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_without_receipt_is_settled_by_the_look_up() -> Tested {
    let notifier = Harness::start().await?;
    notifier.sms.set_receipts(ReceiptMode::Lost);
    for (fault, calls) in [(SmsFault::AcceptThenServerError, 1), (SmsFault::ServerError, 2)] {
        let before = notifier.sms.calls();
        notifier.sms.fail_next(fault);
        let customer = due(&notifier, true, true).await?;
        notifier.delivery(&customer, DeliveryStatus::Unknown).await?;
        notifier.advance(2).await;
        let told = notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
        assert_eq!(told.deliveries.len(), 1);
        assert_eq!(notifier.sms.calls() - before, calls);
    }
    assert_eq!(notifier.facts::<DeliveryUnknown>(2).await?.len(), 2);
    assert_eq!(notifier.sent().await, (2, 0));
    Ok(())
}

#[tokio::test]
async fn a_text_is_looked_for_on_every_page_of_its_providers_list() -> Tested {
    let notifier = Harness::start().await?;
    notifier.sms.set_receipts(ReceiptMode::Lost);
    notifier.sms.fail_next(SmsFault::AcceptThenServerError);
    let customer = due(&notifier, true, false).await?;
    notifier.delivery(&customer, DeliveryStatus::Unknown).await?;
    // Two hundred and one newer ones to the same number.
    let options = notifier.sms.options();
    let url = format!(
        "{}/2010-04-01/Accounts/{}/Messages.json",
        notifier.sms.url(),
        options.account_sid
    );
    let http = reqwest::Client::new();
    for _ in 0..201 {
        let form = [("To", PHONE), ("From", "+15005550006"), ("Body", "of another program")];
        let request = http
            .post(&url)
            .basic_auth(&options.account_sid, Some(&options.auth_token));
        request.form(&form).send().await?.error_for_status()?;
    }
    let calls = notifier.sms.calls();
    notifier.advance(2).await;
    notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    assert_eq!(notifier.sms.calls(), calls, "it was found, and not sent again");
    Ok(())
}

#[tokio::test]
async fn who_told_the_provider_to_stop_is_opted_out_here_too() -> Tested {
    let notifier = Harness::start().await?;
    notifier.sms.fail_next(SmsFault::Refuse(21610));
    let customer = due(&notifier, true, false).await?;
    let told = notifier.delivery(&customer, DeliveryStatus::Failed).await?;
    assert_eq!(told.deliveries[0].reason, "send.opted_out");
    testkit::eventually("it is heard here", SOON, async || {
        notifier.opted_out().await.ok()?.then_some(())
    })
    .await?;
    let customer = due(&notifier, true, false).await?;
    notifier.delivery(&customer, DeliveryStatus::Failed).await?;
    assert_eq!(notifier.sms.calls(), 1, "nobody asks the provider in vain");
    // What they tell us later counts.
    assert_eq!(notifier.written("SM1", PHONE, "START").await, 200);
    assert!(!notifier.opted_out().await?);
    Ok(())
}

#[tokio::test]
async fn receipts_out_of_order_and_twice_end_where_they_should() -> Tested {
    let notifier = Harness::start().await?;
    notifier.sms.set_receipts(ReceiptMode::ReorderedTwice);
    let customer = due(&notifier, true, false).await?;
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    let text = notifier.sms.nth(PHONE, 1, SOON).await?;
    testkit::eventually("all four callbacks are answered", SOON, async || {
        let message = notifier.sms.nth(PHONE, 1, SOON).await.ok()?;
        (message.callbacks.len() == 4).then_some(message)
    })
    .await?;
    assert!(text.sid.starts_with("SM"));
    let told = notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert_eq!(told.timeline.iter().filter(|line| line.what == "delivered").count(), 1);
    assert_eq!(notifier.facts::<DeliveryAccepted>(1).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_provider_that_takes_nothing_is_tried_again_then_mail() -> Tested {
    let notifier = Harness::start().await?;
    notifier.sms.fail_always(Some(SmsFault::TooMany));
    let customer = due(&notifier, true, true).await?;
    for tries in 1..=2 {
        tried(&notifier, &customer, tries).await?;
        notifier.advance(20).await;
    }
    notifier.smtp.nth(EMAIL, 1, SOON).await?;
    assert_eq!(notifier.sms.calls(), 3);
    Ok(())
}

#[tokio::test]
async fn a_mail_refused_for_now_is_tried_again_and_keeps_its_identity() -> Tested {
    let notifier = Harness::start().await?;
    notifier.smtp.fail_next(MailFault::Greylist);
    let customer = due(&notifier, false, true).await?;
    tried(&notifier, &customer, 1).await?;
    notifier.advance(10).await;
    let told = notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    let mail = notifier.smtp.nth(EMAIL, 1, SOON).await?;
    let id = format!("{}.acme@homing.example", told.deliveries[0].delivery);
    assert_eq!(mail.message_id, Some(id));
    Ok(())
}

#[tokio::test]
async fn a_mail_whose_answer_was_lost_is_never_sent_again() -> Tested {
    let notifier = Harness::start().await?;
    notifier.smtp.fail_next(MailFault::AcceptThenDrop);
    let customer = due(&notifier, false, true).await?;
    notifier.delivery(&customer, DeliveryStatus::Unknown).await?;
    notifier.advance(24 * 3600).await;
    notifier.delivery(&customer, DeliveryStatus::Unconfirmed).await?;
    assert_eq!(notifier.sent().await, (0, 1));
    Ok(())
}

/// The customer corrects the phone number, to one that is new.
async fn correct_the_number(notifier: &Harness, customer: &Customer) -> Tested {
    let id = "0192f000-0000-7000-8000-00000000c0de".to_owned();
    let address = Address {
        address: id.clone(),
        kind: AddressKind::Phone.into(),
        value: "+48600700999".into(),
        country: "PL".into(),
        ..Default::default()
    };
    notifier.truth().addresses.insert(id.clone(), (address, "Ann".into()));
    notifier.change_context(customer, |context| context.phone_address = id.clone());
    let corrected = ConversationReachable {
        conversation: customer.conversation.to_string(),
        contact: "0192f000-0000-7000-8000-00000000c0da".into(),
        phone_address: id,
        email_address: String::new(),
        version: 5,
        at: Some(stamp(notifier.clock.now())),
    };
    notifier.publish(&corrected).await?;
    notifier.caught_up().await
}

#[tokio::test]
async fn a_number_corrected_while_a_text_is_unknown_gets_no_second_one() -> Tested {
    let notifier = Harness::start().await?;
    notifier.sms.set_receipts(ReceiptMode::Lost);
    notifier.sms.fail_next(SmsFault::AcceptThenServerError);
    let customer = due(&notifier, true, false).await?;
    let told = notifier.delivery(&customer, DeliveryStatus::Unknown).await?;
    correct_the_number(&notifier, &customer).await?;
    notifier.advance(2).await;
    let after = notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    assert_eq!(after.deliveries.len(), 1);
    assert_eq!(after.deliveries[0].delivery, told.deliveries[0].delivery);
    assert_eq!(notifier.sent().await, (1, 0));
    assert_eq!(notifier.facts::<DeliveryAccepted>(1).await?.len(), 1, "charged once");
    Ok(())
}

#[tokio::test]
async fn a_text_proved_absent_does_not_go_to_another_number() -> Tested {
    let notifier = Harness::start().await?;
    notifier.sms.fail_next(SmsFault::ServerError);
    let customer = due(&notifier, true, false).await?;
    notifier.delivery(&customer, DeliveryStatus::Unknown).await?;
    correct_the_number(&notifier, &customer).await?;
    notifier.advance(2).await;
    let told = notifier.delivery(&customer, DeliveryStatus::Failed).await?;
    assert_eq!(told.deliveries[0].reason, "send.no_address");
    assert_eq!(notifier.sms.calls(), 1);
    assert_eq!(notifier.sent().await, (0, 0));
    Ok(())
}

#[tokio::test]
async fn a_text_that_nobody_can_look_up_stays_unknown_and_ends_unconfirmed() -> Tested {
    let notifier = Harness::start().await?;
    notifier.sms.set_receipts(ReceiptMode::Lost);
    notifier.sms.fail_next(SmsFault::AcceptThenServerError);
    let customer = due(&notifier, true, false).await?;
    notifier.delivery(&customer, DeliveryStatus::Unknown).await?;
    notifier.truth().addresses.clear();
    notifier.advance(24 * 3600).await;
    let told = notifier.delivery(&customer, DeliveryStatus::Unconfirmed).await?;
    assert!(told.timeline.iter().any(|line| line.what == "unconfirmed"));
    assert_eq!(notifier.sent().await, (1, 0));
    Ok(())
}
