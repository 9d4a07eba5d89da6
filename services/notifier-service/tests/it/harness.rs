use crate::gateway::{self, Client};
use crate::peers::{Peers, Truth};
use crate::words::{posted, settings};
use bus::{Bus, BusConfig};
use domain::{
    AddressId, Clock, ContactId, ConversationId, Entropy, EventId, TimeScale, Timestamp, VisitorId, WorkspaceId,
};
use events::common::{AuthorRole, ChannelKind, ChannelSettings, PresenceCause, PresenceState};
use events::event::{ChannelChanged, ConversationStarted, MessageRead, VisitorPresenceChanged};
use events::{Fact, Outgoing, stamp};
use notifier_service::{Config, MIGRATOR, start};
use rpc::contacts::{Address, AddressKind};
use rpc::conversation::{GetFollowUpContextResponse, Message};
use rpc::notifier::explain_follow_up_request::Of;
use rpc::notifier::follow_up_service_client::FollowUpServiceClient;
use rpc::notifier::{DeliveryStatus, ExplainFollowUpRequest, ExplainFollowUpResponse, FollowUpState};
use rpc::presence::Presence;
use runtime::{Settings, Shell};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::{ManualClock, SeededEntropy, SmsOptions, SmsSink, SmtpSink, TestDatabase, TestNats, eventually};

pub type Tested = anyhow::Result<()>;

/// For what a healthy service does at once, on a busy machine.
pub const SOON: Duration = Duration::from_secs(30);

pub const PHONE: &str = "+48600700123";
pub const EMAIL: &str = "ann@example.com";

/// A service under test on a runtime of its own, so that it can be killed as a process is.
struct Instance {
    runtime: tokio::runtime::Runtime,
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
    entropy: SeededEntropy,
    instance: Option<Instance>,
    starts: u64,
    peers_url: String,
    door: Arc<Mutex<Option<Client>>>,
    nats: TestNats,
    /// Settings that differ from the usual ones.
    changed: HashMap<&'static str, String>,
}

/// A customer in a conversation.
pub struct Customer {
    pub conversation: ConversationId,
    pub visitor: VisitorId,
    presence_version: Mutex<u64>,
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
        .await?;
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
        let grpc = runtime
            .spawn(async move {
                let shell = Shell::for_test("notifier", &database, &nats, time, chance).await?;
                let running = start(config, shell.with_time_scale(TimeScale::default())).await?;
                let grpc = running.grpc;
                // Runs until its runtime is shut down.
                std::mem::forget(running);
                anyhow::Ok(grpc)
            })
            .await??;
        self.instance = Some(Instance { runtime });
        self.client = FollowUpServiceClient::connect(format!("http://{grpc}")).await?;
        *self.door.lock().expect("nobody panics with it") = Some(self.client.clone());
        Ok(())
    }

    fn config(&self) -> Config {
        let sms = self.sms.options().clone();
        let usual = |name: &str| match name {
            "HOMING_PUBLIC_URL" => Some(self.public_url.clone()),
            "HOMING_CONVERSATION_URL" | "HOMING_PRESENCE_URL" | "HOMING_CONTACTS_URL" | "HOMING_BILLING_URL" => {
                Some(self.peers_url.clone())
            }
            "HOMING_TWILIO_BASE_URL" => Some(self.sms.url().to_owned()),
            "HOMING_TWILIO_ACCOUNT_SID" => Some(sms.account_sid.clone()),
            "HOMING_TWILIO_AUTH_TOKEN" => Some(sms.auth_token.clone()),
            "HOMING_SMTP_URL" => Some(self.smtp.url().to_owned()),
            "HOMING_NOTIFIER_LINK_KEY" => Some("a key that is known to tests only, of course".into()),
            "HOMING_NOTIFIER_PROVIDER_TIMEOUT_MS" => Some("1500".into()),
            "HOMING_NOTIFIER_TEXT_SETTLE_MS" => Some("2000".into()),
            _ => None,
        };
        let lookup = |name: &str| self.changed.get(name).cloned().or_else(|| usual(name));
        Config::read(&lookup).expect("settings of the test")
    }

    /// As kill -9 does.
    pub async fn kill(&mut self) {
        if let Some(instance) = self.instance.take() {
            *self.door.lock().expect("nobody panics with it") = None;
            let ended = tokio::task::spawn_blocking(move || instance.runtime.shutdown_timeout(Duration::from_secs(5)));
            ended.await.expect("a runtime can be shut down");
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

    /// Publishes a fact as its owner would.
    pub async fn publish<F: Fact>(&self, fact: &F) -> Tested {
        let id = EventId::generate(&self.entropy);
        self.publish_as(id, fact, None).await
    }

    pub async fn publish_as<F: Fact>(&self, id: EventId, fact: &F, traceparent: Option<&str>) -> Tested {
        let mut outgoing = Outgoing::new(id, &self.workspace, "test", self.clock.now(), fact);
        if let Some(traceparent) = traceparent {
            outgoing.headers.push(("traceparent".into(), traceparent.into()));
        }
        for published in self.bus.publish(&[outgoing]).await {
            published?;
        }
        Ok(())
    }

    pub async fn publish_channel(&self, version: u64) -> Tested {
        self.publish(&ChannelChanged {
            channel: "web".into(),
            version,
            kind: ChannelKind::Web.into(),
            settings: Some(self.settings.clone()),
            at: Some(stamp(self.clock.now())),
        })
        .await
    }

    /// A customer who is on the page and has written the first message; `phone` and `email` are given or not.
    pub async fn customer(&self, phone: bool, email: bool) -> anyhow::Result<Customer> {
        let customer = self.customer_of(AuthorRole::Customer, phone, email).await?;
        self.post(&customer, 1, AuthorRole::Customer, true).await?;
        Ok(customer)
    }

    pub async fn customer_of(&self, opened_by: AuthorRole, phone: bool, email: bool) -> anyhow::Result<Customer> {
        let customer = self.make_up(opened_by, "web", phone, email);
        self.publish_channel(1).await?;
        self.presence(&customer, PresenceState::Online, PresenceCause::Returned)
            .await?;
        self.start_conversation(&customer, &customer.visitor.to_string())
            .await?;
        Ok(customer)
    }

    /// Tells that the conversation began; an empty visitor: nobody tells of presence.
    pub async fn start_conversation(&self, customer: &Customer, visitor: &str) -> Tested {
        self.publish(&self.started(customer, visitor)).await
    }

    /// The fact that a conversation began, as its owner's context has it.
    pub fn started(&self, customer: &Customer, visitor: &str) -> ConversationStarted {
        let context = self.truth().contexts[&customer.conversation.to_string()].clone();
        ConversationStarted {
            conversation: customer.conversation.to_string(),
            number: 42,
            channel: context.channel.clone(),
            visitor: visitor.to_owned(),
            contact: ContactId::generate(&self.entropy).to_string(),
            phone_address: context.phone_address.clone(),
            email_address: context.email_address.clone(),
            opened_by: context.opened_by,
            at: Some(stamp(self.clock.now())),
            continues: String::new(),
        }
    }

    /// A customer whom the owners know, and nobody told of yet.
    pub fn make_up(&self, opened_by: AuthorRole, channel: &str, phone: bool, email: bool) -> Customer {
        let conversation = ConversationId::generate(&self.entropy);
        let visitor = VisitorId::generate(&self.entropy);
        let address = |given: bool, kind: AddressKind, value: &str, country: &str| {
            let id = AddressId::generate(&self.entropy).to_string();
            let address = Address {
                address: id.clone(),
                kind: kind.into(),
                value: value.into(),
                country: country.into(),
                verified: false,
            };
            self.truth().addresses.insert(id.clone(), (address, "Ann".into()));
            if given { id } else { String::new() }
        };
        let phone_address = address(phone, AddressKind::Phone, PHONE, "PL");
        let email_address = address(email, AddressKind::Email, EMAIL, "");
        let context = GetFollowUpContextResponse {
            number: 42,
            channel: channel.into(),
            visitor: visitor.to_string(),
            page_url: "https://shop.example/cart".into(),
            phone_address: phone_address.clone(),
            email_address: email_address.clone(),
            opened_by: opened_by.into(),
            settings: Some(self.settings.clone()),
            settings_version: 1,
            ..Default::default()
        };
        self.truth().contexts.insert(conversation.to_string(), context);
        Customer {
            conversation,
            visitor,
            presence_version: Mutex::new(0),
        }
    }

    pub fn truth(&self) -> std::sync::MutexGuard<'_, Truth> {
        self.peers.truth()
    }

    pub fn change_context(&self, customer: &Customer, change: impl FnOnce(&mut GetFollowUpContextResponse)) {
        let id = customer.conversation.to_string();
        change(self.truth().contexts.get_mut(&id).expect("the customer's conversation"));
    }

    /// A message, known to its owner and told as a fact.
    pub async fn post(&self, customer: &Customer, seq: u64, author: AuthorRole, follow_up: bool) -> Tested {
        let text = format!("message {seq} <b>");
        self.say(customer, seq, author, follow_up, &text, self.clock.now())
            .await
    }

    /// The same with these words, at this moment.
    pub async fn say(
        &self,
        customer: &Customer,
        seq: u64,
        author: AuthorRole,
        follow_up: bool,
        text: &str,
        at: Timestamp,
    ) -> Tested {
        let at = Some(stamp(at));
        let message = Message {
            message: self.entropy.id().to_string(),
            seq,
            author: author.into(),
            text: text.to_owned(),
            at,
            ..Default::default()
        };
        let said = (customer.conversation.to_string(), seq);
        self.truth().messages.insert(said, message.clone());
        self.change_context(customer, |context| {
            context.last_seq = seq;
            match author {
                AuthorRole::Customer => {
                    context.customer_up_to = seq;
                    context.question = Some(message.clone());
                }
                _ if follow_up => context.answers.push(message.clone()),
                _ => {}
            }
        });
        self.publish(&posted(customer, seq, author, follow_up, at)).await
    }

    /// A customer with a number who left, was answered and got the text.
    pub async fn texted(&self) -> anyhow::Result<Customer> {
        let customer = self.customer(true, false).await?;
        self.leave(&customer).await?;
        self.answer(&customer, 2).await?;
        self.armed(&customer).await?;
        self.advance(30).await;
        self.delivery(&customer, DeliveryStatus::Delivered).await?;
        Ok(customer)
    }

    pub async fn answer(&self, customer: &Customer, seq: u64) -> Tested {
        self.post(customer, seq, AuthorRole::Agent, true).await
    }

    pub async fn read(&self, customer: &Customer, up_to: u64) -> Tested {
        self.change_context(customer, |context| context.read_up_to = up_to);
        self.publish(&MessageRead {
            conversation: customer.conversation.to_string(),
            up_to,
            at: Some(stamp(self.clock.now())),
        })
        .await
    }

    pub async fn presence(&self, customer: &Customer, state: PresenceState, cause: PresenceCause) -> Tested {
        let fact = self.only_presence_knows(customer, state, cause);
        self.publish(&fact).await
    }

    /// Changes what presence-service says; the fact is returned, not published.
    pub fn only_presence_knows(
        &self,
        customer: &Customer,
        state: PresenceState,
        cause: PresenceCause,
    ) -> VisitorPresenceChanged {
        let mut version = customer.presence_version.lock().expect("nobody panics with it");
        *version += 1;
        let since = Some(stamp(self.clock.now()));
        let presence = Presence {
            visitor: customer.visitor.to_string(),
            state: state.into(),
            cause: cause.into(),
            since,
            epoch: 1,
            version: *version,
            ..Default::default()
        };
        self.truth().presences.insert(customer.visitor.to_string(), presence);
        VisitorPresenceChanged {
            visitor: customer.visitor.to_string(),
            state: state.into(),
            cause: cause.into(),
            since,
            epoch: 1,
            version: *version,
        }
    }

    pub async fn leave(&self, customer: &Customer) -> Tested {
        self.presence(customer, PresenceState::Offline, PresenceCause::Left)
            .await
    }

    pub async fn come_back(&self, customer: &Customer) -> Tested {
        self.presence(customer, PresenceState::Online, PresenceCause::Returned)
            .await
    }

    pub async fn explain(&self, customer: &Customer) -> anyhow::Result<ExplainFollowUpResponse> {
        let request = ExplainFollowUpRequest {
            workspace: self.workspace.to_string(),
            of: Some(Of::Conversation(customer.conversation.to_string())),
        };
        Ok(self.client.clone().explain_follow_up(request).await?.into_inner())
    }

    /// Waits until the explanation is as wanted, and returns it.
    pub async fn becomes(
        &self,
        customer: &Customer,
        what: &str,
        wanted: impl Fn(&ExplainFollowUpResponse) -> bool,
    ) -> anyhow::Result<ExplainFollowUpResponse> {
        let last = Mutex::new(None);
        let found = eventually(what, SOON, async || {
            let told = self.explain(customer).await.ok()?;
            let fits = wanted(&told);
            *last.lock().expect("nobody panics with it") = Some(told.clone());
            fits.then_some(told)
        })
        .await;
        found.map_err(|missed| anyhow::anyhow!("{missed}; last seen: {:#?}", last.lock().expect("no panic")))
    }

    pub async fn state(&self, customer: &Customer, state: FollowUpState) -> anyhow::Result<ExplainFollowUpResponse> {
        self.becomes(customer, state.as_str_name(), |told| {
            told.follow_ups.first().is_some_and(|newest| newest.state() == state)
        })
        .await
    }

    /// Armed for a moment: the timers know of it.
    pub async fn armed(&self, customer: &Customer) -> anyhow::Result<ExplainFollowUpResponse> {
        self.becomes(customer, "armed", |told| {
            told.follow_ups.first().is_some_and(|newest| newest.due_at.is_some())
        })
        .await
    }

    pub async fn delivery(
        &self,
        customer: &Customer,
        status: DeliveryStatus,
    ) -> anyhow::Result<ExplainFollowUpResponse> {
        self.becomes(customer, status.as_str_name(), |told| {
            told.deliveries.last().is_some_and(|newest| newest.status() == status)
        })
        .await
    }

    /// Waits until every fact published so far is handled and acknowledged.
    pub async fn caught_up(&self) -> Tested {
        let context = async_nats::jetstream::new(self.bus.client().clone());
        eventually("every fact is handled", SOON, async || {
            let stream = context.get_stream(events::FACTS.name).await.ok()?;
            let consumer = stream.consumer_info("notifier").await.ok()?;
            (consumer.num_pending == 0 && consumer.num_ack_pending == 0).then_some(())
        })
        .await?;
        Ok(())
    }

    /// Waits until nothing is left to do at this moment, then counts texts and mails.
    pub async fn sent(&self) -> (usize, usize) {
        self.quiet().await.expect("nothing is left to do");
        (self.sms.messages().len(), self.smtp.mails().len())
    }

    /// Facts of one kind that the notifier published so far.
    pub async fn facts<F: Fact>(&self, count: usize) -> anyhow::Result<Vec<F>> {
        let found = eventually(format!("{count} facts {}", F::TYPE), SOON, async || {
            let facts = self.published::<F>().await.ok()?;
            (facts.len() >= count).then_some(facts)
        })
        .await?;
        Ok(found)
    }

    async fn published<F: Fact>(&self) -> anyhow::Result<Vec<F>> {
        use async_nats::jetstream;
        let context = jetstream::new(self.bus.client().clone());
        let stream = context.get_stream(events::FACTS.name).await?;
        let (mut facts, mut next) = (vec![], 1);
        let last = stream.cached_info().state.last_sequence;
        while next <= last {
            if let Ok(message) = stream.get_raw_message(next).await
                && message.subject.ends_with(&format!(".{}.{}", F::AGGREGATE, F::EVENT))
            {
                facts.push(F::decode(message.payload)?);
            }
            next += 1;
        }
        Ok(facts)
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        self.drop_instance();
    }
}
