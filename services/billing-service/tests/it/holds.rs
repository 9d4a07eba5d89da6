use crate::harness::{HOLD_EXPIRY, Harness, PU, Tested, refusal};
use events::common::MessageKind;
use rpc::billing::HoldState;
use std::time::Duration;

#[tokio::test]
async fn a_hold_reserves_once_however_often_it_is_asked_for() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let delivery = billing.delivery();
    for _ in 0..3 {
        let answer = billing.hold_kind("acme", delivery, MessageKind::Sms, "PL", 2).await?;
        assert_eq!((answer.state(), answer.micro_pu), (HoldState::Held, 2 * PU));
    }
    assert_eq!(billing.balance("acme").await?, (8, 2));
    assert_eq!(
        refusal(billing.hold("acme", delivery, 3).await),
        ("delivery".into(), "billing.hold_differs")
    );
    billing.books_are_right().await?;
    billing.stop().await;
    Ok(())
}

#[tokio::test]
async fn not_covered_is_an_answer_and_a_later_try_may_be_covered() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 1).await?;
    let delivery = billing.delivery();
    let answer = billing.hold_kind("acme", delivery, MessageKind::Sms, "PL", 2).await?;
    assert_eq!((answer.state(), answer.micro_pu), (HoldState::NotCovered, 2 * PU));
    assert_eq!(billing.balance("acme").await?, (1, 0));
    assert!(billing.charges("acme").await?.is_empty());
    billing.top_up("acme", "second", PU).await?;
    assert_eq!(billing.hold("acme", delivery, 2).await?, HoldState::Held);
    billing.books_are_right().await?;
    // A workspace that never had anything is not covered either.
    billing.set_price("poor", MessageKind::Sms, "*", PU).await?;
    assert_eq!(
        billing.hold("poor", billing.delivery(), 1).await?,
        HoldState::NotCovered
    );
    Ok(())
}

#[tokio::test]
async fn a_price_of_zero_needs_no_account() -> Tested {
    let billing = Harness::start().await?;
    let answer = billing
        .hold_kind("acme", billing.delivery(), MessageKind::Email, "", 1)
        .await?;
    assert_eq!((answer.state(), answer.micro_pu), (HoldState::Held, 0));
    billing.books_are_right().await
}

#[tokio::test]
async fn fifty_at_once_never_overdraw() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 20).await?;
    let tries = (0..50).map(|_| {
        let (billing, delivery) = (&billing, billing.delivery());
        async move { billing.hold("acme", delivery, 1).await }
    });
    let mut states = Vec::new();
    for answer in futures::future::join_all(tries).await {
        states.push(answer?);
    }
    let held = states.iter().filter(|state| **state == HoldState::Held).count();
    assert_eq!(held, 20);
    assert!(
        states
            .iter()
            .all(|state| matches!(state, HoldState::Held | HoldState::NotCovered))
    );
    assert_eq!(billing.balance("acme").await?, (0, 20));
    billing.books_are_right().await
}

#[tokio::test]
async fn the_same_delivery_held_at_once_is_held_once() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 20).await?;
    let delivery = billing.delivery();
    let tries = (0..20).map(|_| billing.hold("acme", delivery, 1));
    for answer in futures::future::join_all(tries).await {
        assert_eq!(answer?, HoldState::Held);
    }
    assert_eq!(billing.balance("acme").await?, (19, 1));
    billing.books_are_right().await
}

#[tokio::test]
async fn a_hold_expires_only_if_nobody_attempted_the_delivery() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let (idle, attempted) = (billing.delivery(), billing.delivery());
    billing.hold("acme", idle, 1).await?;
    billing.hold("acme", attempted, 1).await?;
    billing.attempting("acme", attempted).await?;
    let noted = async || (billing.count("SELECT count(*) FROM hold WHERE attempted").await.ok()? == 1).then_some(());
    testkit::eventually("the attempt is noted", crate::harness::SOON, noted).await?;

    billing.clock.advance(HOLD_EXPIRY - Duration::from_secs(1));
    assert_eq!(billing.balance("acme").await?, (8, 2));
    billing.clock.advance(Duration::from_secs(2));
    billing.state_becomes("acme", idle, HoldState::Expired).await?;
    assert_eq!(billing.balance("acme").await?, (9, 1));
    billing.books_are_right().await?;

    // Asked for again, an expired hold is placed anew; then it can be captured as if nothing had been.
    assert_eq!(billing.hold("acme", idle, 1).await?, HoldState::Held);
    billing.accepted("acme", idle).await?;
    billing.balance_becomes("acme", (8, 1)).await?;
    billing.books_are_right().await
}

#[tokio::test]
async fn what_cannot_be_held_is_refused_by_field() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let delivery = billing.delivery();
    let hold =
        async |kind, country: &str, parts| refusal(billing.hold_kind("acme", delivery, kind, country, parts).await);
    assert_eq!(
        hold(MessageKind::Unspecified, "PL", 1).await,
        ("kind".into(), "request.invalid")
    );
    assert_eq!(
        hold(MessageKind::Sms, "", 1).await,
        ("country".into(), "request.invalid")
    );
    assert_eq!(
        hold(MessageKind::Sms, "pl", 1).await,
        ("country".into(), "request.invalid")
    );
    assert_eq!(
        hold(MessageKind::Email, "PL", 1).await,
        ("country".into(), "request.invalid")
    );
    assert_eq!(
        hold(MessageKind::Sms, "PL", 0).await,
        ("parts".into(), "request.invalid")
    );
    assert_eq!(
        hold(MessageKind::Sms, "PL", 256).await,
        ("parts".into(), "request.invalid")
    );
    assert_eq!(
        hold(MessageKind::Lms, "PL", 1).await,
        ("country".into(), "billing.price_missing")
    );
    assert_eq!(
        refusal(billing.hold("No Slug", delivery, 1).await),
        ("workspace".into(), "request.invalid")
    );
    assert_eq!(billing.count("SELECT count(*) FROM hold").await?, 0);
    Ok(())
}
