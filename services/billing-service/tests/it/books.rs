use crate::harness::{HOLD_EXPIRY, Harness, PU, SOON, Tested};
use domain::DeliveryId;
use events::common::MessageKind;
use rpc::billing::{HoldRequest, HoldState};
use std::time::Duration;
use testkit::eventually;

/// A small generator: the seed is the whole story.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Holds, facts (repeated, in any order), top-ups and expiries at once, on two accounts that cannot cover it all.
#[tokio::test]
async fn the_books_are_right_under_any_interleaving() -> Tested {
    let billing = Harness::start().await?;
    let seed = 20_260_105;
    let mut dice = Dice(seed);
    let workspaces = ["acme", "globex"];
    for workspace in workspaces {
        billing.open(workspace, 8).await?;
    }
    let deliveries: Vec<DeliveryId> = (0..40).map(|_| billing.delivery()).collect();
    for round in 0..8 {
        let steps: Vec<(u64, &str, DeliveryId)> = (0..40)
            .map(|_| {
                let workspace = workspaces[dice.roll(2) as usize];
                (dice.roll(10), workspace, deliveries[dice.roll(40) as usize])
            })
            .collect();
        let running = steps.into_iter().map(|(action, workspace, delivery)| {
            let billing = &billing;
            async move {
                match action {
                    0 => billing
                        .top_up(workspace, &format!("{delivery} {round}"), PU)
                        .await
                        .map(|_| ())?,
                    1..=5 => billing.hold(workspace, delivery, 1).await.map(|_| ())?,
                    6 => billing.attempting(workspace, delivery).await?,
                    7 | 8 => billing.accepted(workspace, delivery).await?,
                    _ => billing.failed(workspace, delivery).await?,
                }
                anyhow::Ok(())
            }
        });
        for result in futures::future::join_all(running).await {
            result.map_err(|error| error.context(format!("seed {seed}, round {round}")))?;
        }
        billing.clock.advance(HOLD_EXPIRY / 3);
        billing.books_are_right().await?;
    }
    billing.clock.advance(HOLD_EXPIRY);
    let open = "SELECT count(*) FROM hold WHERE state = 'held' AND NOT attempted";
    let none = async || (billing.count(open).await.ok()? == 0).then_some(());
    eventually("what was never attempted has expired", SOON, none).await?;
    billing.books_are_right().await?;
    let charged_twice = "SELECT count(*) FROM (SELECT FROM transfer WHERE credit = 'spent'
        GROUP BY workspace_id, delivery HAVING count(*) > 1) twice";
    assert_eq!(billing.count(charged_twice).await?, 0);
    let uncharged = "SELECT count(*) FROM hold h WHERE state = 'captured' AND amount > 0 AND NOT EXISTS
        (SELECT FROM transfer t WHERE t.workspace_id = h.workspace_id AND t.delivery = h.id AND t.credit = 'spent'
           AND t.amount = h.amount)";
    assert_eq!(billing.count(uncharged).await?, 0);
    billing.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_wrong_balance_is_found_and_the_comparison_is_armed_again() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    billing.hold("acme", billing.delivery(), 1).await?;
    billing.books_are_right().await?;
    sqlx::query("UPDATE account SET available = available + 1")
        .execute(&mut billing.admin().await?)
        .await?;
    assert!(billing.books_are_right().await.is_err());

    billing.clock.advance(Duration::from_secs(86_400));
    let armed = "SELECT count(*) FROM audit WHERE due_at > '2026-01-06T12:00:01Z' AND leased_until IS NULL";
    let again = async || (billing.count(armed).await.ok()? == 1).then_some(());
    eventually("the next comparison is armed", SOON, again).await?;
    Ok(())
}

#[tokio::test]
async fn a_hot_account_takes_holds_and_captures_at_once() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 1000).await?;
    let deliveries: Vec<DeliveryId> = (0..200).map(|_| billing.delivery()).collect();
    let running = deliveries.iter().map(|delivery| {
        let billing = &billing;
        async move {
            assert_eq!(billing.hold("acme", *delivery, 1).await?, HoldState::Held);
            billing.attempting("acme", *delivery).await?;
            billing.accepted("acme", *delivery).await
        }
    });
    for result in futures::future::join_all(running).await {
        result?;
    }
    billing.balance_becomes("acme", (800, 0)).await?;
    billing.books_are_right().await
}

#[tokio::test]
async fn two_replicas_keep_the_same_books() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 20).await?;
    let (other, running) = billing.replica().await?;
    let deliveries: Vec<DeliveryId> = (0..30).map(|_| billing.delivery()).collect();
    // Each delivery at both replicas at once.
    let tries = deliveries.iter().map(|delivery| {
        let (mut other, billing) = (other.clone(), &billing);
        let request = HoldRequest {
            workspace: "acme".into(),
            delivery: delivery.to_string(),
            kind: MessageKind::Sms.into(),
            country: "PL".into(),
            parts: 1,
        };
        async move {
            let here = billing.hold("acme", *delivery, 1);
            let (here, there) = futures::future::join(here, other.hold(request)).await;
            anyhow::Ok((here?, there?.into_inner().state()))
        }
    });
    for result in futures::future::join_all(tries).await {
        let (here, there) = result?;
        let expected = [HoldState::Held, HoldState::NotCovered];
        assert!(
            expected.contains(&here) && expected.contains(&there),
            "{here:?} {there:?}"
        );
    }
    assert_eq!(billing.balance("acme").await?, (0, 20));
    for delivery in &deliveries {
        billing.failed("acme", *delivery).await?;
    }
    billing.balance_becomes("acme", (20, 0)).await?;
    billing.books_are_right().await?;
    running.stop().await;
    Ok(())
}
