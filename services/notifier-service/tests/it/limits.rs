//! What forbids a text or a mail: balance and limits.

use crate::harness::{Customer, EMAIL, Harness, PHONE, SOON, Tested};
use crate::peers::PART;
use rpc::notifier::DeliveryStatus;

pub async fn due(notifier: &Harness) -> anyhow::Result<Customer> {
    let customer = notifier.customer(true, true).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.advance(30).await;
    Ok(customer)
}

pub async fn mailed_because(notifier: &Harness, customer: &Customer, mails: usize, reason: &str) -> Tested {
    notifier.smtp.nth(EMAIL, mails, SOON).await?;
    let told = notifier.delivery(customer, DeliveryStatus::Accepted).await?;
    assert_eq!(told.deliveries[0].reason, reason);
    assert_eq!(told.deliveries[0].status(), DeliveryStatus::Failed);
    Ok(())
}

#[tokio::test]
async fn what_the_balance_does_not_cover_goes_by_mail_at_once() -> Tested {
    let notifier = Harness::start().await?;
    notifier.truth().not_covered = true;
    let customer = due(&notifier).await?;
    mailed_because(&notifier, &customer, 1, "billing.not_covered").await?;
    assert_eq!(notifier.sent().await, (0, 1));
    Ok(())
}

#[tokio::test]
async fn a_number_gets_three_texts_a_day() -> Tested {
    let notifier = Harness::start().await?;
    for sent in 1..=3 {
        due(&notifier).await?;
        notifier.sms.nth(PHONE, sent, SOON).await?;
    }
    let customer = due(&notifier).await?;
    mailed_because(&notifier, &customer, 1, "send.limit").await?;
    notifier.advance(24 * 3600).await;
    due(&notifier).await?;
    notifier.sms.nth(PHONE, 4, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn an_address_gets_three_mails_a_day_and_explain_says_so() -> Tested {
    let notifier = Harness::start().await?;
    let unread = async || {
        let customer = notifier.customer(false, true).await?;
        notifier.leave(&customer).await?;
        notifier.answer(&customer, 2).await?;
        notifier.armed(&customer).await?;
        notifier.advance(60).await;
        anyhow::Ok(customer)
    };
    for sent in 1..=3 {
        unread().await?;
        notifier.smtp.nth(EMAIL, sent, SOON).await?;
    }
    let customer = unread().await?;
    let told = notifier.delivery(&customer, DeliveryStatus::Failed).await?;
    assert_eq!(told.deliveries[0].reason, "send.limit");
    assert!(told.summary.ends_with("has reached its limit."), "{}", told.summary);
    assert_eq!(notifier.sent().await, (0, 3));
    notifier.advance(24 * 3600).await;
    unread().await?;
    notifier.smtp.nth(EMAIL, 4, SOON).await?;
    // A hash is kept, no address.
    let hashes = "SELECT count(*) FROM send_limit WHERE scope = $1 AND length(key) = 32";
    assert_eq!(notifier.count(hashes, "address").await?, 2);
    Ok(())
}

#[tokio::test]
async fn a_workspace_spends_no_more_than_its_daily_ceiling() -> Tested {
    let notifier = Harness::with([("HOMING_NOTIFIER_DAILY_MICRO_PU_CEILING", &PART.to_string())]).await?;
    due(&notifier).await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    let customer = due(&notifier).await?;
    mailed_because(&notifier, &customer, 1, "send.limit").await
}
