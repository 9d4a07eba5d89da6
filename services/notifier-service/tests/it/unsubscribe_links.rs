//! One click in a mail ends the mails to its address.

use crate::harness::{Customer, EMAIL, Harness, PHONE, SOON, Tested};
use crate::limits::due;
use fault::Fault;
use rpc::contacts::WithdrawnBy;
use rpc::notifier::{DeliveryStatus, RedeemUnsubscribeLinkRequest, ResolveUnsubscribeLinkRequest};

/// A customer with an address only, who was answered a minute ago.
async fn answered(notifier: &Harness) -> anyhow::Result<Customer> {
    let customer = notifier.customer(false, true).await?;
    notifier.leave(&customer).await?;
    notifier.answer(&customer, 2).await?;
    notifier.armed(&customer).await?;
    notifier.advance(60).await;
    Ok(customer)
}

/// Such a customer's mail bears a link, wherever it is looked for: its token.
async fn mailed(notifier: &Harness) -> anyhow::Result<String> {
    let customer = answered(notifier).await?;
    let mail = notifier.smtp.nth(EMAIL, 1, SOON).await?;
    notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    let header = |name: &str| {
        let mut found = mail.headers.iter().filter(|(header, _)| header == name);
        found
            .next()
            .map(|(_, value)| value.split_whitespace().collect::<String>())
    };
    assert_eq!(
        header("List-Unsubscribe-Post").as_deref(),
        Some("List-Unsubscribe=One-Click")
    );
    let link = header("List-Unsubscribe").unwrap_or_default();
    let link = link.trim_start_matches('<').trim_end_matches('>').to_owned();
    for (form, words) in [("text", &mail.text), ("html", &mail.html)] {
        assert!(
            words.as_ref().is_some_and(|words| words.contains(&link)),
            "{form} bears {link}"
        );
    }
    let prefix = format!("{}/u/acme.", notifier.public_url);
    let token = link.strip_prefix(&prefix).expect("a link of ours").to_owned();
    Ok(token)
}

async fn redeem(notifier: &Harness, workspace: &str, token: &str) -> Result<(), Fault> {
    let request = RedeemUnsubscribeLinkRequest {
        workspace: workspace.into(),
        token: token.into(),
    };
    let answer = notifier.client.clone().redeem_unsubscribe_link(request).await;
    answer.map(drop).map_err(|status| rpc::from_status(&status))
}

#[tokio::test]
async fn a_mails_link_ends_mails_to_its_address_and_nothing_else() -> Tested {
    let notifier = Harness::start().await?;
    let token = mailed(&notifier).await?;
    let resolve = ResolveUnsubscribeLinkRequest {
        workspace: "acme".into(),
        token: token.clone(),
    };
    let told = notifier
        .client
        .clone()
        .resolve_unsubscribe_link(resolve)
        .await?
        .into_inner();
    assert_eq!((told.business_name.as_str(), told.language.as_str()), ("Acme", "en"));
    // Looking changes nothing: the next customer at this address is written to.
    answered(&notifier).await?;
    notifier.smtp.nth(EMAIL, 2, SOON).await?;
    redeem(&notifier, "acme", &token).await?;
    redeem(&notifier, "acme", &token).await?;
    let withdrawn = notifier.truth().withdrawn.clone();
    assert_eq!(withdrawn[0], (EMAIL.to_owned(), WithdrawnBy::Unsubscribe));
    let customer = due(&notifier).await?;
    notifier.sms.nth(PHONE, 1, SOON).await?;
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    notifier.advance(601).await;
    let told = notifier.delivery(&customer, DeliveryStatus::Failed).await?;
    assert_eq!(told.deliveries[1].reason, "send.opted_out");
    assert_eq!(notifier.sent().await, (1, 2), "texts go on: only the mail said so");
    Ok(())
}

#[tokio::test]
async fn a_link_that_is_not_ours_ends_nothing() -> Tested {
    let notifier = Harness::start().await?;
    let token = mailed(&notifier).await?;
    let forged = format!("{}{}", &token[..token.len() - 4], "AAAA");
    for (workspace, token) in [
        ("acme", forged.as_str()),
        ("globex", token.as_str()),
        ("acme", ""),
        ("acme", "no"),
    ] {
        let refused = redeem(&notifier, workspace, token).await.expect_err("not ours");
        assert_eq!(refused.code().name, "request.not_found", "{workspace} {token}");
    }
    answered(&notifier).await?;
    notifier.smtp.nth(EMAIL, 2, SOON).await?;
    Ok(())
}
