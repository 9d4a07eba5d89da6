//! Holds of several workspaces share transactions; what one of them meets, the others do not.

use crate::harness::{Harness, PU, Tested, refusal};
use domain::DeliveryId;
use events::common::MessageKind;
use futures::future::{join, join_all};
use rpc::billing::{CloseAccountRequest, HoldRequest, HoldState};
use sqlx::Connection;

#[tokio::test]
async fn workspaces_that_are_held_for_at_once_are_decided_apart() -> Tested {
    let billing = Harness::start().await?;
    for (workspace, pu) in [("rich", 100), ("poor", 2), ("shut", 10)] {
        billing.open(workspace, pu).await?;
    }
    let close = CloseAccountRequest {
        workspace: "shut".into(),
    };
    billing.client.clone().close_account(close).await?;
    billing.top_up("unpriced", "first", PU).await?;

    let several = async |workspace: &'static str, count: usize| {
        let one = async || billing.hold(workspace, billing.delivery(), 1).await;
        join_all((0..count).map(|_| one())).await
    };
    let (good, bad) = join(
        join(several("rich", 20), several("poor", 5)),
        join(several("shut", 3), several("unpriced", 3)),
    )
    .await;
    let (rich, poor) = good;
    for state in rich {
        assert_eq!(state?, HoldState::Held);
    }
    let poor = poor.into_iter().collect::<Result<Vec<HoldState>, _>>()?;
    let held = poor.iter().filter(|state| **state == HoldState::Held).count();
    let refused = poor.iter().filter(|state| **state == HoldState::NotCovered).count();
    assert_eq!((held, refused), (2, 3));
    let (shut, unpriced) = bad;
    for answer in shut {
        assert_eq!(refusal(answer), ("workspace".into(), "billing.account_closed"));
    }
    for answer in unpriced {
        assert_eq!(refusal(answer), ("country".into(), "billing.price_missing"));
    }
    assert_eq!(billing.balance("rich").await?, (80, 20));
    assert_eq!(billing.balance("poor").await?, (0, 2));
    assert_eq!(billing.balance("shut").await?, (10, 0));
    billing.books_are_right().await
}

#[tokio::test]
async fn an_account_that_is_held_up_holds_up_no_other() -> Tested {
    let billing = Harness::start().await?;
    for workspace in ["stuck", "acme", "globex"] {
        billing.open(workspace, 10).await?;
    }
    let mut admin = billing.admin().await?;
    let mut lock = admin.begin().await?;
    sqlx::query("SELECT FROM account WHERE workspace_id = 'stuck' FOR UPDATE")
        .execute(&mut *lock)
        .await?;
    let stuck = billing.hold("stuck", billing.delivery(), 1);
    let others = async {
        let hold = |workspace| billing.hold(workspace, billing.delivery(), 1);
        for state in join_all(["acme", "globex", "acme", "globex"].map(hold)).await {
            assert_eq!(state?, HoldState::Held);
        }
        // Only now is the one account let go.
        lock.rollback().await?;
        anyhow::Ok(())
    };
    let (stuck, others) = join(stuck, others).await;
    others?;
    assert_eq!(stuck?, HoldState::Held);
    assert_eq!(billing.balance("acme").await?, (8, 2));
    billing.books_are_right().await
}

#[tokio::test]
async fn replicas_hold_and_settle_for_the_same_workspaces_at_once() -> Tested {
    let billing = Harness::start().await?;
    let workspaces: Vec<String> = (0..12).map(|number| format!("w-{number}")).collect();
    join_all(workspaces.iter().map(|workspace| billing.open(workspace, 100)))
        .await
        .into_iter()
        .collect::<Result<Vec<()>, _>>()?;
    let (other, running) = billing.replica().await?;
    let life = async |number: usize, delivery: DeliveryId| {
        let workspace = &workspaces[number % workspaces.len()];
        let request = HoldRequest {
            workspace: workspace.clone(),
            delivery: delivery.to_string(),
            kind: MessageKind::Sms.into(),
            country: "PL".into(),
            parts: 1,
        };
        let mut replica = if number.is_multiple_of(2) {
            billing.client.clone()
        } else {
            other.clone()
        };
        assert_eq!(replica.hold(request).await?.into_inner().state(), HoldState::Held);
        if number.is_multiple_of(5) {
            billing.failed(workspace, delivery).await
        } else {
            billing.accepted(workspace, delivery).await
        }
    };
    let lives = (0..480).map(|number| life(number, billing.delivery()));
    for result in join_all(lives).await {
        result?;
    }
    // Forty each; every fifth of them failed.
    for workspace in &workspaces {
        billing.balance_becomes(workspace, (100 - 32, 0)).await?;
    }
    billing.books_are_right().await?;
    running.stop().await;
    Ok(())
}
