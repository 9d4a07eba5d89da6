use crate::harness::{Harness, PU, SOON, Tested, refusal};
use domain::Timestamp;
use events::common::MessageKind;
use events::event::WorkspaceCreated;
use rpc::billing::{Charge, GetUsageRequest, GetUsageResponse, HoldState, ListChargesRequest, UsageBy};
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
        ..Default::default()
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
    assert_eq!((days.total_messages, days.total_parts), (4, 5));
    assert_eq!(days.time_zone, "Europe/Warsaw");
    let each: Vec<i64> = days.rows.iter().map(|row| row.micro_pu_per_message).collect();
    assert_eq!(each, [PU, 0, 3 * PU / 2]);
    let months = usage(&billing, "2026-01-31T23:30:00Z", "2026-03-01T00:00:00Z", UsageBy::Month).await?;
    let rows: Vec<_> = months
        .rows
        .iter()
        .map(|row| (row.period.as_str(), row.micro_pu / PU))
        .collect();
    assert_eq!(rows, [("2026-02", 0), ("2026-02", 3)]);
    billing.books_are_right().await
}

/// Captures at odd times, some by a release that did not meter them, and periods that begin and end anywhere.
#[tokio::test]
async fn usage_is_the_same_whether_it_was_metered_or_not() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 1000).await?;
    let moments = [
        "2026-01-05T12:00:00Z",
        "2026-01-05T12:14:59.999999Z",
        "2026-01-05T12:15:00Z",
        "2026-01-05T12:44:30Z",
        "2026-01-05T13:00:00Z",
        "2026-01-05T13:01:00Z",
    ];
    for moment in moments {
        send(&billing, moment, 2).await?;
    }
    // As an older release leaves it: first some, then all.
    let forgotten = [
        (
            "DELETE FROM usage WHERE quarter >= '2026-01-05T12:15:00Z' AND quarter < '2026-01-05T12:45:00Z'",
            "UPDATE hold SET metered = false WHERE settled_at >= '2026-01-05T12:15:00Z'
               AND settled_at < '2026-01-05T12:45:00Z'",
        ),
        ("DELETE FROM usage", "UPDATE hold SET metered = false"),
    ];
    for step in 0..=forgotten.len() {
        for from in moments {
            for to in moments.iter().filter(|to| at(to) > at(from)) {
                let within = |moment: &&&str| at(moment) >= at(from) && at(moment) < at(to);
                let messages = moments.iter().filter(within).count() as u64;
                let told = usage(&billing, from, to, UsageBy::Day).await?;
                assert_eq!(
                    (told.total_messages, told.total_parts),
                    (messages, 2 * messages),
                    "{from} to {to}"
                );
                assert_eq!(told.total_micro_pu, 2 * messages as i64 * PU);
            }
        }
        billing.books_are_right().await?;
        if let Some((usage, holds)) = forgotten.get(step) {
            sqlx::query(*usage).execute(&mut billing.admin().await?).await?;
            sqlx::query(*holds).execute(&mut billing.admin().await?).await?;
        }
    }
    Ok(())
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
async fn usage_and_the_log_are_narrowed_down() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 100).await?;
    billing.set_price("acme", MessageKind::Sms, "DE", 2 * PU).await?;
    billing.set_price("acme", MessageKind::Lms, "KR", 3 * PU).await?;
    billing.set_price("acme", MessageKind::Whatsapp, "*", 4 * PU).await?;
    let sent = [
        (MessageKind::Sms, "PL"),
        (MessageKind::Sms, "DE"),
        (MessageKind::Lms, "KR"),
        (MessageKind::Email, ""),
        (MessageKind::Whatsapp, "PL"),
    ];
    for (kind, country) in sent {
        let delivery = billing.delivery();
        billing.hold_kind("acme", delivery, kind, country, 1).await?;
        billing.accepted("acme", delivery).await?;
        billing.state_becomes("acme", delivery, HoldState::Captured).await?;
        billing.clock.advance(std::time::Duration::from_secs(3600));
    }
    let lost = billing.delivery();
    billing.hold("acme", lost, 1).await?;
    billing.failed("acme", lost).await?;
    billing.state_becomes("acme", lost, HoldState::Released).await?;

    let (from, to) = (at("2026-01-05T00:00:00Z"), at("2026-01-07T00:00:00Z"));
    let sum = async |kind: MessageKind, country: &str| -> anyhow::Result<(u64, i64)> {
        let request = GetUsageRequest {
            workspace: "acme".into(),
            from: Some(events::stamp(from)),
            to: Some(events::stamp(to)),
            by: UsageBy::Day.into(),
            kind: kind.into(),
            country: country.into(),
        };
        let usage = billing.client.clone().get_usage(request).await?.into_inner();
        Ok((usage.total_messages, usage.total_micro_pu / PU))
    };
    assert_eq!(sum(MessageKind::Unspecified, "").await?, (5, 10));
    assert_eq!(sum(MessageKind::Whatsapp, "").await?, (1, 4));
    assert_eq!(sum(MessageKind::Sms, "").await?, (2, 3));
    assert_eq!(sum(MessageKind::Sms, "DE").await?, (1, 2));
    assert_eq!(sum(MessageKind::Email, "").await?, (1, 0));
    assert_eq!(sum(MessageKind::Unspecified, "FR").await?, (0, 0));

    let log = async |change: fn(&mut ListChargesRequest)| -> anyhow::Result<Vec<Charge>> {
        let mut request = ListChargesRequest {
            workspace: "acme".into(),
            ..Default::default()
        };
        change(&mut request);
        Ok(billing.client.clone().list_charges(request).await?.into_inner().charges)
    };
    let released = log(|asked| asked.set_state(HoldState::Released)).await?;
    assert_eq!(released.len(), 1);
    assert_eq!(
        (released[0].delivery.clone(), released[0].micro_pu),
        (lost.to_string(), PU)
    );
    assert!(released[0].settled_at.is_some());
    assert_eq!(log(|asked| asked.set_kind(MessageKind::Sms)).await?.len(), 3);
    assert_eq!(log(|asked| asked.country = "KR".into()).await?.len(), 1);
    let span = log(|asked| {
        asked.from = Some(events::stamp(at("2026-01-05T13:00:00Z")));
        asked.to = Some(events::stamp(at("2026-01-05T15:00:00Z")));
    });
    assert_eq!(span.await?.len(), 2, "the second and the third");
    let refused = async |change: fn(&mut ListChargesRequest)| {
        let mut request = ListChargesRequest {
            workspace: "acme".into(),
            ..Default::default()
        };
        change(&mut request);
        refusal(billing.client.clone().list_charges(request).await).0
    };
    assert_eq!(refused(|asked| asked.set_state(HoldState::NotCovered)).await, "state");
    assert_eq!(refused(|asked| asked.kind = 9).await, "kind");
    assert_eq!(refused(|asked| asked.country = "pl".into()).await, "country");
    assert_eq!(
        refused(|asked| asked.from = Some(events::stamp(at("2026-01-05T13:00:00Z")))).await,
        "to"
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
        ..Default::default()
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
