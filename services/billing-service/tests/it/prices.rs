use crate::harness::{Harness, PU, Tested, refusal};
use events::common::MessageKind;
use std::time::Duration;

#[tokio::test]
async fn prices_are_dated_and_the_country_comes_first() -> Tested {
    let billing = Harness::start().await?;
    billing.top_up("acme", "first", 100 * PU).await?;
    billing.set_price("acme", MessageKind::Sms, "*", 9 * PU).await?;
    let hold = async |country: &str| -> anyhow::Result<i64> {
        let answer = billing
            .hold_kind("acme", billing.delivery(), MessageKind::Sms, country, 1)
            .await?;
        Ok(answer.micro_pu / PU)
    };
    assert_eq!(hold("PL").await?, 9);
    billing.clock.advance(Duration::from_secs(60));
    billing.set_price("acme", MessageKind::Sms, "PL", 2 * PU).await?;
    assert_eq!((hold("PL").await?, hold("FR").await?), (2, 9));
    billing.clock.advance(Duration::from_secs(60));
    billing.set_price("acme", MessageKind::Sms, "PL", 3 * PU).await?;
    assert_eq!(hold("PL").await?, 3);
    Ok(())
}

#[tokio::test]
async fn a_price_that_something_was_held_at_is_never_changed() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    // Nothing was held yet: the price may still be corrected, in the past too.
    billing.set_price("acme", MessageKind::Sms, "PL", 2 * PU).await?;
    billing.hold("acme", billing.delivery(), 1).await?;
    assert_eq!(billing.balance("acme").await?, (8, 2));
    let refused = refusal(billing.set_price("acme", MessageKind::Sms, "PL", PU).await);
    assert_eq!(refused, ("prices[0].valid_from".into(), "request.invalid"));
    // `*` did not decide; it does for countries without a price of their own.
    billing.set_price("acme", MessageKind::Sms, "*", 3 * PU).await?;
    billing
        .hold_kind("acme", billing.delivery(), MessageKind::Sms, "DE", 1)
        .await?;
    for place in ["*", "DE"] {
        let refused = refusal(billing.set_price("acme", MessageKind::Sms, place, PU).await);
        assert_eq!(refused, ("prices[0].valid_from".into(), "request.invalid"));
    }
    // The same line again changes nothing; another country, and a later time, are free.
    billing.set_price("acme", MessageKind::Sms, "PL", 2 * PU).await?;
    billing.set_price("acme", MessageKind::Sms, "FR", PU).await?;
    billing.clock.advance(Duration::from_secs(1));
    billing.set_price("acme", MessageKind::Sms, "PL", PU).await?;
    Ok(())
}

#[tokio::test]
async fn e_mail_can_be_charged_from_a_date_on() -> Tested {
    let billing = Harness::start().await?;
    billing.top_up("acme", "first", 10 * PU).await?;
    billing
        .hold_kind("acme", billing.delivery(), MessageKind::Email, "", 1)
        .await?;
    billing.clock.advance(Duration::from_secs(60));
    billing.set_price("acme", MessageKind::Email, "*", PU).await?;
    let answer = billing
        .hold_kind("acme", billing.delivery(), MessageKind::Email, "", 7)
        .await?;
    assert_eq!(answer.micro_pu, PU);
    Ok(())
}

#[tokio::test]
async fn a_message_by_whatsapp_is_one_part_at_its_countrys_price() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let hold = async |country: &str, parts| {
        billing
            .hold_kind("acme", billing.delivery(), MessageKind::Whatsapp, country, parts)
            .await
    };
    let refused = refusal(hold("PL", 1).await);
    assert_eq!(refused.1, "billing.price_missing", "the price of texts is another one");
    let sheet = "kind,country,valid_from,micro_pu\nwhatsapp,*,2026-01-01,3000000\nwhatsapp,PL,2026-01-01,2000000\n";
    let request = rpc::billing::ImportPricesRequest {
        workspace: "acme".into(),
        csv: sheet.into(),
    };
    billing.client.clone().import_prices(request).await?;
    assert_eq!(hold("PL", 11).await?.micro_pu, 2 * PU);
    assert_eq!(hold("FR", 1).await?.micro_pu, 3 * PU);
    assert_eq!(refusal(hold("", 1).await).0, "country");
    Ok(())
}

#[tokio::test]
async fn prices_and_top_ups_that_cannot_be_are_refused_by_field() -> Tested {
    let billing = Harness::start().await?;
    let set = async |kind, country: &str, micro| refusal(billing.set_price("acme", kind, country, micro).await).0;
    assert_eq!(set(MessageKind::Unspecified, "PL", 1).await, "prices[0].kind");
    assert_eq!(set(MessageKind::Sms, "Poland", 1).await, "prices[0].country");
    assert_eq!(set(MessageKind::Email, "PL", 1).await, "prices[0].country");
    assert_eq!(set(MessageKind::Sms, "PL", -1).await, "prices[0].micro_pu");
    let request = rpc::billing::SetPricesRequest {
        workspace: "acme".into(),
        prices: Vec::new(),
    };
    assert_eq!(refusal(billing.client.clone().set_prices(request).await).0, "prices");
    let price = rpc::billing::Price {
        kind: MessageKind::Sms.into(),
        country: "PL".into(),
        ..Default::default()
    };
    let request = rpc::billing::SetPricesRequest {
        workspace: "acme".into(),
        prices: vec![price],
    };
    assert_eq!(
        refusal(billing.client.clone().set_prices(request).await).0,
        "prices[0].valid_from"
    );

    assert_eq!(refusal(billing.top_up("acme", "", PU).await).0, "request_id");
    assert_eq!(
        refusal(billing.top_up("acme", &"x".repeat(101), PU).await).0,
        "request_id"
    );
    for micro in [0, -1, i64::MAX] {
        assert_eq!(refusal(billing.top_up("acme", "id", micro).await).0, "micro_pu");
    }
    assert_eq!(billing.balance("acme").await?, (0, 0));
    Ok(())
}

#[tokio::test]
async fn a_top_up_counts_once_per_request_id() -> Tested {
    let billing = Harness::start().await?;
    let tries = (0..10).map(|_| billing.top_up("acme", "invoice 7", 5 * PU));
    for answer in futures::future::join_all(tries).await {
        assert_eq!(answer?.available_micro_pu, 5 * PU);
    }
    let refused = refusal(billing.top_up("acme", "invoice 7", 6 * PU).await);
    assert_eq!(refused, ("request_id".into(), "request.exists"));
    // The id is the workspace's own.
    assert_eq!(
        billing.top_up("globex", "invoice 7", 6 * PU).await?.available_micro_pu,
        6 * PU
    );
    assert_eq!(billing.balance("acme").await?, (5, 0));
    billing.books_are_right().await
}
