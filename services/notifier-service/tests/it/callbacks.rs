//! Who may tell us what, and which links work.

use crate::harness::{Harness, PHONE, SOON, Tested};
use crate::words::token_in;
use rpc::notifier::{DeliveryStatus, ListFollowUpsRequest, Parameter, RecordReceiptRequest, RedeemReturnLinkRequest};
use testkit::ReceiptMode;

#[tokio::test]
async fn a_callback_with_a_wrong_code_or_signature_is_refused() -> Tested {
    let notifier = Harness::start().await?;
    notifier.sms.set_receipts(ReceiptMode::Lost);
    let customer = notifier.customer(true, false).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.advance(30).await;
    let told = notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    let text = notifier.sms.nth(PHONE, 1, SOON).await?;
    let url = text.status_callback.expect("a callback");
    let code = url.rsplit('/').next().expect("a code").to_owned();
    let parameter = |name: &str, value: &str| Parameter {
        name: name.into(),
        value: value.into(),
    };
    let request = |mac: &str, signature: &str| RecordReceiptRequest {
        workspace: "acme".into(),
        delivery: told.deliveries[0].delivery.clone(),
        mac: mac.into(),
        url: url.clone(),
        params: vec![
            parameter("MessageSid", &text.sid),
            parameter("MessageStatus", "delivered"),
        ],
        signature: signature.into(),
    };
    for forged in [request(&code, "AAAA"), request("x", "AAAA"), request(&code, "")] {
        let refused = notifier
            .client
            .clone()
            .record_receipt(forged)
            .await
            .expect_err("forged");
        assert_eq!(refused.code(), tonic::Code::Unauthenticated);
    }
    assert_eq!(
        notifier.explain(&customer).await?.deliveries[0].status(),
        DeliveryStatus::Accepted
    );
    Ok(())
}

#[tokio::test]
async fn a_link_works_for_a_week_in_its_own_workspace() -> Tested {
    let notifier = Harness::start().await?;
    let customer = notifier.customer(true, false).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.advance(30).await;
    let text = notifier.sms.nth(PHONE, 1, SOON).await?;
    let redeem = |workspace: &str, token: &str| RedeemReturnLinkRequest {
        workspace: workspace.into(),
        token: token.into(),
    };
    let token = token_in(&text.body);
    for wrong in [
        redeem("globex", token),
        redeem("acme", "AAAAAAAAAAAAAAAAAAAAAA"),
        redeem("acme", ""),
    ] {
        let refused = notifier
            .client
            .clone()
            .redeem_return_link(wrong)
            .await
            .expect_err("wrong");
        assert_eq!(refused.code(), tonic::Code::NotFound);
    }
    notifier
        .client
        .clone()
        .redeem_return_link(redeem("acme", token))
        .await?;
    notifier
        .client
        .clone()
        .redeem_return_link(redeem("acme", token))
        .await?;
    notifier.advance(7 * 24 * 3600).await;
    let expired = notifier.client.clone().redeem_return_link(redeem("acme", token)).await;
    assert_eq!(expired.expect_err("expired").code(), tonic::Code::NotFound);
    Ok(())
}

#[tokio::test]
async fn follow_ups_are_listed_page_by_page() -> Tested {
    let notifier = Harness::start().await?;
    for _ in 0..3 {
        let customer = notifier.customer(true, true).await?;
        notifier.answer(&customer, 2).await?;
        notifier
            .becomes(&customer, "one", |told| told.follow_ups.len() == 1)
            .await?;
    }
    let page = |page_token: String| ListFollowUpsRequest {
        workspace: "acme".into(),
        page_size: 2,
        page_token,
        conversation: String::new(),
    };
    let first = notifier
        .client
        .clone()
        .list_follow_ups(page(String::new()))
        .await?
        .into_inner();
    assert_eq!(first.follow_ups.len(), 2);
    let second = notifier
        .client
        .clone()
        .list_follow_ups(page(first.next_page_token))
        .await?
        .into_inner();
    assert_eq!((second.follow_ups.len(), second.next_page_token.as_str()), (1, ""));
    let wrong = notifier
        .client
        .clone()
        .list_follow_ups(page("x".into()))
        .await
        .expect_err("no token");
    assert_eq!(wrong.code(), tonic::Code::InvalidArgument);
    Ok(())
}
