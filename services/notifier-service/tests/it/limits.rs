//! What forbids a text: balance, opt-out, limits.

use crate::harness::{Customer, EMAIL, Harness, PHONE, SOON, Tested};
use crate::peers::PART;
use events::common::AuthorRole;
use rpc::notifier::set_opt_out_request::Address;
use rpc::notifier::{DeliveryStatus, SetOptOutRequest};

async fn due(notifier: &Harness) -> anyhow::Result<Customer> {
    let customer = notifier.customer(true, true).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.advance(30).await;
    Ok(customer)
}

async fn mailed_because(notifier: &Harness, customer: &Customer, mails: usize, reason: &str) -> Tested {
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
async fn who_opted_out_gets_no_text_and_can_come_back() -> Tested {
    let notifier = Harness::start().await?;
    let opt = |opted_out: bool| SetOptOutRequest {
        workspace: "acme".into(),
        address: Some(Address::Phone(PHONE.into())),
        opted_out,
    };
    notifier.client.clone().set_opt_out(opt(true)).await?;
    let customer = due(&notifier).await?;
    mailed_because(&notifier, &customer, 1, "send.opted_out").await?;
    notifier.client.clone().set_opt_out(opt(false)).await?;
    due(&notifier).await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    let unclear = SetOptOutRequest {
        workspace: "acme".into(),
        address: Some(Address::Phone("600700123".into())),
        opted_out: true,
    };
    let refused = notifier
        .client
        .clone()
        .set_opt_out(unclear)
        .await
        .expect_err("no E.164");
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    Ok(())
}

#[tokio::test]
async fn stop_in_answer_to_a_text_is_an_opt_out() -> Tested {
    let notifier = Harness::start().await?;
    let customer = due(&notifier).await?;
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    notifier.advance(5).await;
    notifier.post(&customer, 3, AuthorRole::Customer, true).await?;
    notifier.change_context(&customer, |context| {
        context.question.as_mut().expect("a question").text = " Stop ".into();
    });
    notifier.advance(3600).await;
    notifier.answer(&customer, 4).await?;
    notifier.armed(&customer).await?;
    notifier.advance(30).await;
    notifier.smtp.nth(EMAIL, 1, SOON).await?;
    assert_eq!(notifier.sent().await, (1, 1));
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
async fn a_workspace_spends_no_more_than_its_daily_ceiling() -> Tested {
    let notifier = Harness::with_ceiling(u64::try_from(PART)?).await?;
    due(&notifier).await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    let customer = due(&notifier).await?;
    mailed_because(&notifier, &customer, 1, "send.limit").await
}
