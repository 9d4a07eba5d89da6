//! The service with its servers, a clock set by hand, and the facts it publishes.

use anyhow::Result;
use events::event::{AgentAvailability, AgentAvailabilityChanged};
use futures::StreamExt;
use prost::Message;
use routing_service::{Config, MIGRATOR};
use rpc::routing::routing_service_client::RoutingServiceClient;
use rpc::routing::{Agent, ListAgentsRequest, ListAgentsResponse, SetAgentAvailabilityRequest};
use runtime::{Running, Settings, Shell};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use testkit::{ManualClock, SeededEntropy, TestDatabase, TestNats, eventually};
use tonic::Status;
use tonic::transport::Channel;

/// Subject and version of a fact: what tells facts apart.
type FactKey = (String, String, u64);

pub struct Door {
    pub running: Running,
    pub channel: Channel,
    pub clock: ManualClock,
    facts: Arc<Mutex<BTreeMap<FactKey, AgentAvailabilityChanged>>>,
    _database: TestDatabase,
    _nats: TestNats,
}

impl Door {
    pub async fn open() -> Result<Self> {
        let migrate = async |url: String| Ok(store::migrate(&url, "routing", &MIGRATOR).await?);
        let (database, nats) = tokio::try_join!(TestDatabase::create("routing", migrate), TestNats::start())?;
        let config = Config::read(&|_| None).map_err(|error| anyhow::anyhow!("{error}"))?;
        let (clock, entropy) = (ManualClock::new(), Arc::new(SeededEntropy::new(1)));
        let own_clock = Arc::new(clock.clone());
        let shell = Shell::for_test("routing", &database.url(), &nats.url(), own_clock, entropy).await?;
        let facts: Arc<Mutex<BTreeMap<_, _>>> = Arc::default();
        let looker = async_nats::connect(nats.url()).await?;
        let mut published = looker
            .subscribe(events::fact_filter::<AgentAvailabilityChanged>())
            .await?;
        looker.flush().await?;
        let kept = facts.clone();
        tokio::spawn(async move {
            while let Some(message) = published.next().await {
                let fact = AgentAvailabilityChanged::decode(message.payload).expect("a fact");
                let key = (message.subject.to_string(), fact.agent.clone(), fact.version);
                kept.lock().unwrap_or_else(PoisonError::into_inner).insert(key, fact);
            }
        });
        let running = routing_service::start(config, shell).await?;
        let channel = rpc::connect(&format!("http://{}", running.grpc))?;
        Ok(Self {
            running,
            channel,
            clock,
            facts,
            _database: database,
            _nats: nats,
        })
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

    /// The facts of an agent in workspace acme, by version, once there are this many.
    pub async fn told(&self, agent: &str, count: usize) -> Result<Vec<AgentAvailabilityChanged>> {
        let told = || {
            let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
            let own = facts
                .iter()
                .filter(|((subject, of, _), _)| subject.contains(".acme.") && of == agent);
            own.map(|(_, fact)| fact.clone()).collect::<Vec<_>>()
        };
        let within = Duration::from_secs(20);
        Ok(eventually("the facts", within, async || {
            Some(told()).filter(|facts| facts.len() == count)
        })
        .await?)
    }
}
