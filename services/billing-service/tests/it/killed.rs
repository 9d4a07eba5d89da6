//! Two replicas whose connections to the database are cut again and again.

use crate::harness::{Harness, SOON, Tested};
use domain::{DeliveryId, Entropy};
use futures::future::join_all;
use rpc::billing::billing_service_client::BillingServiceClient;
use rpc::billing::{HoldRequest, HoldState};
use testkit::{SeededEntropy, eventually};
use tonic::transport::Channel;

const SEED: u64 = 17;
const ROUNDS: usize = 30;
const HOLDS: usize = 24;
const WORKSPACES: [&str; 3] = ["acme", "bolt", "club"];
const PAID: i64 = 10_000;

/// A delivery, whose it is, and whether a provider takes it.
type Sent = (DeliveryId, &'static str, bool);

#[tokio::test]
async fn the_books_are_right_although_connections_are_cut_under_two_replicas() -> Tested {
    let billing = Harness::start().await?;
    let (second, running) = billing.replica().await?;
    for workspace in WORKSPACES {
        billing.open(workspace, PAID).await?;
    }
    let chance = SeededEntropy::new(SEED);
    let pick = |of: usize| usize::from(chance.secret()[0]) % of;
    let mut all: Vec<Sent> = Vec::new();
    for round in 0..ROUNDS {
        let sent: Vec<Sent> = (0..HOLDS)
            .map(|_| (billing.delivery(), WORKSPACES[pick(3)], pick(4) > 0))
            .collect();
        // Some are asked for at both replicas at once, as a caller does who got no answer from the first.
        let calls = sent.iter().flat_map(|one| {
            let asked: &[_] = match pick(5) {
                0 => &[&billing.client, &second],
                1 | 2 => &[&billing.client],
                _ => &[&second],
            };
            asked
                .iter()
                .map(|client| held((*client).clone(), *one))
                .collect::<Vec<_>>()
        });
        let calls: Vec<_> = calls.collect();
        let cuts = (0..pick(3)).map(|_| cut(&billing));
        let (states, cut) = tokio::join!(join_all(calls), join_all(cuts));
        cut.into_iter().collect::<Result<Vec<_>, _>>()?;
        for state in states {
            anyhow::ensure!(
                state? != HoldState::NotCovered,
                "seed {SEED}, round {round}: there is enough for all"
            );
        }
        for (delivery, workspace, taken) in &sent {
            billing.attempting(workspace, *delivery).await?;
            if *taken {
                billing.accepted(workspace, *delivery).await?;
            } else {
                billing.failed(workspace, *delivery).await?;
            }
        }
        billing.books_are_right().await?;
        all.extend(sent);
    }
    let taken = i64::try_from(all.iter().filter(|(_, _, taken)| *taken).count())?;
    let released = i64::try_from(all.len())? - taken;
    eventually(format!("seed {SEED}: all are settled"), SOON, async || {
        let captured = billing
            .count("SELECT count(*) FROM hold WHERE state = 'captured'")
            .await
            .ok()?;
        let given_back = billing
            .count("SELECT count(*) FROM hold WHERE state = 'released'")
            .await
            .ok()?;
        ((captured, given_back) == (taken, released)).then_some(())
    })
    .await?;
    for workspace in WORKSPACES {
        let charged = all.iter().filter(|(_, of, taken)| *of == workspace && *taken).count();
        assert_eq!(
            billing.balance(workspace).await?,
            (PAID - i64::try_from(charged)?, 0),
            "{workspace}"
        );
    }
    running.stop().await;
    billing.books_are_right().await
}

/// Asks until there is an answer: the same delivery is held once, however often.
async fn held(mut client: BillingServiceClient<Channel>, (delivery, workspace, _): Sent) -> anyhow::Result<HoldState> {
    let request = HoldRequest {
        workspace: workspace.into(),
        delivery: delivery.to_string(),
        kind: events::common::MessageKind::Sms.into(),
        country: "PL".into(),
        parts: 1,
    };
    let mut refused = None;
    for _ in 0..50 {
        match client.hold(request.clone()).await {
            Ok(answer) => return Ok(answer.into_inner().state()),
            Err(status) => {
                refused = Some(status);
                tokio::task::yield_now().await;
            }
        }
    }
    anyhow::bail!("no answer after fifty tries: {refused:?}")
}

/// Ends every connection that the service has.
async fn cut(billing: &Harness) -> Tested {
    let all = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = 'billing'";
    billing.count(all).await.map(|_| ())
}
