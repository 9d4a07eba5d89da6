use crate::gateway::{self, Client};
use crate::peers::Peers;
pub use crate::telling::Customer;
use crate::words::settings;
use bus::{Bus, BusConfig, StreamSizes};
use domain::{TimeScale, WorkspaceId};
use events::common::ChannelSettings;
use notifier_service::{Config, MIGRATOR, start};
use rpc::notifier::follow_up_service_client::FollowUpServiceClient;
use runtime::{Running, Settings, Shell};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::{ManualClock, SeededEntropy, SmsOptions, SmsSink, SmtpSink, TestDatabase, TestNats};

pub type Tested = anyhow::Result<()>;

/// For what a healthy service does at once, on a busy machine.
pub const SOON: Duration = Duration::from_secs(30);

pub const PHONE: &str = "+48600700123";
pub const EMAIL: &str = "ann@example.com";

/// A service under test on a runtime of its own, so that it can be killed as a process is.
struct Instance {
    runtime: tokio::runtime::Runtime,
    running: Running,
}

/// The notifier with its servers, sinks and peers.
pub struct Harness {
    pub clock: ManualClock,
    pub sms: SmsSink,
    pub smtp: SmtpSink,
    pub peers: Peers,
    pub client: Client,
    pub bus: Bus,
    pub database: TestDatabase,
    pub workspace: WorkspaceId,
    pub settings: ChannelSettings,
    pub public_url: String,
    pub entropy: SeededEntropy,
    instance: Option<Instance>,
    starts: u64,
    peers_url: String,
    door: Arc<Mutex<Option<Client>>>,
    nats: TestNats,
    /// Settings that differ from the usual ones.
    changed: HashMap<&'static str, String>,
}

impl Harness {
    pub async fn start() -> anyhow::Result<Self> {
        Self::with([]).await
    }

    /// With settings that differ from the usual ones.
    pub async fn with<const N: usize>(changed: [(&'static str, &str); N]) -> anyhow::Result<Self> {
        let migrate = async |url: String| Ok(store::migrate(&url, "notifier", &MIGRATOR).await?);
        let database = TestDatabase::create("notifier", migrate).await?;
        let nats = TestNats::start().await?;
        let (peers, peers_url) = Peers::start().await?;
        let (public_url, door) = gateway::open().await?;
        let bus = Bus::connect(&BusConfig {
            url: nats.url(),
            name: "test".into(),
        })
        .await?
        .with_sizes(StreamSizes::SMALL);
        bus.ensure_stream(&events::FACTS).await?;
        let mut harness = Self {
            clock: ManualClock::new(),
            sms: SmsSink::start(SmsOptions::default()).await?,
            smtp: SmtpSink::start().await?,
            peers,
            client: FollowUpServiceClient::new(rpc::connect("http://127.0.0.1:1").map_err(anyhow::Error::new)?),
            bus,
            database,
            workspace: WorkspaceId::parse("acme")?,
            settings: settings(),
            public_url,
            entropy: SeededEntropy::new(7),
            instance: None,
            starts: 0,
            peers_url,
            door,
            nats,
            changed: changed.map(|(name, value)| (name, value.to_owned())).into(),
        };
        harness.run().await?;
        Ok(harness)
    }

    /// Starts the service, after a kill too.
    pub async fn run(&mut self) -> Tested {
        self.starts += 1;
        let config = self.config();
        let (time, chance) = (
            Arc::new(self.clock.clone()),
            Arc::new(SeededEntropy::new(100 + self.starts)),
        );
        let (database, nats) = (self.database.url(), self.nats.url());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let running = runtime
            .spawn(async move {
                let shell = Shell::for_test("notifier", &database, &nats, time, chance).await?;
                anyhow::Ok(start(config, shell.with_time_scale(TimeScale::default())).await?)
            })
            .await??;
        let grpc = running.grpc;
        self.instance = Some(Instance { runtime, running });
        self.client = FollowUpServiceClient::connect(format!("http://{grpc}")).await?;
        *self.door.lock().expect("nobody panics with it") = Some(self.client.clone());
        Ok(())
    }

    /// Where the running service answers.
    pub fn grpc(&self) -> String {
        let running = self.instance.as_ref().map(|instance| instance.running.grpc);
        format!("http://{}", running.expect("the service runs"))
    }

    fn config(&self) -> Config {
        let sms = self.sms.options().clone();
        let usual = |name: &str| match name {
            "HOMING_PUBLIC_URL" => Some(self.public_url.clone()),
            "HOMING_CONVERSATION_URL"
            | "HOMING_PRESENCE_URL"
            | "HOMING_CONTACTS_URL"
            | "HOMING_BILLING_URL"
            | "HOMING_ROUTING_URL" => Some(self.peers_url.clone()),
            "HOMING_TWILIO_BASE_URL" => Some(self.sms.url().to_owned()),
            "HOMING_TWILIO_ACCOUNT_SID" => Some(sms.account_sid.clone()),
            "HOMING_TWILIO_AUTH_TOKEN" => Some(sms.auth_token.clone()),
            "HOMING_SMTP_URL" => Some(self.smtp.url().to_owned()),
            "HOMING_NOTIFIER_LINK_KEY" => Some("a key that is known to tests only, of course".into()),
            "HOMING_NOTIFIER_PROVIDER_TIMEOUT_MS" => Some("1500".into()),
            "HOMING_NOTIFIER_TEXT_SETTLE_MS" => Some("2000".into()),
            "HOMING_NOTIFIER_SESSION_AGE_MS" => Some("0".into()),
            _ => None,
        };
        let lookup = |name: &str| self.changed.get(name).cloned().or_else(|| usual(name));
        Config::read(&lookup).expect("settings of the test")
    }

    /// As kill -9 does.
    pub async fn kill(&mut self) {
        if let Some(instance) = self.instance.take() {
            *self.door.lock().expect("nobody panics with it") = None;
            let Instance { runtime, running } = instance;
            let ended = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(Duration::from_secs(5)));
            ended.await.expect("a runtime can be shut down");
            drop(running);
        }
    }

    /// In order, as a rolling restart does.
    pub async fn stop(&mut self) {
        if let Some(instance) = self.instance.take() {
            *self.door.lock().expect("nobody panics with it") = None;
            let Instance { runtime, running } = instance;
            let stopped = runtime.spawn(running.stop()).await;
            stopped.expect("stopping does not panic");
            runtime.shutdown_background();
        }
    }

    fn drop_instance(&mut self) {
        if let Some(instance) = self.instance.take() {
            *self.door.lock().expect("nobody panics with it") = None;
            instance.runtime.shutdown_background();
        }
    }

    pub async fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        self.drop_instance();
    }
}
