//! The service on real PostgreSQL and NATS, a clock set by hand, and gateways that speak as real ones do.

use anyhow::{Context, Result};
use events::common::{PresenceCause, PresenceState};
use events::event::{GatewayLease, Snapshot, SnapshotRequest, TabEnd, TabSignal, VisitorPresenceChanged};
use futures::StreamExt;
use presence_service::{Config, MIGRATOR};
use prost::Message;
use rpc::presence::presence_service_client::PresenceServiceClient;
use rpc::presence::{GetPresenceRequest, Presence, WatchPresenceRequest, WatchPresenceResponse};
use runtime::{Running, Settings, Shell};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use testkit::{ManualClock, SeededEntropy, TestDatabase, TestNats, eventually};
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

pub const SOON: Duration = Duration::from_secs(20);

/// Servers, clock, and the facts published so far.
pub struct World {
    pub database: TestDatabase,
    pub nats: TestNats,
    pub clock: ManualClock,
    bus: bus::Bus,
    facts: Arc<Mutex<Vec<VisitorPresenceChanged>>>,
}

/// One running replica.
pub struct Door {
    pub running: Running,
    pub client: PresenceServiceClient<Channel>,
}

pub fn visitor(number: u128) -> String {
    uuid::Uuid::from_u128(number).to_string()
}

impl World {
    pub async fn new() -> Result<Self> {
        let migrate = async |url: String| Ok(store::migrate(&url, "presence", &MIGRATOR).await?);
        let (database, nats) = tokio::try_join!(TestDatabase::create("presence", migrate), TestNats::start())?;
        let config = bus::BusConfig {
            url: nats.url(),
            name: "test".into(),
        };
        let bus = bus::Bus::connect(&config).await?;
        let facts: Arc<Mutex<Vec<_>>> = Arc::default();
        let mut published = bus
            .client()
            .subscribe(events::fact_filter::<VisitorPresenceChanged>())
            .await?;
        bus.client().flush().await?;
        let kept = facts.clone();
        tokio::spawn(async move {
            while let Some(message) = published.next().await {
                let fact = VisitorPresenceChanged::decode(message.payload).expect("a fact");
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                // The relay may publish a fact again when its acknowledgement is late: consumers keep the first.
                let same = |other: &VisitorPresenceChanged| {
                    (&other.visitor, other.epoch, other.version) == (&fact.visitor, fact.epoch, fact.version)
                };
                if !kept.iter().any(same) {
                    kept.push(fact);
                }
            }
        });
        Ok(Self {
            database,
            nats,
            clock: ManualClock::new(),
            bus,
            facts,
        })
    }

    /// Starts a replica; `settings` differ from the defaults. Gateways stay alive without leases unless they say.
    pub async fn open(&self, seed: u64, settings: &[(&str, &str)]) -> Result<Door> {
        let lookup = |name: &str| {
            let own = settings
                .iter()
                .find(|(own, _)| *own == name)
                .map(|(_, value)| (*value).to_owned());
            own.or_else(|| (name == "HOMING_PRESENCE_GATEWAY_LEASE_MS").then(|| "36000000".to_owned()))
        };
        let config = Config::read(&lookup).map_err(|error| anyhow::anyhow!("{error}"))?;
        let entropy = Arc::new(SeededEntropy::new(seed));
        let (clock, url) = (Arc::new(self.clock.clone()), self.database.url());
        let shell = Shell::for_test("presence", &url, &self.nats.url(), clock, entropy).await?;
        let running = presence_service::start(config, shell).await?;
        let client = PresenceServiceClient::new(rpc::connect(&format!("http://{}", running.grpc))?);
        Ok(Door { running, client })
    }

    /// A replica that owns presence.
    pub async fn owner(&self) -> Result<Door> {
        let door = self.open(1, &[]).await?;
        door.owns().await?;
        Ok(door)
    }

    pub async fn gateway(&self, id: &str) -> Result<Gateway> {
        Gateway::start(id, self.bus.clone()).await
    }

    /// The facts of a visitor so far.
    pub fn facts(&self, number: u128) -> Vec<VisitorPresenceChanged> {
        let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        let own = facts.iter().filter(|fact| fact.visitor == visitor(number));
        own.cloned().collect()
    }

    /// Waits until the facts of a visitor tell these states and causes.
    pub async fn tells(&self, number: u128, expected: &[(PresenceState, PresenceCause)]) -> Result<()> {
        let told = || {
            self.facts(number)
                .iter()
                .map(|fact| (fact.state(), fact.cause()))
                .collect::<Vec<_>>()
        };
        let waited = eventually("the facts", SOON, async || (told() == expected).then_some(())).await;
        waited.with_context(|| format!("expected {expected:?}, told {:?}", told()))
    }
}

impl Door {
    /// Waits until this replica answers, which only the owner does.
    pub async fn owns(&self) -> Result<()> {
        eventually("ownership", SOON, async || self.get("acme", 0).await.ok()).await?;
        Ok(())
    }

    /// What gRPC health says.
    pub async fn health(&self, service: &str) -> Result<ServingStatus> {
        let channel = rpc::connect(&format!("http://{}", self.running.grpc))?;
        let request = HealthCheckRequest {
            service: service.into(),
        };
        let answer = HealthClient::new(channel).check(request).await?.into_inner();
        Ok(answer.status())
    }

    pub async fn get(&self, workspace: &str, number: u128) -> Result<Presence, tonic::Status> {
        let request = GetPresenceRequest {
            workspace: workspace.into(),
            visitor: visitor(number),
        };
        let response = self.client.clone().get_presence(request).await?;
        response
            .into_inner()
            .presence
            .ok_or_else(|| tonic::Status::internal("no presence"))
    }

    /// Waits for this state and cause in workspace acme.
    pub async fn shows(&self, number: u128, state: PresenceState, cause: PresenceCause) -> Result<Presence> {
        self.shows_in("acme", number, state, cause).await
    }

    pub async fn shows_in(
        &self,
        workspace: &str,
        number: u128,
        state: PresenceState,
        cause: PresenceCause,
    ) -> Result<Presence> {
        let what = format!("{workspace} {number} to be {state:?} {cause:?}");
        let fits = |presence: &Presence| presence.state() == state && presence.cause() == cause;
        Ok(eventually(what, SOON, async || self.get(workspace, number).await.ok().filter(fits)).await?)
    }

    /// Waits until no tab of this visitor is attentive: an ending has been heard.
    pub async fn heard_ending(&self, number: u128) -> Result<()> {
        let inattentive = |presence: &Presence| !presence.attentive;
        eventually("the ending", SOON, async || {
            self.get("acme", number).await.ok().filter(inattentive)
        })
        .await?;
        Ok(())
    }

    pub async fn watch(&self, visitors: &[u128]) -> Result<tonic::Streaming<WatchPresenceResponse>> {
        let visitors = visitors.iter().copied().map(visitor).collect();
        let request = WatchPresenceRequest {
            workspace: "acme".into(),
            visitors,
        };
        Ok(self.client.clone().watch_presence(request).await?.into_inner())
    }
}

#[derive(Default)]
struct Sockets {
    numbers: BTreeMap<u32, u64>,
    live: BTreeMap<(u32, String), TabSignal>,
    snapshots: u32,
}

/// Stands for a gateway: numbers its signals and answers for its live tabs.
pub struct Gateway {
    id: String,
    bus: bus::Bus,
    sockets: Arc<Mutex<Sockets>>,
    answering: tokio::task::JoinHandle<()>,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

impl Gateway {
    async fn start(id: &str, bus: bus::Bus) -> Result<Self> {
        let sockets: Arc<Mutex<Sockets>> = Arc::default();
        let mut requests = bus.client().subscribe(events::signal::snapshot(id)).await?;
        bus.client().flush().await?;
        let (own, answers, client) = (id.to_owned(), sockets.clone(), bus.client().clone());
        let answering = tokio::spawn(async move {
            while let Some(message) = requests.next().await {
                let shard = SnapshotRequest::decode(message.payload).expect("a request").shard;
                let snapshot = {
                    let mut sockets = answers.lock().unwrap_or_else(PoisonError::into_inner);
                    sockets.snapshots += 1;
                    let live = sockets.live.iter().filter(|((of, _), _)| *of == shard);
                    let tabs = live.map(|(_, tab)| tab.clone()).collect();
                    let number = sockets.numbers.get(&shard).copied().unwrap_or(0);
                    Snapshot {
                        gateway: own.clone(),
                        shard,
                        number,
                        tabs,
                    }
                };
                let reply = message.reply.expect("a request");
                client
                    .publish(reply, snapshot.encode_to_vec().into())
                    .await
                    .expect("connected");
            }
        });
        Ok(Self {
            id: id.into(),
            bus,
            sockets,
            answering,
        })
    }

    pub fn snapshots(&self) -> u32 {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner).snapshots
    }

    /// A visible tab with input going on, in workspace acme.
    pub async fn open(&self, number: u128, tab: &str) -> Result<()> {
        self.say("acme", number, tab, |_| {}).await
    }

    pub async fn close(&self, number: u128, tab: &str) -> Result<()> {
        self.say("acme", number, tab, |signal| signal.end = TabEnd::Closed.into())
            .await
    }

    pub async fn lose(&self, number: u128, tab: &str) -> Result<()> {
        self.say("acme", number, tab, |signal| signal.end = TabEnd::Lost.into())
            .await
    }

    /// The next signal of a tab: visible with input going on, but for what `change` makes of it.
    pub async fn say(
        &self,
        workspace: &str,
        number: u128,
        tab: &str,
        change: impl FnOnce(&mut TabSignal),
    ) -> Result<()> {
        let (shard, signal) = self.number(workspace, number, tab, change)?;
        self.bus
            .client()
            .publish(events::signal::tab(shard), signal.encode_to_vec().into())
            .await?;
        self.bus.client().flush().await?;
        Ok(())
    }

    /// A signal that NATS loses.
    pub fn number(
        &self,
        workspace: &str,
        number: u128,
        tab: &str,
        change: impl FnOnce(&mut TabSignal),
    ) -> Result<(u32, TabSignal)> {
        let slug = domain::WorkspaceId::parse(workspace)?;
        let shard = events::signal::shard(&slug, domain::VisitorId::parse(&visitor(number))?);
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        let last = sockets.numbers.entry(shard).or_default();
        *last += 1;
        let mut signal = TabSignal {
            gateway: self.id.clone(),
            number: *last,
            workspace: workspace.into(),
            visitor: visitor(number),
            tab: tab.into(),
            ..Default::default()
        };
        change(&mut signal);
        if signal.end() == TabEnd::Unspecified {
            sockets.live.insert((shard, tab.into()), signal.clone());
        } else {
            sockets.live.remove(&(shard, tab.to_owned()));
        }
        Ok((shard, signal))
    }

    pub async fn lease(&self) -> Result<()> {
        self.tell_lease(false).await
    }

    pub async fn leave(&self) -> Result<()> {
        self.tell_lease(true).await
    }

    async fn tell_lease(&self, leaving: bool) -> Result<()> {
        let last_numbers = {
            let sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
            (0..events::signal::SHARDS)
                .map(|shard| sockets.numbers.get(&shard).copied().unwrap_or(0))
                .collect()
        };
        let lease = GatewayLease {
            gateway: self.id.clone(),
            last_numbers,
            leaving,
        };
        self.bus
            .client()
            .publish(events::signal::LEASE, lease.encode_to_vec().into())
            .await?;
        self.bus.client().flush().await?;
        Ok(())
    }
}
