use crate::harness::{Harness, PU, SOON, Tested, refusal};
use domain::Timestamp;
use events::common::MessageKind;
use events::event::WorkspaceCreated;
use rpc::billing::{GetUsageRequest, GetUsageResponse, HoldState, ListChargesRequest, UsageBy};
use testkit::eventually;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

async fn usage(billing: &Harness, from: &str, to: &str, by: UsageBy) -> Result<GetUsageResponse, tonic::Status> {
    let request = GetUsageRequest {
        workspace: "acme".into(),
        from: Some(events::stamp(at(from))),
        to: Some(events::stamp(at(to))),
        by: by.into(),
    };
    Ok(billing.client.clone().get_usage(request).await?.into_inner())
}

async fn send(billing: &Harness, now: &str, parts: u32) -> Tested {
    billing.clock.set(at(now));
    let delivery = billing.delivery();
    billing.hold("acme", delivery, parts).await?;
    billing.accepted("acme", delivery).await?;
    billing.state_becomes("acme", delivery, HoldState::Captured).await
}

#[tokio::test]
async fn usage_is_summed_by_the_days_of_the_workspace() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 100).await?;
    billing
        .publish(
            "acme",
            &WorkspaceCreated {
                time_zone: "Europe/Warsaw".into(),
                ..Default::default()
            },
        )
        .await?;
    let zoned = "SELECT count(*) FROM account WHERE time_zone = 'Europe/Warsaw'";
    let set = async || (billing.count(zoned).await.ok()? == 1).then_some(());
    eventually("the time zone is known", SOON, set).await?;

    send(&billing, "2026-01-31T22:30:00Z", 1).await?;
    // Half past midnight in Warsaw: another day, another month.
    send(&billing, "2026-01-31T23:30:00Z", 2).await?;
    send(&billing, "2026-02-01T10:00:00Z", 1).await?;
    let mail = billing.delivery();
    billing.hold_kind("acme", mail, MessageKind::Email, "", 1).await?;
    billing
        .publish(
            "acme",
            &events::event::DeliveryAccepted {
                delivery: mail.to_string(),
                ..Default::default()
            },
        )
        .await?;
    billing.state_becomes("acme", mail, HoldState::Captured).await?;
    // Held and released messages are no usage.
    billing.hold("acme", billing.delivery(), 1).await?;

    let days = usage(&billing, "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", UsageBy::Day).await?;
    let rows: Vec<_> = days
        .rows
        .iter()
        .map(|row| {
            (
                row.period.as_str(),
                row.kind(),
                row.country.as_str(),
                row.messages,
                row.parts,
                row.micro_pu / PU,
            )
        })
        .collect();
    let expected = [
        ("2026-01-31", MessageKind::Sms, "PL", 1, 1, 1),
        ("2026-02-01", MessageKind::Email, "", 1, 1, 0),
        ("2026-02-01", MessageKind::Sms, "PL", 2, 3, 3),
    ];
    assert_eq!(rows, expected);
    assert_eq!(days.total_micro_pu, 4 * PU);
    let months = usage(&billing, "2026-01-31T23:30:00Z", "2026-03-01T00:00:00Z", UsageBy::Month).await?;
    let rows: Vec<_> = months
        .rows
        .iter()
        .map(|row| (row.period.as_str(), row.micro_pu / PU))
        .collect();
    assert_eq!(rows, [("2026-02", 0), ("2026-02", 3)]);
    billing.books_are_right().await
}

#[tokio::test]
async fn the_log_is_newest_first_and_whole_across_pages() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 100).await?;
    let mut deliveries = Vec::new();
    for step in 0..10 {
        // Some at the same instant.
        if step % 3 == 0 {
            billing.clock.advance(std::time::Duration::from_secs(1));
        }
        let delivery = billing.delivery();
        billing.hold("acme", delivery, 1).await?;
        deliveries.push(delivery.to_string());
    }
    deliveries.reverse();
    let log = billing.charges("acme").await?;
    let listed: Vec<String> = log.iter().map(|charge| charge.delivery.clone()).collect();
    assert_eq!(listed, deliveries);
    assert!(
        log.iter()
            .all(|charge| charge.micro_pu == PU && charge.state() == HoldState::Held)
    );
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_by_field() -> Tested {
    let billing = Harness::start().await?;
    let ask = async |from, to, by| refusal(usage(&billing, from, to, by).await).0;
    assert_eq!(
        ask("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", UsageBy::Day).await,
        "to"
    );
    assert_eq!(
        ask("2024-01-02T00:00:00Z", "2026-01-01T00:00:00Z", UsageBy::Day).await,
        "to"
    );
    assert_eq!(
        ask("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", UsageBy::Unspecified).await,
        "by"
    );
    let request = GetUsageRequest {
        workspace: "acme".into(),
        by: UsageBy::Day.into(),
        ..Default::default()
    };
    assert_eq!(refusal(billing.client.clone().get_usage(request).await).0, "from");
    let list = |page_size, page_token: &str| ListChargesRequest {
        workspace: "acme".into(),
        page_size,
        page_token: page_token.into(),
    };
    assert_eq!(
        refusal(billing.client.clone().list_charges(list(501, "")).await).0,
        "page_size"
    );
    assert_eq!(
        refusal(billing.client.clone().list_charges(list(0, "mine")).await).0,
        "page_token"
    );
    Ok(())
}
