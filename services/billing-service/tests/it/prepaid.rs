//! What is paid in: expiry, allowances, thresholds, closed accounts.

use crate::harness::{Harness, PU, SOON, Tested, refusal};
use bus::{ConsumerSpec, Handler};
use domain::{Clock, Timestamp};
use events::Received;
use events::common::MessageKind;
use events::event::{AccountBalanceLow, AccountTopUpRequested};
use rpc::billing::{
    CloseAccountRequest, GetAccountRequest, GetAccountResponse, HoldState, Plan, ReopenAccountRequest, SetPlanRequest,
    SetThresholdsRequest, Thresholds, TopUpRequest,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use testkit::eventually;
use tokio_util::sync::CancellationToken;

const HOUR: Duration = Duration::from_secs(3600);

impl Harness {
    async fn pay_in(
        &self,
        workspace: &str,
        request_id: &str,
        pu: i64,
        expires_at: Timestamp,
    ) -> Result<i64, tonic::Status> {
        let request = TopUpRequest {
            workspace: workspace.into(),
            request_id: request_id.into(),
            micro_pu: pu * PU,
            expires_at: Some(events::stamp(expires_at)),
        };
        let answer = self.client.clone().top_up(request).await?.into_inner();
        Ok(answer.balance.unwrap_or_default().available_micro_pu / PU)
    }

    async fn plan(&self, workspace: &str, paid: bool, pu: i64) -> Result<(), tonic::Status> {
        let plan = Plan {
            paid,
            allowance_micro_pu: pu * PU,
        };
        let request = SetPlanRequest {
            workspace: workspace.into(),
            plan: Some(plan),
        };
        self.client.clone().set_plan(request).await.map(|_| ())
    }

    pub async fn thresholds(&self, workspace: &str, low: i64, below: i64, amount: i64) -> Result<(), tonic::Status> {
        let thresholds = Thresholds {
            low_micro_pu: low * PU,
            top_up_below_micro_pu: below * PU,
            top_up_micro_pu: amount * PU,
        };
        let request = SetThresholdsRequest {
            workspace: workspace.into(),
            thresholds: Some(thresholds),
        };
        self.client.clone().set_thresholds(request).await.map(|_| ())
    }

    async fn account(&self, workspace: &str) -> anyhow::Result<GetAccountResponse> {
        let workspace = workspace.to_owned();
        Ok(self
            .client
            .clone()
            .get_account(GetAccountRequest { workspace })
            .await?
            .into_inner())
    }

    /// What is left of each lot, and of what does not expire.
    async fn rests(&self, workspace: &str) -> anyhow::Result<(Vec<i64>, i64)> {
        let account = self.account(workspace).await?;
        let lots = account.lots.iter().map(|lot| lot.rest_micro_pu / PU).collect();
        Ok((lots, account.unexpiring_micro_pu / PU))
    }

    async fn close(&self, workspace: &str) -> Result<(), tonic::Status> {
        let workspace = workspace.to_owned();
        self.client
            .clone()
            .close_account(CloseAccountRequest { workspace })
            .await
            .map(|_| ())
    }

    async fn reopen(&self, workspace: &str) -> Result<(), tonic::Status> {
        let workspace = workspace.to_owned();
        self.client
            .clone()
            .reopen_account(ReopenAccountRequest { workspace })
            .await
            .map(|_| ())
    }

    fn after(&self, hours: i64) -> Timestamp {
        self.clock.now() + jiff::SignedDuration::from_hours(hours)
    }
}

#[tokio::test]
async fn what_expires_first_is_spent_first_and_its_rest_leaves_the_books() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 5).await?;
    billing.pay_in("acme", "late", 10, billing.after(2)).await?;
    assert_eq!(billing.pay_in("acme", "soon", 10, billing.after(1)).await?, 25);
    let delivery = billing.delivery();
    billing.hold("acme", delivery, 12).await?;
    assert_eq!(billing.rests("acme").await?, (vec![0, 8], 5));
    billing.accepted("acme", delivery).await?;
    billing.balance_becomes("acme", (13, 0)).await?;
    billing.clock.advance(HOUR);
    let one = async || (billing.rests("acme").await.ok()? == (vec![8], 5)).then_some(());
    eventually("the first is gone", SOON, one).await?;
    assert_eq!(
        billing
            .count("SELECT count(*) FROM transfer WHERE reason = 'lapse'")
            .await?,
        0,
        "it was spent"
    );
    billing.clock.advance(HOUR);
    billing.balance_becomes("acme", (5, 0)).await?;
    let lapse = "SELECT count(*) FROM transfer WHERE reason = 'lapse' AND debit = 'available' AND credit = 'lapsed'
        AND amount = 8000000 AND lot IS NOT NULL";
    assert_eq!(billing.count(lapse).await?, 1);
    assert_eq!(billing.rests("acme").await?, (vec![], 5));
    billing.books_are_right().await
}

#[tokio::test]
async fn what_is_held_when_its_lot_expires_stays_held() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 1).await?;
    billing.pay_in("acme", "soon", 10, billing.after(1)).await?;
    let (sent, lost) = (billing.delivery(), billing.delivery());
    for delivery in [sent, lost] {
        billing.hold("acme", delivery, 3).await?;
        billing.attempting("acme", delivery).await?;
    }
    let noted = async || (billing.count("SELECT count(*) FROM hold WHERE attempted").await.ok()? == 2).then_some(());
    eventually("both are attempted", SOON, noted).await?;
    billing.clock.advance(HOUR);
    billing.balance_becomes("acme", (1, 6)).await?;
    billing.accepted("acme", sent).await?;
    billing.failed("acme", lost).await?;
    billing.balance_becomes("acme", (4, 0)).await?;
    assert_eq!(
        billing.rests("acme").await?,
        (vec![], 4),
        "what came back does not expire"
    );
    billing.books_are_right().await
}

#[tokio::test]
async fn an_allowance_comes_once_a_month_and_goes_at_its_end() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 5).await?;
    billing.plan("acme", true, 100).await?;
    billing.plan("acme", true, 200).await?;
    assert_eq!(billing.balance("acme").await?, (105, 0), "one allowance a month");
    let account = billing.account("acme").await?;
    assert_eq!(
        account.lots[0].expires_at,
        Some(events::stamp("2026-02-01T00:00:00Z".parse()?))
    );
    assert_eq!(
        account.plan.map(|plan| (plan.paid, plan.allowance_micro_pu)),
        Some((true, 200 * PU))
    );
    let delivery = billing.delivery();
    billing.hold("acme", delivery, 30).await?;
    billing.accepted("acme", delivery).await?;
    billing.balance_becomes("acme", (75, 0)).await?;
    // Two replicas whose timers ring at the same time.
    let (_, replica) = billing.replica().await?;
    billing.clock.set("2026-02-01T00:00:00Z".parse()?);
    billing.balance_becomes("acme", (205, 0)).await?;
    assert_eq!(billing.rests("acme").await?, (vec![200], 5));
    let lines = "SELECT count(*) FROM transfer WHERE reason IN ('allowance', 'lapse')";
    assert_eq!(billing.count(lines).await?, 3);
    // The service was away for a while: only the month that runs is paid.
    billing.clock.set("2026-04-15T12:00:00Z".parse()?);
    let paid = async || (billing.count(lines).await.ok()? == 5).then_some(());
    eventually("one lapse and one allowance more", SOON, paid).await?;
    billing.balance_becomes("acme", (205, 0)).await?;
    // Nothing more comes to a closed account, and what was there goes.
    billing.close("acme").await?;
    billing.clock.set("2026-05-01T00:00:00Z".parse()?);
    billing.balance_becomes("acme", (5, 0)).await?;
    billing.reopen("acme").await?;
    assert_eq!(billing.balance("acme").await?, (205, 0));
    // No plan any more: what is there stays until its end.
    billing.plan("acme", true, 0).await?;
    billing.clock.set("2026-06-01T00:00:00Z".parse()?);
    billing.balance_becomes("acme", (5, 0)).await?;
    billing.books_are_right().await?;
    replica.stop().await;
    Ok(())
}

#[tokio::test]
async fn prepaying_needs_a_paid_plan() -> Tested {
    let billing = Harness::start().await?;
    billing.top_up("acme", "first", 5 * PU).await?;
    billing.plan("acme", false, 10).await?;
    let refused = refusal(billing.top_up("acme", "second", PU).await);
    assert_eq!(refused, ("workspace".into(), "billing.plan_unpaid"));
    // The answer to an old request stays what it was, and what is there can be spent.
    assert_eq!(
        billing.top_up("acme", "first", 5 * PU).await?.available_micro_pu,
        15 * PU
    );
    billing.set_price("acme", MessageKind::Sms, "PL", PU).await?;
    assert_eq!(billing.hold("acme", billing.delivery(), 12).await?, HoldState::Held);
    billing.plan("acme", true, 10).await?;
    billing.top_up("acme", "second", PU).await?;
    assert_eq!(billing.balance("acme").await?, (4, 12));
    billing.books_are_right().await
}

#[tokio::test]
async fn a_closed_account_takes_nothing_and_settles_what_is_open() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let (sent, lost) = (billing.delivery(), billing.delivery());
    billing.hold("acme", sent, 1).await?;
    billing.hold("acme", lost, 2).await?;
    for _ in 0..2 {
        billing.close("acme").await?;
    }
    assert!(billing.account("acme").await?.closed);
    let closed = ("workspace".to_owned(), "billing.account_closed");
    assert_eq!(refusal(billing.hold("acme", billing.delivery(), 1).await), closed);
    let mail = billing
        .hold_kind("acme", billing.delivery(), MessageKind::Email, "", 1)
        .await;
    assert_eq!(refusal(mail), closed, "also what costs nothing");
    let tries = (0..10).map(|_| billing.hold("acme", billing.delivery(), 1));
    for answer in futures::future::join_all(tries).await {
        assert_eq!(refusal(answer), closed);
    }
    assert_eq!(refusal(billing.top_up("acme", "second", PU).await), closed);
    assert_eq!(
        billing.hold("acme", sent, 1).await?,
        HoldState::Held,
        "what is held is answered"
    );
    billing.accepted("acme", sent).await?;
    billing.failed("acme", lost).await?;
    billing.balance_becomes("acme", (9, 0)).await?;
    for _ in 0..2 {
        billing.reopen("acme").await?;
    }
    assert_eq!(billing.hold("acme", billing.delivery(), 1).await?, HoldState::Held);
    // One that never was.
    billing.reopen("nobody").await?;
    billing.close("nobody").await?;
    assert_eq!(refusal(billing.top_up("nobody", "first", PU).await), closed);
    billing.books_are_right().await
}

#[tokio::test]
async fn a_low_balance_is_told_once_and_a_top_up_is_asked_for_once() -> Tested {
    let billing = Harness::start().await?;
    let seen = Seen::listen(&billing);
    billing.open("acme", 10).await?;
    billing.open("globex", 10).await?;
    billing.thresholds("acme", 8, 5, 50).await?;
    for _ in 0..9 {
        billing.hold("acme", billing.delivery(), 1).await?;
        billing.hold("globex", billing.delivery(), 1).await?;
    }
    seen.becomes(1, 1).await?;
    // It comes back, and goes again: no news.
    let delivery = billing.delivery();
    billing.hold("acme", delivery, 1).await?;
    billing.failed("acme", delivery).await?;
    billing.balance_becomes("acme", (1, 9)).await?;
    billing.hold("acme", billing.delivery(), 1).await?;
    // Money, too little to lift it: only a top-up may be asked for again.
    let asked = seen.asked();
    let pay = asked[0].request_id.clone();
    billing.top_up("acme", &pay, 3 * PU).await?;
    billing.hold("acme", billing.delivery(), 1).await?;
    seen.becomes(1, 2).await?;
    billing.top_up("acme", "plenty", 50 * PU).await?;
    billing.hold("acme", billing.delivery(), 50).await?;
    seen.becomes(2, 3).await?;
    let (low, asked) = (seen.low(), seen.asked());
    assert_eq!((low[0].available_micro_pu, low[0].below_micro_pu), (7 * PU, 8 * PU));
    assert_eq!((asked[0].available_micro_pu, asked[0].micro_pu), (4 * PU, 50 * PU));
    let mut versions: Vec<u64> = low
        .iter()
        .map(|fact| fact.version)
        .chain(asked.iter().map(|fact| fact.version))
        .collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=5).collect::<Vec<u64>>());
    billing.books_are_right().await
}

#[tokio::test]
async fn expiry_and_late_charges_are_watched_too() -> Tested {
    let billing = Harness::start().await?;
    let seen = Seen::listen(&billing);
    billing.open("acme", 1).await?;
    billing.thresholds("acme", 8, 5, 50).await?;
    seen.becomes(1, 1).await?;
    billing.pay_in("acme", "soon", 20, billing.after(1)).await?;
    billing.clock.advance(HOUR);
    seen.becomes(2, 2).await?;
    billing.top_up("acme", "again", 10 * PU).await?;
    for _ in 0..9 {
        billing.accepted("acme", billing.delivery()).await?;
    }
    billing.balance_becomes("acme", (2, 0)).await?;
    seen.becomes(3, 3).await?;
    billing.books_are_right().await
}

#[tokio::test]
async fn a_balance_that_is_below_new_thresholds_is_told_at_once() -> Tested {
    let billing = Harness::start().await?;
    let seen = Seen::listen(&billing);
    billing.open("acme", 10).await?;
    billing.thresholds("acme", 20, 0, 0).await?;
    seen.becomes(1, 0).await?;
    billing.thresholds("acme", 0, 15, 5).await?;
    seen.becomes(1, 1).await?;
    billing.thresholds("acme", 0, 0, 0).await?;
    billing.hold("acme", billing.delivery(), 9).await?;
    billing.thresholds("acme", 2, 0, 0).await?;
    seen.becomes(2, 1).await
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_field_and_each_account_is_its_own() -> Tested {
    let billing = Harness::start().await?;
    billing.open("acme", 10).await?;
    let past = billing.pay_in("acme", "past", 1, billing.clock.now()).await;
    assert_eq!(refusal(past).0, "expires_at");
    billing.pay_in("acme", "soon", 1, billing.after(1)).await?;
    let exists = ("request_id".to_owned(), "request.exists");
    assert_eq!(
        refusal(billing.pay_in("acme", "soon", 1, billing.after(2)).await),
        exists
    );
    assert_eq!(refusal(billing.top_up("acme", "soon", PU).await), exists);
    assert_eq!(
        billing.pay_in("acme", "soon", 1, billing.after(1)).await?,
        11,
        "the same again"
    );
    assert_eq!(
        refusal(billing.plan("acme", true, -1).await).0,
        "plan.allowance_micro_pu"
    );
    assert_eq!(
        refusal(billing.thresholds("acme", -1, 0, 0).await).0,
        "thresholds.low_micro_pu"
    );
    assert_eq!(
        refusal(billing.thresholds("acme", 0, 1, 0).await).0,
        "thresholds.top_up_micro_pu"
    );
    assert_eq!(
        refusal(billing.thresholds("acme", 0, 0, 1).await).0,
        "thresholds.top_up_below_micro_pu"
    );
    let nothing = SetPlanRequest {
        workspace: "acme".into(),
        plan: None,
    };
    assert_eq!(refusal(billing.client.clone().set_plan(nothing).await).0, "plan");
    assert_eq!(refusal(billing.close("No Slug").await).0, "workspace");

    billing.plan("acme", false, 7).await?;
    billing.thresholds("acme", 3, 2, 1).await?;
    billing.close("acme").await?;
    let other = billing.account("globex").await?;
    assert!(!other.closed && other.lots.is_empty());
    assert_eq!(
        other.plan.map(|plan| (plan.paid, plan.allowance_micro_pu)),
        Some((true, 0))
    );
    assert_eq!(other.thresholds, Some(Thresholds::default()));
    assert_eq!(billing.pay_in("globex", "soon", 2, billing.after(3)).await?, 2);
    assert_eq!(billing.balance("acme").await?, (18, 0));
    billing.books_are_right().await
}

/// The facts about accounts of `acme`, each once.
#[derive(Clone, Default)]
struct Seen {
    facts: Arc<Mutex<(Vec<AccountBalanceLow>, Vec<AccountTopUpRequested>)>>,
}

impl Seen {
    fn listen(billing: &Harness) -> Self {
        let seen = Self::default();
        let filters = vec![
            events::fact_filter::<AccountBalanceLow>(),
            events::fact_filter::<AccountTopUpRequested>(),
        ];
        let spec = ConsumerSpec::facts("test_accounts", filters);
        let handler = Arc::new(seen.clone());
        tokio::spawn(bus::consume(
            billing.bus.clone(),
            spec,
            handler,
            CancellationToken::new(),
        ));
        seen
    }

    fn low(&self) -> Vec<AccountBalanceLow> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    fn asked(&self) -> Vec<AccountTopUpRequested> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    async fn becomes(&self, low: usize, asked: usize) -> Tested {
        let what = format!("{low} and {asked} were told");
        let told = eventually(what, SOON, async || {
            let told = (self.low().len(), self.asked().len());
            (told.0 >= low && told.1 >= asked).then_some(told)
        });
        assert_eq!(told.await?, (low, asked));
        Ok(())
    }
}

impl Handler for Seen {
    async fn handle(&self, message: Received) -> fault::Result<()> {
        assert_eq!(message.workspace().as_str(), "acme", "nobody else has thresholds");
        let mut facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        if message.is::<AccountBalanceLow>() {
            facts.0.push(message.decode()?);
        } else {
            facts.1.push(message.decode()?);
        }
        Ok(())
    }
}
