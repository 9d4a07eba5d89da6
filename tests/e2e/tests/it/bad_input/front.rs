//! Who stands at the doors.

use anyhow::{Context, Result, ensure};
use cli::scenario::{CHANNEL, Customer, World, main_job};
use cli::stack::Stack;
use events::common::{ChannelKind, ChannelSettings, FieldRule};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder};
use rpc::conversation::{CreateChannelRequest, CreateIntegrationRequest, Scope};
use serde_json::{Value, json};

/// Asks for name and phone, takes no e-mail.
const STRICT: &str = "strict";

/// What the customer's browser called its first message.
pub const FIRST: &str = "first";

/// A workspace with people at its doors.
pub struct Front {
    pub world: World,
    /// In a conversation.
    pub customer: Customer,
    /// Has written nothing yet.
    pub visitor: Customer,
    /// The same, on a channel that requires name and phone and takes no e-mail.
    pub strict: Customer,
    /// API token that may do everything.
    pub token: String,
}

impl Front {
    pub async fn open(stack: &Stack) -> Result<Self> {
        let world = World::set_up(stack.endpoints.clone()).await?;
        let mut workspaces = world.clients.workspaces.clone();
        let settings = ChannelSettings {
            phone: FieldRule::Required.into(),
            name: FieldRule::Required.into(),
            email: FieldRule::Off.into(),
            ..Default::default()
        };
        let paths = ["phone", "name", "email"].map(str::to_owned).to_vec();
        let channel = CreateChannelRequest {
            workspace: world.workspace.clone(),
            channel: STRICT.to_owned(),
            kind: ChannelKind::Web.into(),
            settings: Some(settings),
            mask: Some(prost_types::FieldMask { paths }),
        };
        workspaces.create_channel(channel).await?;
        let admin = CreateIntegrationRequest {
            workspace: world.workspace.clone(),
            integration: "console".to_owned(),
            scopes: [Scope::Ingest, Scope::Read, Scope::Write, Scope::Admin, Scope::Contacts]
                .map(i32::from)
                .to_vec(),
        };
        let token = workspaces.create_integration(admin).await?.into_inner().token;
        let mut customer = world.visitor(CHANNEL).await?;
        customer.start(FIRST, main_job::QUESTION, world.ola.given()).await?;
        // The confirmation is sent, told of and paid before anything is counted.
        main_job::captured(&world, 1).await?;
        Ok(Self {
            visitor: world.visitor(CHANNEL).await?,
            strict: world.visitor(STRICT).await?,
            customer,
            world,
            token,
        })
    }

    /// A request to the public API.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.world
            .http
            .request(method, format!("{}{path}", self.world.endpoints.gateway))
    }

    /// The same with a body, as an integration that may do everything.
    pub fn send(&self, method: Method, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        let request = self.request(method, path).bearer_auth(&self.token);
        request.header(CONTENT_TYPE, kind).body(body)
    }

    /// Every door still takes what is right.
    pub async fn goes_on(&mut self) -> Result<()> {
        self.customer
            .say("goes-on", "Still there?")
            .await
            .context("the socket")?;
        let path = format!("/v1/conversations/{}/messages", self.customer.conversation);
        let body = json!({ "client_id": "goes-on", "text": "Yes.", "agent": "ana" }).to_string();
        let posted = self.send(Method::POST, &path, "application/json", body).send().await?;
        let posted: Value = posted.error_for_status().context("the API")?.json().await?;
        let seq = posted["message"]["seq"].as_u64().context("no sequence")?;
        self.customer.shown(seq).await?;
        self.world.answer(&self.customer, "And here.").await?;
        let last = self.customer.shown(seq + 1).await.context("NATS")?;
        ensure!(last["text"] == "And here.", "another message came: {last}");
        self.customer.read(seq + 1).await?;
        let ola = self.world.ola.clone();
        self.strict
            .start(
                "goes-on",
                "Hello?",
                cli::scenario::Given {
                    email: None,
                    ..ola.given()
                },
            )
            .await
            .context("the strict channel")
    }
}
