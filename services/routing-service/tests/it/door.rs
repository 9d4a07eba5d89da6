//! The service with its servers, a clock set by hand, and the facts that are published.

use crate::conversations::Conversations;
use ::domain::{Clock, EventId, WorkspaceId};
use anyhow::Result;
use bus::{Bus, BusConfig, ConsumerSpec, Handler, StreamSizes};
use events::event::AgentAvailability;
use events::{Fact, Outgoing, Received};
use routing_service::{Config, MIGRATOR};
use rpc::routing::routing_service_client::RoutingServiceClient;
use rpc::routing::{Agent, ListAgentsRequest, ListAgentsResponse, SetAgentAvailabilityRequest};
use runtime::{Running, Settings, Shell};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::{ManualClock, SeededEntropy, TestDatabase, TestNats, eventually};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::Status;
use tonic::transport::Channel;

pub type Tested = Result<()>;

/// For what a healthy service does at once, on a busy machine.
pub const SOON: Duration = Duration::from_secs(20);

/// The service with its servers.
pub struct Door {
    pub running: Running,
    pub channel: Channel,
    pub clock: ManualClock,
    pub conversations: Conversations,
    pub database: TestDatabase,
    nats: TestNats,
    bus: Bus,
    pub entropy: SeededEntropy,
    facts: Facts,
    _stop: DropGuard,
}

/// Every fact that was published, as it was received.
#[derive(Clone, Default)]
struct Facts(Arc<Mutex<Vec<Received>>>);

impl Handler for Facts {
    async fn handle(&self, message: Received) -> fault::Result<()> {
        self.0.lock().expect("nobody panics with it").push(message);
        Ok(())
    }
}

impl Door {
    pub async fn open() -> Result<Self> {
        let migrate = async |url: String| Ok(store::migrate(&url, "routing", &MIGRATOR).await?);
        let (database, nats) = tokio::try_join!(TestDatabase::create("routing", migrate), TestNats::start())?;
        let (clock, conversations) = (ManualClock::new(), Conversations::start().await?);
        let config = BusConfig {
            url: nats.url(),
            name: "routing-test".into(),
        };
        let bus = Bus::connect(&config).await?.with_sizes(StreamSizes::SMALL);
        bus.ensure_stream(&events::FACTS).await?;
        let (facts, stop) = (Facts::default(), CancellationToken::new());
        let spec = ConsumerSpec::facts("test", vec![events::FACT_SUBJECTS.to_owned()]);
        tokio::spawn(bus::consume(bus.clone(), spec, Arc::new(facts.clone()), stop.clone()));
        let running = run((&database, &nats), &clock, 1, &conversations).await?;
        let channel = rpc::connect(&format!("http://{}", running.grpc))?;
        Ok(Self {
            running,
            channel,
            clock,
            conversations,
            database,
            nats,
            bus,
            entropy: SeededEntropy::new(7),
            facts,
            _stop: stop.drop_guard(),
        })
    }

    /// Another process of the service on the same servers.
    pub async fn another(&self) -> Result<Running> {
        run((&self.database, &self.nats), &self.clock, 2, &self.conversations).await
    }

    /// Another process takes the place of this one.
    pub async fn replace(&mut self) -> Tested {
        let next = self.another().await?;
        self.channel = rpc::connect(&format!("http://{}", next.grpc))?;
        std::mem::replace(&mut self.running, next).stop().await;
        Ok(())
    }

    /// Publishes a fact as another service does.
    pub async fn tell<F: Fact>(&self, workspace: &str, fact: &F) -> Tested {
        let (id, workspace) = (EventId::generate(&self.entropy), WorkspaceId::parse(workspace)?);
        let outgoing = Outgoing::new(id, &workspace, "testing", self.clock.now(), fact);
        for result in self.bus.publish(&[outgoing]).await {
            result?;
        }
        Ok(())
    }

    /// Facts of one kind that a workspace was told until now, in the order of their coming.
    pub fn heard<F: Fact>(&self, workspace: &str) -> Vec<F> {
        let all = self.facts.0.lock().expect("nobody panics with it");
        let own = all
            .iter()
            .filter(|one| one.is::<F>() && one.workspace().as_str() == workspace);
        own.map(|one| one.decode().expect("a fact of its kind")).collect()
    }

    /// Those facts of one kind in workspace acme that fit, once there are exactly this many.
    pub async fn told<F: Fact>(&self, count: usize, fits: impl Fn(&F) -> bool) -> Result<Vec<F>> {
        let what = format!("{count} of {}", F::TYPE);
        let found = eventually(what, SOON, async || {
            let found: Vec<F> = self.heard("acme").into_iter().filter(|fact| fits(fact)).collect();
            Some(found).filter(|found| found.len() == count)
        });
        Ok(found.await?)
    }

    pub fn client(&self) -> RoutingServiceClient<Channel> {
        RoutingServiceClient::new(self.channel.clone())
    }

    pub async fn set(&self, workspace: &str, agent: &str, availability: AgentAvailability) -> Result<Agent, Status> {
        let request = SetAgentAvailabilityRequest {
            workspace: workspace.into(),
            agent: agent.into(),
            availability: availability.into(),
        };
        let response = self.client().set_agent_availability(request).await?;
        response.into_inner().agent.ok_or_else(|| Status::internal("no agent"))
    }

    pub async fn list(&self, workspace: &str, page_size: u32, page_token: &str) -> Result<ListAgentsResponse, Status> {
        let request = ListAgentsRequest {
            workspace: workspace.into(),
            page_size,
            page_token: page_token.into(),
        };
        Ok(self.client().list_agents(request).await?.into_inner())
    }
}

async fn run(
    (database, nats): (&TestDatabase, &TestNats),
    clock: &ManualClock,
    seed: u64,
    conversations: &Conversations,
) -> Result<Running> {
    let (clock, entropy) = (Arc::new(clock.clone()), Arc::new(SeededEntropy::new(seed)));
    let shell = Shell::for_test("routing", &database.url(), &nats.url(), clock, entropy).await?;
    let lookup = |name: &str| (name == "HOMING_CONVERSATION_URL").then(|| conversations.url.clone());
    let config = Config::read(&lookup).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(routing_service::start(config, shell).await?)
}
