//! Who may tell us what, and which links work.

use crate::harness::{Customer, Harness, PHONE, SOON, Tested};
use crate::words::token_in;
use futures::future::try_join_all;
use rpc::notifier::{
    DeliveryStatus, ExplainFollowUpResponse, ListFollowUpsRequest, Parameter, RecordInboundTextRequest,
    RecordReceiptRequest, RedeemReturnLinkRequest,
};
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use testkit::{ReceiptMode, SmsMessage, eventually};

impl Harness {
    /// A form as the provider posts it to `url`, and its signature.
    pub fn signed(&self, url: &str, form: &[(&str, &str)]) -> (Vec<Parameter>, String) {
        let form: Vec<(&str, String)> = form.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let signature = self.sms.signature(url, &form);
        let parameter = |(name, value): (&str, String)| Parameter {
            name: name.to_owned(),
            value,
        };
        (form.into_iter().map(parameter).collect(), signature)
    }

    /// What the provider tells of a text, at an address that begins with the one that it was given.
    fn receipt(&self, text: &SmsMessage, address: &str, status: &str) -> RecordReceiptRequest {
        let url = format!("{}{address}", text.status_callback.as_deref().expect("a callback"));
        let path = url.split('?').next().unwrap_or_default();
        let mut parts = path.rsplit('/').map(str::to_owned);
        let (mac, delivery) = (parts.next().expect("a code"), parts.next().expect("a delivery"));
        let (params, signature) = self.signed(&url, &[("MessageSid", &text.sid), ("MessageStatus", status)]);
        RecordReceiptRequest {
            workspace: "acme".into(),
            delivery,
            mac,
            url,
            params,
            signature,
        }
    }

    /// A text that its provider took, and tells nothing more of.
    async fn unheard(&self) -> anyhow::Result<(Customer, ExplainFollowUpResponse)> {
        self.sms.set_receipts(ReceiptMode::Lost);
        let customer = self.customer(true, false).await?;
        self.leave(&customer).await?;
        self.answer(&customer, 2).await?;
        self.armed(&customer).await?;
        self.advance(30).await;
        let told = self.delivery(&customer, DeliveryStatus::Accepted).await?;
        Ok((customer, told))
    }

    async fn told(&self, receipt: RecordReceiptRequest) -> Result<(), fault::Fault> {
        let answer = self.client.clone().record_receipt(receipt).await;
        answer.map(drop).map_err(|status| rpc::from_status(&status))
    }
}

#[tokio::test]
async fn a_callback_with_a_wrong_code_or_signature_is_refused() -> Tested {
    let notifier = Harness::start().await?;
    let (customer, told) = notifier.unheard().await?;
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
async fn a_receipt_with_the_right_code_of_a_delivery_that_is_not_there_is_not_found() -> Tested {
    let sender = Harness::start().await?;
    sender.texted().await?;
    let text = sender.sms.nth(PHONE, 1, SOON).await?;
    // The same key over a database that knows nothing of it, as after one was restored from before the send.
    let restored = Harness::start().await?;
    let refused = restored.told(restored.receipt(&text, "", "delivered")).await;
    let refused = refused.expect_err("nothing was sent");
    assert_eq!(
        (refused.code().name, refused.field()),
        ("request.not_found", Some("delivery"))
    );
    assert!(
        restored
            .database
            .rows_of("acme")
            .await?
            .values()
            .all(|rows| rows == "0 ")
    );
    sender.told(sender.receipt(&text, "", "delivered")).await?;
    Ok(())
}

#[tokio::test]
async fn a_callback_of_a_provider_that_is_not_configured_is_refused() -> Tested {
    let notifier = Harness::start().await?;
    let (customer, _) = notifier.unheard().await?;
    let text = notifier.sms.nth(PHONE, 1, SOON).await?;
    for address in ["?provider=nobody", "?provider="] {
        let refused = notifier.told(notifier.receipt(&text, address, "delivered")).await;
        assert_eq!(
            refused.expect_err("nobody's").code().name,
            "access.signature",
            "{address}"
        );
        let url = format!("{}/v1/callbacks/sms/acme/inbound{address}", notifier.public_url);
        let (params, signature) = notifier.signed(&url, &[("Body", "STOP"), ("From", PHONE), ("MessageSid", "SM1")]);
        let request = RecordInboundTextRequest {
            workspace: "acme".into(),
            url,
            params,
            signature,
        };
        let refused = notifier.client.clone().record_inbound_text(request).await;
        assert_eq!(refused.expect_err("nobody's").code(), tonic::Code::Unauthenticated);
    }
    assert!(!notifier.opted_out().await?);
    assert_eq!(
        notifier.explain(&customer).await?.deliveries[0].status(),
        DeliveryStatus::Accepted
    );
    notifier.told(notifier.receipt(&text, "", "delivered")).await?;
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    Ok(())
}

/// Providers wait for seconds only, and call again or never.
const ANSWERED_WITHIN: Duration = Duration::from_secs(1);
/// So many conversations are held up.
const SLOW: usize = 4;

#[tokio::test]
async fn a_receipt_is_answered_within_a_second_while_others_wait_for_the_database() -> Tested {
    let notifier = Harness::start().await?;
    notifier.sms.set_receipts(ReceiptMode::Lost);
    let mut texts = Vec::new();
    let mut customers = Vec::new();
    for number in 0..=SLOW {
        let number = format!("+4860070{:04}", number * 1000);
        let customer = notifier.prepared(&number, "PL", None).await?;
        notifier.advance(30).await;
        notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
        texts.push(notifier.sms.nth(&number, 1, SOON).await?);
        customers.push(customer);
    }
    let mut admin = PgConnection::connect(&notifier.database.admin_url()).await?;
    let mut slow = admin.begin().await?;
    sqlx::query("SELECT FROM conversation_view WHERE conversation <> $1::uuid FOR UPDATE")
        .bind(customers[0].conversation.to_string())
        .execute(&mut *slow)
        .await?;
    let receipts = texts[1..]
        .iter()
        .map(|text| notifier.told(notifier.receipt(text, "", "delivered")));
    let waiting = try_join_all(receipts);
    let other = async {
        let held_up = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = $1";
        eventually("the others wait", SOON, async || {
            let count = notifier.count(held_up, notifier.database.name()).await.ok()?;
            (count == i64::try_from(SLOW).ok()?).then_some(())
        })
        .await?;
        let receipt = notifier.told(notifier.receipt(&texts[0], "", "delivered"));
        tokio::time::timeout(ANSWERED_WITHIN, receipt).await??;
        // Only now are the others let go.
        slow.rollback().await?;
        anyhow::Ok(())
    };
    let (others, one) = futures::future::join(waiting, other).await;
    one?;
    others?;
    for customer in &customers {
        notifier.delivery(customer, DeliveryStatus::Delivered).await?;
    }
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
