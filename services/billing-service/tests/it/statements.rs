//! Providers' statements beside what was charged.

use crate::harness::{Harness, PU, Tested, accepted, refusal};
use domain::DeliveryId;
use events::event::DeliveryAccepted;
use rpc::billing::{Drift, DriftKind, GetDriftRequest, GetDriftResponse, HoldState, ImportStatementRequest};
use std::time::Duration;

const HEAD: &str = "message,parts,micro_pu\n";
const DAY: Duration = Duration::from_secs(86_400);

impl Harness {
    /// A text of one part to Poland that a provider took under this id.
    async fn sent_as(&self, workspace: &str, message: &str) -> anyhow::Result<DeliveryId> {
        let delivery = self.delivery();
        self.hold(workspace, delivery, 1).await?;
        let fact = DeliveryAccepted {
            provider: "twilio".into(),
            provider_message: message.into(),
            ..accepted(delivery)
        };
        self.publish(workspace, &fact).await?;
        self.state_becomes(workspace, delivery, HoldState::Captured).await?;
        Ok(delivery)
    }

    async fn statement(&self, workspace: &str, day: &str, lines: &str) -> Result<u32, tonic::Status> {
        let request = ImportStatementRequest {
            workspace: workspace.into(),
            provider: "twilio".into(),
            day: day.into(),
            csv: format!("{HEAD}{lines}"),
        };
        Ok(self
            .client
            .clone()
            .import_statement(request)
            .await?
            .into_inner()
            .messages)
    }

    async fn drift(&self, workspace: &str) -> anyhow::Result<GetDriftResponse> {
        let request = GetDriftRequest {
            workspace: workspace.into(),
            from: "2026-01-01".into(),
            to: "2026-02-01".into(),
        };
        Ok(self.client.clone().get_drift(request).await?.into_inner())
    }
}

fn told(report: &GetDriftResponse) -> Vec<(DriftKind, &str)> {
    report
        .drifts
        .iter()
        .map(|drift| (drift.kind(), drift.provider_message.as_str()))
        .collect()
}

#[tokio::test]
async fn what_differs_from_the_statement_is_told() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 100).await?;
    let good = "SM-good";
    billing.sent_as("acme", good).await?;
    let longer = billing.sent_as("acme", "SM-longer").await?;
    billing.sent_as("acme", "SM-dearer").await?;
    let missed = billing.sent_as("acme", "SM-missed").await?;
    billing.sent_as("acme", "SM-late").await?;
    // Nobody told of the day yet.
    assert_eq!(billing.drift("acme").await?, GetDriftResponse::default());
    let lines = "SM-good,1,1000000\nSM-longer,2,\nSM-dearer,1,2000000\nSM-nobodys,1,\n";
    for _ in 0..2 {
        assert_eq!(billing.statement("acme", "2026-01-05", lines).await?, 4);
    }
    let first = [
        (DriftKind::NotCharged, "SM-nobodys"),
        (DriftKind::Parts, "SM-longer"),
        (DriftKind::Price, "SM-dearer"),
    ];
    let report = billing.drift("acme").await?;
    assert_eq!(
        told(&report),
        first,
        "what is missing may stand in the statement of the day after"
    );
    billing.statement("acme", "2026-01-06", "SM-late,1,\n").await?;
    let report = billing.drift("acme").await?;
    assert_eq!(report.drifting, 4);
    let second = [first[0], (DriftKind::NotReported, "SM-missed"), first[1], first[2]];
    assert_eq!(told(&report), second);
    let parts = Drift {
        day: "2026-01-05".into(),
        delivery: longer.to_string(),
        provider: "twilio".into(),
        provider_message: "SM-longer".into(),
        parts: Some(1),
        reported_parts: Some(2),
        micro_pu: Some(PU),
        kind: DriftKind::Parts.into(),
        ..Default::default()
    };
    assert_eq!(report.drifts[2], parts);
    assert_eq!(
        (report.drifts[1].delivery.clone(), report.drifts[1].reported_parts),
        (missed.to_string(), None)
    );
    // The provider corrects itself.
    billing
        .statement(
            "acme",
            "2026-01-06",
            "SM-longer,1,\nSM-missed,1,\nSM-dearer,1,1000000\n",
        )
        .await?;
    assert_eq!(told(&billing.drift("acme").await?), [first[0]]);
    // The daily comparison takes it all in its stride.
    billing.clock.advance(DAY);
    let armed = "SELECT count(*) FROM audit WHERE due_at > '2026-01-06T12:00:01Z' AND leased_until IS NULL";
    let again = async || (billing.count(armed).await.ok()? == 1).then_some(());
    testkit::eventually("it is compared", crate::harness::SOON, again).await?;
    billing.books_are_right().await
}

#[tokio::test]
async fn books_that_are_wrong_and_old_holds_are_told() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let delivery = billing.delivery();
    billing.hold("acme", delivery, 1).await?;
    billing.attempting("acme", delivery).await?;
    let noted = async || (billing.count("SELECT count(*) FROM hold WHERE attempted").await.ok()? == 1).then_some(());
    testkit::eventually("the attempt is noted", crate::harness::SOON, noted).await?;
    billing.clock.advance(DAY * 3);
    assert_eq!(
        billing.drift("acme").await?.old_holds,
        0,
        "72 hours are not more than 72 hours"
    );
    billing.clock.advance(Duration::from_secs(1));
    let report = billing.drift("acme").await?;
    assert_eq!((report.old_holds, report.books.len()), (1, 0));
    sqlx::query("UPDATE account SET held = held + 5")
        .execute(&mut billing.admin().await?)
        .await?;
    let books = billing.drift("acme").await?.books;
    assert_eq!(books.len(), 2, "{books:?}");
    assert!(
        books
            .iter()
            .all(|one| one.kept_micro_pu == PU + 5 && one.counted_micro_pu == PU),
        "{books:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_statement_is_the_workspaces_own_and_all_or_nothing() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    billing.open("globex", 10).await?;
    billing.sent_as("acme", "SM1").await?;
    billing.statement("globex", "2026-01-05", "SM1,1,\n").await?;
    assert_eq!(told(&billing.drift("globex").await?), [(DriftKind::NotCharged, "SM1")]);
    assert_eq!(billing.drift("acme").await?, GetDriftResponse::default());

    let wrong = billing.statement("acme", "2026-01-05", "SM2,1,\nSM3,x,0.5\n").await;
    let fault = rpc::from_status(&wrong.expect_err("a refusal"));
    assert_eq!(fault.field(), Some("csv"));
    assert!(fault.public().contains("line 3, parts: ") && fault.public().contains("line 3, micro_pu: "));
    assert_eq!(billing.drift("acme").await?, GetDriftResponse::default());
    for day in ["", "yesterday", "2026-02-30", "2026-01-05T00:00:00Z"] {
        assert_eq!(
            refusal(billing.statement("acme", day, "SM2,1,\n").await).0,
            "day",
            "{day}"
        );
    }
    let request = ImportStatementRequest {
        workspace: "acme".into(),
        provider: "Some Body".into(),
        day: "2026-01-05".into(),
        csv: format!("{HEAD}SM2,1,\n"),
    };
    assert_eq!(
        refusal(billing.client.clone().import_statement(request).await).0,
        "provider"
    );
    for (from, to, field) in [
        ("", "2026-01-05", "from"),
        ("2026-01-05", "2026-01-05", "to"),
        ("2024-01-01", "2026-01-05", "to"),
    ] {
        let request = GetDriftRequest {
            workspace: "acme".into(),
            from: from.into(),
            to: to.into(),
        };
        assert_eq!(refusal(billing.client.clone().get_drift(request).await).0, field);
    }
    Ok(())
}
