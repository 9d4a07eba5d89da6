use crate::harness::{HOLD_EXPIRY, Harness, PU, SOON, Tested, accepted};
use bus::{ConsumerSpec, Handler};
use domain::{Clock, DeliveryId};
use events::Received;
use events::common::MessageKind;
use events::event::{
    ChargeCaptured, ChargeReleased, DeliveryAccepted, DeliveryDelivered, DeliveryUndelivered, WorkspaceChanged,
    WorkspaceCreated,
};
use events::stamp;
use rpc::billing::{HoldState, Receipt};
use std::sync::{Arc, Mutex, PoisonError};
use testkit::eventually;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn accepted_captures_and_failed_releases_once() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let seen = Seen::listen(&billing);
    let (sent, lost) = (billing.delivery(), billing.delivery());
    billing.hold("acme", sent, 1).await?;
    billing.hold("acme", lost, 1).await?;
    for _ in 0..3 {
        billing.attempting("acme", sent).await?;
        billing.accepted("acme", sent).await?;
        billing.attempting("acme", lost).await?;
        billing.failed("acme", lost).await?;
    }
    billing.balance_becomes("acme", (9, 0)).await?;
    billing.state_becomes("acme", sent, HoldState::Captured).await?;
    billing.state_becomes("acme", lost, HoldState::Released).await?;
    let both = async || (seen.captured().len() == 1 && seen.released() == 1).then_some(());
    eventually("one fact for each", SOON, both).await?;
    let fact = &seen.captured()[0];
    assert_eq!(
        (fact.delivery.clone(), fact.micro_pu, fact.parts),
        (sent.to_string(), PU, 1)
    );
    assert_eq!((fact.kind(), fact.country.as_str()), (MessageKind::Sms, "PL"));
    billing.books_are_right().await
}

#[tokio::test]
async fn acceptance_wins_whatever_comes_before_or_after() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let (first, second) = (billing.delivery(), billing.delivery());
    billing.hold("acme", first, 1).await?;
    billing.accepted("acme", first).await?;
    billing.failed("acme", first).await?;
    billing.attempting("acme", first).await?;

    billing.hold("acme", second, 1).await?;
    billing.failed("acme", second).await?;
    billing.state_becomes("acme", second, HoldState::Released).await?;
    billing.accepted("acme", second).await?;
    billing.state_becomes("acme", second, HoldState::Captured).await?;
    billing.state_becomes("acme", first, HoldState::Captured).await?;
    assert_eq!(billing.balance("acme").await?, (8, 0));
    billing.books_are_right().await
}

#[tokio::test]
async fn a_failure_that_overtakes_the_hold_leaves_nothing_held() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let delivery = billing.delivery();
    billing.failed("acme", delivery).await?;
    let noted = async || (billing.count("SELECT count(*) FROM hold").await.ok()? == 1).then_some(());
    eventually("the failure is noted", SOON, noted).await?;
    assert_eq!(billing.hold("acme", delivery, 1).await?, HoldState::Released);
    assert_eq!(billing.balance("acme").await?, (10, 0));
    billing.books_are_right().await
}

#[tokio::test]
async fn the_log_tells_what_receipts_said_whatever_came_first() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let [arrived, lost, silent, early] = std::array::from_fn(|_| billing.delivery());
    let delivered = |delivery: DeliveryId| DeliveryDelivered {
        delivery: delivery.to_string(),
        at: Some(stamp(billing.clock.now())),
        ..Default::default()
    };
    let undelivered = |delivery: DeliveryId| DeliveryUndelivered {
        delivery: delivery.to_string(),
        reason: "30003".into(),
        at: Some(stamp(billing.clock.now())),
        ..Default::default()
    };
    billing.publish("acme", &delivered(early)).await?;
    billing.publish("bolt", &delivered(silent)).await?;
    for delivery in [arrived, lost, silent, early] {
        billing.hold("acme", delivery, 1).await?;
        billing.accepted("acme", delivery).await?;
    }
    billing.publish("acme", &undelivered(arrived)).await?;
    for _ in 0..2 {
        billing.publish("acme", &delivered(arrived)).await?;
        billing.publish("acme", &undelivered(arrived)).await?;
        billing.publish("acme", &undelivered(lost)).await?;
    }
    let expected = [
        (arrived, Receipt::Delivered),
        (lost, Receipt::Undelivered),
        (silent, Receipt::Unspecified),
        (early, Receipt::Delivered),
    ];
    let as_expected = async || {
        let log = billing.charges("acme").await.ok()?;
        let told = |delivery: DeliveryId| log.iter().find(|charge| charge.delivery == delivery.to_string());
        let all = expected.iter().all(|(delivery, receipt)| {
            told(*delivery).is_some_and(|charge| {
                charge.state() == HoldState::Captured
                    && charge.receipt() == *receipt
                    && charge.receipt_at.is_some() == (*receipt != Receipt::Unspecified)
            })
        });
        all.then_some(())
    };
    eventually("the log tells of receipts", SOON, as_expected).await?;
    assert_eq!(
        billing.balance("acme").await?,
        (6, 0),
        "money does not move by receipts"
    );
    billing.books_are_right().await
}

#[tokio::test]
async fn what_was_accepted_without_a_hold_is_charged_all_the_same() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 1).await?;
    let (covered, beyond, mail) = (billing.delivery(), billing.delivery(), billing.delivery());
    billing.accepted("acme", covered).await?;
    billing.balance_becomes("acme", (0, 0)).await?;
    billing.accepted("acme", beyond).await?;
    billing.state_becomes("acme", beyond, HoldState::Captured).await?;
    let kind = MessageKind::Email.into();
    billing
        .publish(
            "acme",
            &DeliveryAccepted {
                delivery: mail.to_string(),
                kind,
                ..Default::default()
            },
        )
        .await?;
    billing.state_becomes("acme", mail, HoldState::Captured).await?;
    assert_eq!(billing.balance("acme").await?, (0, 0));
    let shortfall = "SELECT count(*) FROM transfer WHERE debit = 'shortfall' AND credit = 'spent'";
    assert_eq!(billing.count(shortfall).await?, 1);
    billing.books_are_right().await
}

#[tokio::test]
async fn acceptance_after_expiry_is_charged_late() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 1).await?;
    let delivery = billing.delivery();
    billing.hold("acme", delivery, 1).await?;
    billing.clock.advance(HOLD_EXPIRY);
    billing.state_becomes("acme", delivery, HoldState::Expired).await?;
    billing.attempting("acme", delivery).await?;
    billing.accepted("acme", delivery).await?;
    billing.state_becomes("acme", delivery, HoldState::Captured).await?;
    assert_eq!(billing.balance("acme").await?, (0, 0));
    billing.books_are_right().await
}

#[tokio::test]
async fn one_bad_fact_holds_up_no_other() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let (good, priceless) = (billing.delivery(), billing.delivery());
    billing.hold("acme", good, 1).await?;
    billing
        .publish(
            "acme",
            &DeliveryAccepted {
                country: "FR".into(),
                ..accepted(priceless)
            },
        )
        .await?;
    billing
        .publish(
            "acme",
            &DeliveryAccepted {
                delivery: "no id".into(),
                ..Default::default()
            },
        )
        .await?;
    billing.accepted("acme", good).await?;
    billing.state_becomes("acme", good, HoldState::Captured).await?;
    // Once there is a price, what waited is charged.
    billing.set_price("acme", MessageKind::Sms, "FR", PU).await?;
    billing.state_becomes("acme", priceless, HoldState::Captured).await?;
    assert_eq!(billing.balance("acme").await?, (8, 0));
    let dead = async || (bus::list_dead(&billing.bus, None, 10).await.ok()?.len() == 1).then_some(());
    eventually("the malformed one is dead", SOON, dead).await?;
    billing.books_are_right().await
}

#[tokio::test]
async fn a_new_workspace_opens_an_account() -> Tested {
    let billing = Harness::start().await?;
    let fact = WorkspaceCreated {
        time_zone: "Europe/Warsaw".into(),
        ..Default::default()
    };
    billing.publish("acme", &fact).await?;
    let opened = "SELECT count(*) FROM account WHERE time_zone = 'Europe/Warsaw' AND available = 0 AND held = 0";
    let one = async || (billing.count(opened).await.ok()? == 1).then_some(());
    eventually("the account is open", SOON, one).await?;
    Ok(())
}

#[tokio::test]
async fn an_account_has_the_time_zone_of_its_workspaces_highest_version() -> Tested {
    let billing = Harness::start().await?;
    let changed = |version: u64, time_zone: &str| WorkspaceChanged {
        version,
        time_zone: time_zone.into(),
        ..Default::default()
    };
    // In no order, and more than once.
    for workspace in ["acme", "late"] {
        for _ in 0..2 {
            billing.publish(workspace, &changed(3, "Europe/Paris")).await?;
            billing.publish(workspace, &changed(2, "Asia/Tokyo")).await?;
            let created = WorkspaceCreated {
                time_zone: "Europe/Warsaw".into(),
                ..Default::default()
            };
            billing.publish(workspace, &created).await?;
        }
    }
    billing.publish("late", &changed(4, "Asia/Seoul")).await?;
    let zone = "SELECT count(*) FROM account WHERE (workspace_id, time_zone, zone_version)
                IN (('acme', 'Europe/Paris', 3), ('late', 'Asia/Seoul', 4))";
    let both = async || (billing.count(zone).await.ok()? == 2).then_some(());
    eventually("both have the newest zone", SOON, both).await?;
    Ok(())
}

/// Listens to what billing publishes.
#[derive(Clone, Default)]
struct Seen {
    captured: Arc<Mutex<Vec<ChargeCaptured>>>,
    released: Arc<Mutex<usize>>,
}

impl Seen {
    fn listen(billing: &Harness) -> Self {
        let seen = Self::default();
        let filters = vec![
            events::fact_filter::<ChargeCaptured>(),
            events::fact_filter::<ChargeReleased>(),
        ];
        let spec = ConsumerSpec::facts("seen", filters);
        let handler = Arc::new(seen.clone());
        tokio::spawn(bus::consume(
            billing.bus.clone(),
            spec,
            handler,
            CancellationToken::new(),
        ));
        seen
    }

    fn captured(&self) -> Vec<ChargeCaptured> {
        self.captured.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn released(&self) -> usize {
        *self.released.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handler for Seen {
    async fn handle(&self, message: Received) -> fault::Result<()> {
        if message.is::<ChargeCaptured>() {
            let fact = message.decode::<ChargeCaptured>()?;
            self.captured.lock().unwrap_or_else(PoisonError::into_inner).push(fact);
        } else {
            *self.released.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        }
        Ok(())
    }
}
