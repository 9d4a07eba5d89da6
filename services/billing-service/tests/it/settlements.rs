//! What people settle by hand, and the journal that they read.

use crate::harness::{Harness, PU, SOON, Tested, accepted, refusal};
use domain::DeliveryId;
use events::event::DeliveryAccepted;
use rpc::billing::{HoldState, ListTransfersRequest, SettleHoldRequest, SettleHoldResponse, Transfer};
use std::time::Duration;
use testkit::eventually;

fn day(text: &str) -> Option<prost_types::Timestamp> {
    let at: domain::Timestamp = text.parse().expect("a time");
    Some(events::stamp(at))
}

impl Harness {
    async fn settle(
        &self,
        workspace: &str,
        delivery: DeliveryId,
        outcome: HoldState,
        note: &str,
    ) -> Result<SettleHoldResponse, tonic::Status> {
        let request = SettleHoldRequest {
            workspace: workspace.into(),
            delivery: delivery.to_string(),
            outcome: outcome.into(),
            note: note.into(),
        };
        Ok(self.client.clone().settle_hold(request).await?.into_inner())
    }

    /// Holds a text and begins to send it; nobody ever tells what became of it.
    async fn lost(&self, workspace: &str) -> anyhow::Result<DeliveryId> {
        let delivery = self.delivery();
        self.hold(workspace, delivery, 1).await?;
        self.attempting(workspace, delivery).await?;
        let begun = format!("SELECT count(*) FROM hold WHERE attempted AND id = '{delivery}'");
        let begun: &'static str = begun.leak();
        eventually("it is attempted", SOON, async || {
            (self.count(begun).await.ok()? == 1).then_some(())
        })
        .await?;
        Ok(delivery)
    }

    /// The journal, read in pages of two.
    async fn journal(&self, workspace: &str) -> anyhow::Result<Vec<Transfer>> {
        let (mut lines, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListTransfersRequest {
                workspace: workspace.into(),
                from: day("2026-01-01T00:00:00Z"),
                to: day("2026-02-01T00:00:00Z"),
                page_size: 2,
                page_token,
            };
            let page = self.client.clone().list_transfers(request).await?.into_inner();
            lines.extend(page.transfers);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(lines);
            }
        }
    }
}

#[tokio::test]
async fn a_person_settles_what_no_provider_told_of() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let (taken, not_taken) = (billing.lost("acme").await?, billing.lost("acme").await?);
    assert_eq!(billing.balance("acme").await?, (8, 2));
    for _ in 0..2 {
        let settled = billing
            .settle("acme", taken, HoldState::Captured, "the provider's log")
            .await?;
        assert_eq!((settled.state(), settled.micro_pu), (HoldState::Captured, PU));
        let settled = billing
            .settle("acme", not_taken, HoldState::Released, "the provider's log")
            .await?;
        assert_eq!(settled.state(), HoldState::Released);
    }
    assert_eq!(billing.balance("acme").await?, (9, 0));
    assert_eq!(billing.count("SELECT count(*) FROM settlement").await?, 2);
    let refused = billing.settle("acme", taken, HoldState::Released, "a mistake").await;
    assert_eq!(refusal(refused), ("delivery".to_owned(), "billing.hold_settled"));
    // The person was wrong: the provider tells that it took it after all.
    billing.accepted("acme", not_taken).await?;
    billing.state_becomes("acme", not_taken, HoldState::Captured).await?;
    assert_eq!(billing.balance("acme").await?, (8, 0));
    billing.books_are_right().await
}

#[tokio::test]
async fn only_what_was_attempted_here_is_settled_by_hand_and_with_a_reason() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    billing.open("other", 10).await?;
    let waiting = billing.delivery();
    billing.hold("acme", waiting, 1).await?;
    let refused = billing.settle("acme", waiting, HoldState::Captured, "a guess").await;
    assert_eq!(refusal(refused).1, "billing.hold_settled");
    let cancelled = billing.delivery();
    billing.hold("acme", cancelled, 1).await?;
    billing.failed("acme", cancelled).await?;
    billing.state_becomes("acme", cancelled, HoldState::Released).await?;
    let refused = billing
        .settle("acme", cancelled, HoldState::Captured, "the wrong one")
        .await;
    assert_eq!(
        refusal(refused).1,
        "billing.hold_settled",
        "nobody ever tried to send it"
    );
    let lost = billing.lost("acme").await?;
    for delivery in [billing.delivery(), lost] {
        let refused = billing.settle("other", delivery, HoldState::Captured, "a guess").await;
        assert_eq!(refusal(refused), ("delivery".to_owned(), "request.not_found"));
    }
    for (outcome, note, field) in [
        (HoldState::Held, "x", "outcome"),
        (HoldState::Captured, " ", "note"),
        (HoldState::Released, "x\ny", "note"),
    ] {
        assert_eq!(refusal(billing.settle("acme", lost, outcome, note).await).0, field);
    }
    let long = "x".repeat(201);
    assert_eq!(
        refusal(billing.settle("acme", lost, HoldState::Released, &long).await).0,
        "note"
    );
    assert_eq!(billing.balance("acme").await?, (8, 2));
    assert_eq!(billing.balance("other").await?, (10, 0));
    Ok(())
}

#[tokio::test]
async fn the_journal_tells_where_each_amount_went() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    billing.open("other", 10).await?;
    let mut wanted = vec!["top_up funds available 10 first".to_owned()];
    for _ in 0..2 {
        billing.clock.advance(Duration::from_secs(1));
        let delivery = billing.lost("acme").await?;
        billing.clock.advance(Duration::from_secs(1));
        billing.settle("acme", delivery, HoldState::Captured, "seen").await?;
        wanted.push(format!("hold available held 1 {delivery}"));
        wanted.push(format!("capture held spent 1 {delivery}"));
    }
    wanted.reverse();
    let told = billing.journal("acme").await?;
    let words = |line: &Transfer| {
        let (pu, about) = (line.micro_pu / PU, format!("{}{}", line.delivery, line.request_id));
        format!("{} {} {} {pu} {about}", line.reason, line.debit, line.credit)
    };
    assert_eq!(told.iter().map(words).collect::<Vec<_>>(), wanted);
    let backwards = ListTransfersRequest {
        workspace: "acme".into(),
        from: day("2026-02-01T00:00:00Z"),
        to: day("2026-01-01T00:00:00Z"),
        ..Default::default()
    };
    assert_eq!(refusal(billing.client.clone().list_transfers(backwards).await).0, "to");
    Ok(())
}

#[tokio::test]
async fn what_was_accepted_on_other_terms_costs_what_was_held() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let delivery = billing.delivery();
    billing.hold("acme", delivery, 1).await?;
    let fact = DeliveryAccepted {
        parts: 3,
        country: "DE".into(),
        ..accepted(delivery)
    };
    billing.publish("acme", &fact).await?;
    billing.state_becomes("acme", delivery, HoldState::Captured).await?;
    assert_eq!(billing.balance("acme").await?, (9, 0));
    let charged = billing.charges("acme").await?;
    assert_eq!((charged[0].parts, charged[0].country.as_str()), (1, "PL"));
    billing.books_are_right().await
}
