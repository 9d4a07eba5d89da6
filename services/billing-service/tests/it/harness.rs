use billing_service::{Config, MIGRATOR, start};
use bus::{Bus, BusConfig, StreamSizes};
use domain::{Clock, DeliveryId, EventId, WorkspaceId};
use events::common::MessageKind;
use events::event::{DeliveryAccepted, DeliveryAttempting, DeliveryFailed};
use events::{Fact, Outgoing};
use rpc::billing::billing_service_client::BillingServiceClient;
use rpc::billing::{
    Balance, Charge, GetBalanceRequest, HoldRequest, HoldResponse, HoldState, ListChargesRequest, Price,
    SetPricesRequest, TopUpRequest,
};
use runtime::{Millis, Running, Shell};
use sqlx::{Connection, PgConnection, Row};
use std::sync::Arc;
use std::time::Duration;
use testkit::{ManualClock, SeededEntropy, TestDatabase, TestNats, eventually};
use tonic::transport::Channel;

pub type Tested = anyhow::Result<()>;

/// One PU.
pub const PU: i64 = 1_000_000;
pub const HOLD_EXPIRY: Duration = Duration::from_secs(900);
/// For what a healthy service does at once, on a busy machine.
pub const SOON: Duration = Duration::from_secs(20);

/// A running service with its servers.
pub struct Harness {
    pub clock: ManualClock,
    pub client: BillingServiceClient<Channel>,
    pub database: TestDatabase,
    pub bus: Bus,
    entropy: SeededEntropy,
    running: Running,
    nats: TestNats,
}

impl Harness {
    pub async fn start() -> anyhow::Result<Self> {
        let migrate = async |url: String| Ok(store::migrate(&url, "billing", &MIGRATOR).await?);
        let database = TestDatabase::create("billing", migrate).await?;
        let nats = TestNats::start().await?;
        let clock = ManualClock::new();
        let running = run(&database, &nats, &clock, 1).await?;
        let bus = Bus::connect(&BusConfig {
            url: nats.url(),
            name: "test".into(),
        })
        .await?
        .with_sizes(StreamSizes::SMALL);
        bus.ensure_stream(&events::FACTS).await?;
        let client = BillingServiceClient::connect(format!("http://{}", running.grpc)).await?;
        Ok(Self {
            clock,
            client,
            database,
            bus,
            entropy: SeededEntropy::new(2),
            running,
            nats,
        })
    }

    /// A second replica on the same servers.
    pub async fn replica(&self) -> anyhow::Result<(BillingServiceClient<Channel>, Running)> {
        let running = run(&self.database, &self.nats, &self.clock, 3).await?;
        let client = BillingServiceClient::connect(format!("http://{}", running.grpc)).await?;
        Ok((client, running))
    }

    /// A second replica, with certificates.
    pub async fn with_tls(&self, tls: rpc::Tls) -> anyhow::Result<Running> {
        let (time, chance) = (Arc::new(self.clock.clone()), Arc::new(SeededEntropy::new(4)));
        let shell = Shell::for_test("billing", &self.database.url(), &self.nats.url(), time, chance).await?;
        run_in(shell.with_tls(tls)).await
    }

    /// A workspace with this balance, and texts to Poland at one PU a part.
    pub async fn open(&self, workspace: &str, pu: i64) -> anyhow::Result<()> {
        self.set_price(workspace, MessageKind::Sms, "PL", PU).await?;
        self.top_up(workspace, "first", pu * PU).await?;
        Ok(())
    }

    pub fn delivery(&self) -> DeliveryId {
        DeliveryId::generate(&self.entropy)
    }

    pub async fn top_up(&self, workspace: &str, request_id: &str, micro_pu: i64) -> Result<Balance, tonic::Status> {
        let request = TopUpRequest {
            workspace: workspace.into(),
            request_id: request_id.into(),
            micro_pu,
            ..Default::default()
        };
        let answer = self.client.clone().top_up(request).await?.into_inner();
        Ok(answer.balance.expect("every answer has a balance"))
    }

    pub async fn set_price(
        &self,
        workspace: &str,
        kind: MessageKind,
        country: &str,
        micro_pu: i64,
    ) -> Result<(), tonic::Status> {
        let valid_from = Some(events::stamp(self.clock.now()));
        let price = Price {
            kind: kind.into(),
            country: country.into(),
            valid_from,
            micro_pu,
        };
        let request = SetPricesRequest {
            workspace: workspace.into(),
            prices: vec![price],
        };
        self.client.clone().set_prices(request).await.map(|_| ())
    }

    pub async fn hold_kind(
        &self,
        workspace: &str,
        delivery: DeliveryId,
        kind: MessageKind,
        country: &str,
        parts: u32,
    ) -> Result<HoldResponse, tonic::Status> {
        let request = HoldRequest {
            workspace: workspace.into(),
            delivery: delivery.to_string(),
            kind: kind.into(),
            country: country.into(),
            parts,
        };
        Ok(self.client.clone().hold(request).await?.into_inner())
    }

    /// Holds a text to Poland.
    pub async fn hold(&self, workspace: &str, delivery: DeliveryId, parts: u32) -> Result<HoldState, tonic::Status> {
        Ok(self
            .hold_kind(workspace, delivery, MessageKind::Sms, "PL", parts)
            .await?
            .state())
    }

    /// Available and held, in PU.
    pub async fn balance(&self, workspace: &str) -> anyhow::Result<(i64, i64)> {
        let request = GetBalanceRequest {
            workspace: workspace.into(),
        };
        let answer = self.client.clone().get_balance(request).await?.into_inner();
        let balance = answer.balance.expect("every answer has a balance");
        Ok((balance.available_micro_pu / PU, balance.held_micro_pu / PU))
    }

    pub async fn balance_becomes(&self, workspace: &str, expected: (i64, i64)) -> Tested {
        let what = format!("available and held are {expected:?}");
        eventually(what, SOON, async || {
            (self.balance(workspace).await.ok()? == expected).then_some(())
        })
        .await?;
        Ok(())
    }

    /// The whole log, newest first, read in pages of three.
    pub async fn charges(&self, workspace: &str) -> anyhow::Result<Vec<Charge>> {
        let (mut charges, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListChargesRequest {
                workspace: workspace.into(),
                page_size: 3,
                page_token,
                ..Default::default()
            };
            let page = self.client.clone().list_charges(request).await?.into_inner();
            charges.extend(page.charges);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(charges);
            }
        }
    }

    pub async fn state_becomes(&self, workspace: &str, delivery: DeliveryId, state: HoldState) -> Tested {
        let is = async || {
            let charges = self.charges(workspace).await.ok()?;
            charges
                .iter()
                .any(|charge| charge.delivery == delivery.to_string() && charge.state() == state)
                .then_some(())
        };
        eventually(format!("{delivery} is {state:?}"), SOON, is).await?;
        Ok(())
    }

    pub async fn publish<F: Fact>(&self, workspace: &str, fact: &F) -> Tested {
        let workspace = WorkspaceId::parse(workspace)?;
        let id = EventId::generate(&self.entropy);
        let outgoing = Outgoing::new(id, &workspace, "notifier", self.clock.now(), fact);
        for result in self.bus.publish(&[outgoing]).await {
            result?;
        }
        Ok(())
    }

    pub async fn attempting(&self, workspace: &str, delivery: DeliveryId) -> Tested {
        let fact = DeliveryAttempting {
            delivery: delivery.to_string(),
            ..Default::default()
        };
        self.publish(workspace, &fact).await
    }

    pub async fn accepted(&self, workspace: &str, delivery: DeliveryId) -> Tested {
        self.publish(workspace, &accepted(delivery)).await
    }

    pub async fn failed(&self, workspace: &str, delivery: DeliveryId) -> Tested {
        let fact = DeliveryFailed {
            delivery: delivery.to_string(),
            ..Default::default()
        };
        self.publish(workspace, &fact).await
    }

    /// As superuser, who sees all rows.
    pub async fn admin(&self) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(&self.database.admin_url()).await?)
    }

    /// Rows of a count.
    pub async fn count(&self, sql: &'static str) -> anyhow::Result<i64> {
        Ok(sqlx::query(sql).fetch_one(&mut self.admin().await?).await?.try_get(0)?)
    }

    /// Balances equal the journal and held balances the open holds, in every workspace.
    pub async fn books_are_right(&self) -> Tested {
        let rows = sqlx::query("SELECT what FROM books_drift() UNION ALL SELECT what FROM usage_drift()")
            .fetch_all(&mut self.admin().await?)
            .await?;
        let words: Vec<String> = rows.iter().map(|row| row.get::<String, _>("what")).collect();
        anyhow::ensure!(words.is_empty(), "the books are wrong: {words:?}");
        Ok(())
    }

    /// Stops the service in order.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

async fn run(database: &TestDatabase, nats: &TestNats, clock: &ManualClock, seed: u64) -> anyhow::Result<Running> {
    let (time, chance) = (Arc::new(clock.clone()), Arc::new(SeededEntropy::new(seed)));
    run_in(Shell::for_test("billing", &database.url(), &nats.url(), time, chance).await?).await
}

async fn run_in(shell: Shell) -> anyhow::Result<Running> {
    let config = Config {
        hold_expiry: Millis(HOLD_EXPIRY),
        audit_interval: Millis(Duration::from_secs(86_400)),
    };
    Ok(start(config, shell).await?)
}

/// A text of one part to Poland, accepted.
pub fn accepted(delivery: DeliveryId) -> DeliveryAccepted {
    DeliveryAccepted {
        delivery: delivery.to_string(),
        kind: MessageKind::Sms.into(),
        country: "PL".into(),
        parts: 1,
        ..Default::default()
    }
}

/// The field and the catalogue code that a refusal names.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, tonic::Status>) -> (String, &'static str) {
    let fault = rpc::from_status(&result.expect_err("a refusal"));
    (fault.field().unwrap_or_default().to_owned(), fault.code().name)
}
