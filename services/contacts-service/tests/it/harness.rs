use crate::peers::Peers;
use contacts_service::{Config, MIGRATOR, start};
use rpc::contacts::consent_service_client::ConsentServiceClient;
use rpc::contacts::contact_book_service_client::ContactBookServiceClient;
use rpc::contacts::contact_service_client::ContactServiceClient;
use rpc::contacts::identity_service_client::IdentityServiceClient;
use rpc::contacts::import_service_client::ImportServiceClient;
use rpc::contacts::interaction_service_client::InteractionServiceClient;
use rpc::contacts::privacy_service_client::PrivacyServiceClient;
use rpc::contacts::purchase_service_client::PurchaseServiceClient;
use rpc::contacts::retention_service_client::RetentionServiceClient;
use rpc::contacts::role_service_client::RoleServiceClient;
use rpc::contacts::segment_service_client::SegmentServiceClient;
use rpc::contacts::{
    Address, AddressKind, CaptureContactRequest, CaptureContactResponse, Contact, GetAddressRequest,
    GetAddressResponse, GetContactRequest, LookUpContactRequest, Purpose,
};
use runtime::{Running, Shell};
use sqlx::{Connection, PgConnection, Row};
use std::sync::Arc;
use std::time::Duration;
use testkit::{ManualClock, SeededEntropy, TestDatabase, TestNats};
use tonic::transport::Channel;

pub type Tested = anyhow::Result<()>;

/// A running service with its servers.
pub struct Harness {
    pub clock: ManualClock,
    pub book: ContactBookServiceClient<Channel>,
    pub consents: ConsentServiceClient<Channel>,
    pub client: ContactServiceClient<Channel>,
    pub identity: IdentityServiceClient<Channel>,
    pub interactions: InteractionServiceClient<Channel>,
    pub imports: ImportServiceClient<Channel>,
    pub purchases: PurchaseServiceClient<Channel>,
    pub privacy: PrivacyServiceClient<Channel>,
    pub peers: Peers,
    pub retention: RetentionServiceClient<Channel>,
    pub roles: RoleServiceClient<Channel>,
    pub segments: SegmentServiceClient<Channel>,
    pub database: TestDatabase,
    pub nats: TestNats,
    running: Running,
}

/// What a customer gave to the workspace `acme`, with Poland as the default country.
pub fn given(name: &str, phone: &str, email: &str) -> CaptureContactRequest {
    CaptureContactRequest {
        workspace: "acme".into(),
        name: name.into(),
        phone: phone.into(),
        email: email.into(),
        default_country: "PL".into(),
        purpose: Purpose::Support.into(),
        channel: "web".into(),
        ..Default::default()
    }
}

impl Harness {
    pub async fn start() -> anyhow::Result<Self> {
        let migrate = async |url: String| Ok(store::migrate(&url, "contacts", &MIGRATOR).await?);
        let database = TestDatabase::create("contacts", migrate).await?;
        let nats = TestNats::start().await?;
        let clock = ManualClock::new();
        let (peers, peers_url) = Peers::start().await?;
        let running = run(&database, &nats, (&clock, 1), &peers_url).await?;
        Self::connected(database, nats, clock, peers, running).await
    }

    /// The same servers and peers with another process of the service.
    pub async fn start_again(self) -> anyhow::Result<Self> {
        let Self {
            database,
            nats,
            clock,
            peers,
            running,
            ..
        } = self;
        running.stop().await;
        let running = run(&database, &nats, (&clock, 2), &peers.url).await?;
        Self::connected(database, nats, clock, peers, running).await
    }

    async fn connected(
        database: TestDatabase,
        nats: TestNats,
        clock: ManualClock,
        peers: Peers,
        running: Running,
    ) -> anyhow::Result<Self> {
        let client = ContactServiceClient::connect(format!("http://{}", running.grpc)).await?;
        let book = ContactBookServiceClient::connect(format!("http://{}", running.grpc)).await?;
        let consents = ConsentServiceClient::connect(format!("http://{}", running.grpc)).await?;
        let identity = IdentityServiceClient::connect(format!("http://{}", running.grpc)).await?;
        let privacy = PrivacyServiceClient::connect(format!("http://{}", running.grpc)).await?;
        let purchases = PurchaseServiceClient::connect(format!("http://{}", running.grpc)).await?;
        let interactions = InteractionServiceClient::connect(format!("http://{}", running.grpc)).await?;
        let imports = ImportServiceClient::connect(format!("http://{}", running.grpc)).await?;
        let retention = RetentionServiceClient::connect(format!("http://{}", running.grpc)).await?;
        let roles = RoleServiceClient::connect(format!("http://{}", running.grpc)).await?;
        let segments = SegmentServiceClient::connect(format!("http://{}", running.grpc)).await?;
        Ok(Self {
            clock,
            book,
            consents,
            client,
            identity,
            imports,
            interactions,
            purchases,
            privacy,
            peers,
            retention,
            roles,
            segments,
            database,
            running,
            nats,
        })
    }

    pub async fn capture(&self, given: CaptureContactRequest) -> Result<CaptureContactResponse, tonic::Status> {
        Ok(self.client.clone().capture_contact(given).await?.into_inner())
    }

    pub async fn get(&self, workspace: &str, contact: &str, purpose: Purpose) -> Result<Contact, tonic::Status> {
        let request = GetContactRequest {
            workspace: workspace.into(),
            contact: contact.into(),
            purpose: purpose.into(),
        };
        let answer = self.client.clone().get_contact(request).await?.into_inner();
        Ok(answer.contact.expect("every answer has a contact"))
    }

    /// The contact in the workspace `acme`, for support.
    pub async fn contact(&self, contact: &str) -> Result<Contact, tonic::Status> {
        self.get("acme", contact, Purpose::Support).await
    }

    pub async fn address(
        &self,
        workspace: &str,
        address: &str,
        purpose: Purpose,
    ) -> Result<GetAddressResponse, tonic::Status> {
        let request = GetAddressRequest {
            workspace: workspace.into(),
            address: address.into(),
            purpose: purpose.into(),
        };
        Ok(self.client.clone().get_address(request).await?.into_inner())
    }

    pub async fn look_up(
        &self,
        workspace: &str,
        kind: AddressKind,
        value: &str,
        purpose: Purpose,
    ) -> Result<Contact, tonic::Status> {
        let request = LookUpContactRequest {
            workspace: workspace.into(),
            kind: kind.into(),
            value: value.into(),
            default_country: "PL".into(),
            purpose: purpose.into(),
            ..Default::default()
        };
        let answer = self.client.clone().look_up_contact(request).await?.into_inner();
        Ok(answer.contact.expect("every answer has a contact"))
    }

    /// As superuser, who sees all rows.
    pub async fn admin(&self) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(&self.database.admin_url()).await?)
    }

    pub async fn count(&self, sql: &'static str) -> anyhow::Result<i64> {
        Ok(sqlx::query(sql).fetch_one(&mut self.admin().await?).await?.try_get(0)?)
    }

    /// Stops the service in order.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

async fn run(
    database: &TestDatabase,
    nats: &TestNats,
    (clock, seed): (&ManualClock, u64),
    peers: &str,
) -> anyhow::Result<Running> {
    let (time, chance) = (Arc::new(clock.clone()), Arc::new(SeededEntropy::new(seed)));
    let shell = Shell::for_test("contacts", &database.url(), &nats.url(), time, chance).await?;
    let config = Config {
        conversation_url: peers.to_owned(),
        notifier_url: peers.to_owned(),
        presence_url: peers.to_owned(),
        routing_url: peers.to_owned(),
        gateway_url: peers.to_owned(),
        erasure_wait: runtime::Millis(Duration::from_secs(10)),
    };
    Ok(start(config, shell).await?)
}

/// Values of addresses, in order.
pub fn values(addresses: &[Address]) -> Vec<&str> {
    addresses.iter().map(|address| address.value.as_str()).collect()
}

/// The field and the catalogue code that a refusal names.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, tonic::Status>) -> (String, &'static str) {
    let fault = rpc::from_status(&result.expect_err("a refusal"));
    (fault.field().unwrap_or_default().to_owned(), fault.code().name)
}
