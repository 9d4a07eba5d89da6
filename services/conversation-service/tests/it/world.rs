//! The service with everything around it, and short ways to talk to it.

use crate::contacts::FakeContacts;
use anyhow::Context;
use bus::{Bus, BusConfig, ConsumerSpec, Handler, StreamSizes};
use conversation_service::{Config, MIGRATOR};
use domain::{IntegrationId, WorkspaceId};
use events::{Fact, Received, Subject};
use fault::Fault;
use rpc::conversation as proto;
use rpc::conversation::conversation_service_client::ConversationServiceClient;
use rpc::conversation::person_service_client::PersonServiceClient;
use rpc::conversation::retention_service_client::RetentionServiceClient;
use rpc::conversation::workspace_service_client::WorkspaceServiceClient;
use runtime::{Running, Settings, Shell};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::{ManualClock, SeededEntropy, TestDatabase, TestNats, eventually};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic::{Response, Status};

pub const CUSTOMER: i32 = events::common::AuthorRole::Customer as i32;
pub const AGENT: i32 = events::common::AuthorRole::Agent as i32;
pub const BOT: i32 = events::common::AuthorRole::Bot as i32;
/// Bounds every wait for something that comes by itself.
pub const SOON: Duration = Duration::from_secs(20);

pub struct World {
    pub workspaces: WorkspaceServiceClient<Channel>,
    pub conversations: ConversationServiceClient<Channel>,
    pub persons: PersonServiceClient<Channel>,
    pub retention: RetentionServiceClient<Channel>,
    pub contacts: FakeContacts,
    pub bus: Bus,
    pub clock: Arc<ManualClock>,
    pub database: TestDatabase,
    pub running: Running,
    contacts_url: String,
    nats_url: String,
    facts: Facts,
    stop: CancellationToken,
    _nats: Option<TestNats>,
}

/// Every fact that was published, as it was received.
#[derive(Clone, Default)]
pub struct Facts(Arc<Mutex<Vec<Received>>>);

impl Handler for Facts {
    async fn handle(&self, message: Received) -> fault::Result<()> {
        self.0.lock().expect("no test panics while holding it").push(message);
        Ok(())
    }
}

pub async fn database() -> anyhow::Result<TestDatabase> {
    TestDatabase::create("conversation", async |url: String| {
        Ok(store::migrate(&url, "conversation", &MIGRATOR).await?)
    })
    .await
}

/// Where an integration publishes events of a kind.
pub fn ingest_subject(workspace: &str, integration: &str, event: &str) -> anyhow::Result<String> {
    let subject = Subject::Ingest {
        workspace: WorkspaceId::parse(workspace)?,
        integration: IntegrationId::parse(integration)?,
        event: event.to_owned(),
    };
    Ok(subject.to_string())
}

impl World {
    /// The service, and a workspace `acme` with a web channel `web`.
    pub async fn new() -> anyhow::Result<Self> {
        Self::with(&[]).await
    }

    /// The same, with settings beside the defaults.
    pub async fn with(settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let nats = TestNats::start().await?;
        let url = nats.url();
        let mut world = Self::set(&url, &url, settings).await?;
        world._nats = Some(nats);
        Ok(world)
    }

    /// The service on a NATS server of the test's own making, where the test itself may do everything at `nats_url`, and
    /// the service signs logins with this seed.
    pub async fn on(nats_url: &str, service_url: &str, issuer_seed: &str) -> anyhow::Result<Self> {
        let seed = ("HOMING_CONVERSATION_NATS_ISSUER_SEED", issuer_seed);
        Self::set(nats_url, service_url, &[seed]).await
    }

    async fn set(nats_url: &str, service_url: &str, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let (database, contacts) = (database().await?, FakeContacts::default());
        let contacts_url = contacts.serve().await?;
        let lookup = |name: &str| match name {
            "HOMING_CONTACTS_URL" => Some(contacts_url.clone()),
            _ => settings
                .iter()
                .find(|(own, _)| *own == name)
                .map(|(_, value)| (*value).to_owned())
                .or_else(|| (name == "HOMING_CONVERSATION_FACTS_SCOPE").then(|| "true".to_owned())),
        };
        let config = Config::read(&lookup)?;
        let clock = Arc::new(ManualClock::new());
        let entropy = Arc::new(SeededEntropy::new(11));
        let shell = Shell::for_test("conversation", &database.url(), service_url, clock.clone(), entropy).await?;
        let running = conversation_service::start(config, shell).await?;
        let channel = rpc::connect(&format!("http://{}", running.grpc))?;
        let bus = Bus::connect(&BusConfig {
            url: nats_url.to_owned(),
            name: "test".to_owned(),
        })
        .await?
        .with_sizes(StreamSizes::SMALL);
        // The service makes it too, some time after it started; tests publish at once.
        bus.ensure_stream(&events::INGEST).await?;
        let (facts, stop) = (Facts::default(), CancellationToken::new());
        let spec = ConsumerSpec::facts("test", vec![events::FACT_SUBJECTS.to_owned()]);
        tokio::spawn(bus::consume(bus.clone(), spec, Arc::new(facts.clone()), stop.clone()));
        let world = Self {
            workspaces: WorkspaceServiceClient::new(channel.clone()),
            conversations: ConversationServiceClient::new(channel.clone()),
            persons: PersonServiceClient::new(channel.clone()),
            retention: RetentionServiceClient::new(channel),
            contacts,
            bus,
            clock,
            database,
            running,
            contacts_url,
            nats_url: service_url.to_owned(),
            facts,
            stop,
            _nats: None,
        };
        world.set_up("acme").await?;
        Ok(world)
    }

    /// One more replica, on the same servers.
    pub async fn replica(&self, seed: u64, settings: &[(&str, &str)]) -> anyhow::Result<Running> {
        let lookup = |name: &str| match name {
            "HOMING_CONTACTS_URL" => Some(self.contacts_url.clone()),
            _ => settings
                .iter()
                .find(|(own, _)| *own == name)
                .map(|(_, value)| (*value).to_owned()),
        };
        let config = Config::read(&lookup)?;
        let entropy = Arc::new(SeededEntropy::new(seed));
        let url = self.database.url();
        let shell = Shell::for_test("conversation", &url, &self.nats_url, self.clock.clone(), entropy).await?;
        Ok(conversation_service::start(config, shell).await?)
    }

    /// A workspace with a web channel `web` and an agent `anna`.
    pub async fn set_up(&self, name: &str) -> anyhow::Result<()> {
        let workspace = proto::Workspace {
            workspace: name.into(),
            name: format!("{name} Ltd"),
            time_zone: "Europe/Warsaw".into(),
            language: "pl".into(),
            console_url: String::new(),
        };
        let request = proto::CreateWorkspaceRequest {
            workspace: Some(workspace),
        };
        self.workspaces.clone().create_workspace(request).await?;
        let request = proto::CreateChannelRequest {
            workspace: name.into(),
            channel: "web".into(),
            kind: events::common::ChannelKind::Web.into(),
            ..Default::default()
        };
        self.workspaces.clone().create_channel(request).await?;
        let (workspace, display_name) = (name.to_owned(), "Anna".to_owned());
        let request = proto::CreateAgentRequest {
            workspace,
            agent: "anna".into(),
            display_name,
            teams: vec![],
            email: String::new(),
        };
        self.workspaces.clone().create_agent(request).await?;
        Ok(())
    }

    /// Facts of one kind, once there are `count` of them.
    pub async fn facts<F: Fact>(&self, count: usize) -> anyhow::Result<Vec<F>> {
        let found = async || {
            let all = self.facts.0.lock().expect("no test panics while holding it").clone();
            let of_kind: Vec<F> = all
                .iter()
                .filter(|one| one.is::<F>())
                .map(|one| one.decode().expect("a fact of its kind"))
                .collect();
            (of_kind.len() >= count).then_some(of_kind)
        };
        let found = eventually(format!("{count} of {}", F::TYPE), SOON, found).await?;
        anyhow::ensure!(
            found.len() == count,
            "{} of {} instead of {count}",
            found.len(),
            F::TYPE
        );
        Ok(found)
    }

    /// A conversation that a customer of `acme` starts.
    pub async fn start(&self, request_id: &str) -> anyhow::Result<proto::Conversation> {
        let started = self
            .conversations
            .clone()
            .start_conversation(starting(request_id))
            .await?;
        started.into_inner().conversation.context("a conversation")
    }

    pub async fn post(
        &self,
        conversation: &str,
        author: i32,
        client_id: &str,
        text: &str,
    ) -> Result<proto::PostMessageResponse, Status> {
        let request = posting(conversation, author, client_id, text);
        self.conversations
            .clone()
            .post_message(request)
            .await
            .map(Response::into_inner)
    }

    pub async fn get(&self, conversation: &str) -> anyhow::Result<proto::Conversation> {
        let by = proto::get_conversation_request::By::Conversation(conversation.into());
        let request = proto::GetConversationRequest {
            workspace: "acme".into(),
            by: Some(by),
        };
        let got = self.conversations.clone().get_conversation(request).await?;
        got.into_inner().conversation.context("a conversation")
    }

    pub async fn messages(&self, conversation: &str) -> anyhow::Result<Vec<proto::Message>> {
        let request = proto::ListMessagesRequest {
            workspace: "acme".into(),
            conversation: conversation.into(),
            ..Default::default()
        };
        Ok(self
            .conversations
            .clone()
            .list_messages(request)
            .await?
            .into_inner()
            .messages)
    }

    /// Stops the service in order.
    pub async fn end(self) {
        self.stop.cancel();
        self.running.stop().await;
    }
}

pub fn starting(request_id: &str) -> proto::StartConversationRequest {
    proto::StartConversationRequest {
        workspace: "acme".into(),
        request_id: request_id.into(),
        channel: "web".into(),
        author: CUSTOMER,
        text: "Where is my parcel?".into(),
        ..Default::default()
    }
}

pub fn posting(conversation: &str, author: i32, client_id: &str, text: &str) -> proto::PostMessageRequest {
    proto::PostMessageRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
        client_id: client_id.into(),
        author,
        text: text.into(),
        ..Default::default()
    }
}

/// The fault behind a refused call.
pub fn refused<T: std::fmt::Debug>(result: Result<T, Status>) -> Fault {
    rpc::from_status(&result.expect_err("the call is refused"))
}

/// Code and field of the fault behind a refused call.
pub fn why<T: std::fmt::Debug>(result: Result<T, Status>) -> (&'static str, String) {
    let fault = refused(result);
    (fault.code().name, fault.field().unwrap_or_default().to_owned())
}
