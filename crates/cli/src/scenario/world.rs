//! A workspace of its own for one run, set up as an operator does.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use events::common::{ChannelKind, ChannelSettings, MessageKind};
use rpc::billing::{GetDriftResponse, Price, UsageRow};
use rpc::conversation::{
    CreateAgentRequest, CreateChannelRequest, CreateIntegrationRequest, CreateWorkspaceRequest, Scope, Workspace,
};

use super::expect::soon;
use super::{Clients, Customer, Given, Integration, Sinks};
use crate::call::call;
use crate::stack::Endpoints;

/// What a text part and a mail cost, in micro-PU, and what the account is given.
pub const TEXT_PRICE: i64 = 50_000;
pub const MAIL_PRICE: i64 = 10_000;
pub const FUNDS: i64 = 10_000_000;

const INTEGRATION: &str = "helpdesk";

/// Somebody with addresses that nobody else in this run, or in an earlier one, has.
#[derive(Clone, Debug)]
pub struct Person {
    pub name: &'static str,
    /// E.164.
    pub phone: String,
    pub email: String,
}

impl Person {
    fn new(name: &'static str) -> Self {
        let id = fresh(&name.to_lowercase());
        let digits = id
            .bytes()
            .rev()
            .take(7)
            .fold(0_u64, |sum, byte| sum * 10 + u64::from(byte % 10));
        Self {
            name,
            phone: format!("+4860{digits:07}"),
            email: format!("{id}@example.com"),
        }
    }

    /// What they type: the phone number without its country code.
    pub fn given(&self) -> Given<'_> {
        Given {
            name: Some(self.name),
            phone: Some(&self.phone[3..]),
            email: Some(&self.email),
        }
    }
}

/// One workspace with a web channel, an agent, an integration, prices and funds.
#[derive(Debug)]
pub struct World {
    pub workspace: String,
    pub endpoints: Endpoints,
    pub clients: Clients,
    pub integration: Integration,
    /// Of the integration, for the API: it may read and write.
    pub token: String,
    pub sinks: Sinks,
    pub ola: Person,
    pub jan: Person,
    pub ewa: Person,
    pub iga: Person,
    pub leo: Person,
    pub zoe: Person,
    pub max: Person,
    /// Follows no redirects.
    pub http: reqwest::Client,
    events: AtomicU32,
}

/// The channel with default settings, one that waits five times longer before it sends, one that does not wait, and one
/// that mails a day after the text.
pub const CHANNEL: &str = "web";
pub const PATIENT_CHANNEL: &str = "web-patient";
pub const PROMPT_CHANNEL: &str = "web-prompt";
pub const TEXT_CHANNEL: &str = "web-text";

impl World {
    /// Creates it under a name that was never used.
    pub async fn set_up(endpoints: Endpoints) -> Result<Self> {
        let workspace = fresh("shop");
        let clients = Clients::connect(&endpoints, &workspace)?;
        create(&clients, &workspace).await?;
        let (user, token) = create_integration(&clients, &workspace).await?;
        let server = endpoints
            .nats
            .rsplit_once('@')
            .map_or(endpoints.nats.clone(), |(_, host)| format!("nats://{host}"));
        let integration = Integration::connect(&server, &workspace, INTEGRATION, &user, &token).await?;
        fund(&clients, &workspace).await?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .build()?;
        let sinks = Sinks::new(&endpoints.sinks, http.clone());
        Ok(Self {
            ola: Person::new("Ola"),
            jan: Person::new("Jan"),
            ewa: Person::new("Ewa"),
            iga: Person::new("Iga"),
            leo: Person::new("Leo"),
            zoe: Person::new("Zoe"),
            max: Person::new("Max"),
            workspace,
            endpoints,
            clients,
            integration,
            token,
            sinks,
            http,
            events: AtomicU32::new(1),
        })
    }

    /// A customer who opens the page.
    pub async fn visitor(&self, channel: &str) -> Result<Customer> {
        Customer::visit(&self.http, &self.endpoints.gateway, &self.workspace, channel).await
    }

    /// A customer who opens the page and writes.
    pub async fn customer(&self, channel: &str, text: &str, given: Given<'_>) -> Result<Customer> {
        let mut customer = self.visitor(channel).await?;
        customer.start(&fresh("client"), text, given).await?;
        Ok(customer)
    }

    /// Somebody opens a return link.
    pub async fn follow_link(&self, link: &str) -> Result<Customer> {
        Customer::follow_link(&self.http, &self.endpoints.gateway, link).await
    }

    /// The integrating system publishes the agent's answer; returns its event id.
    pub async fn answer(&self, customer: &Customer, text: &str) -> Result<String> {
        self.answer_by(&self.integration, customer, text).await
    }

    /// The same, through the given connection.
    pub async fn answer_by(&self, integration: &Integration, customer: &Customer, text: &str) -> Result<String> {
        let id = format!("answer-{}", self.events.fetch_add(1, Ordering::Relaxed));
        integration.answer(&id, &customer.conversation, now(), text).await?;
        Ok(id)
    }

    /// Somebody writes a text to the number that ours come from; again until it is taken, as providers do.
    pub async fn write_text(&self, person: &Person, words: &str) -> Result<()> {
        let url = format!("{}/v1/callbacks/sms/{}/inbound", self.endpoints.gateway, self.workspace);
        let sid = fresh("SM");
        soon("the text is taken", async || {
            let answered = self.sinks.write(&url, &sid, &person.phone, words).await?;
            Ok((answered == 200).then_some(()))
        })
        .await
    }

    /// Usage of today by day, and its sum in micro-PU.
    pub async fn usage(&self) -> Result<(Vec<UsageRow>, i64)> {
        let day = jiff::SignedDuration::from_hours(24);
        self.clients.usage(now() - day, now() + day).await
    }

    /// Nothing in the books disagrees: balances and their lines, holds and sends.
    pub async fn books_agree(&self) -> Result<()> {
        let day = jiff::SignedDuration::from_hours(24);
        let drift = self.clients.drift(now() - day, now() + day).await?;
        ensure!(drift == GetDriftResponse::default(), "the books disagree: {drift:?}");
        Ok(())
    }

    /// A duration of the product as it passes here.
    pub fn scaled(&self, duration: Duration) -> Duration {
        duration.div_f64(self.endpoints.time_scale)
    }
}

async fn create(clients: &Clients, workspace: &str) -> Result<()> {
    let tenant = Workspace {
        workspace: workspace.to_owned(),
        name: "Corner Shop".to_owned(),
        time_zone: "Europe/Warsaw".to_owned(),
        language: "en".to_owned(),
        console_url: String::new(),
    };
    call!(
        clients.workspaces,
        create_workspace,
        CreateWorkspaceRequest {
            workspace: Some(tenant)
        }
    )?;
    let agent = CreateAgentRequest {
        workspace: workspace.to_owned(),
        agent: "ana".to_owned(),
        display_name: "Ana".to_owned(),
        teams: Vec::new(),
        email: String::new(),
    };
    call!(clients.workspaces, create_agent, agent)?;
    let waits = |debounce_ms, ceiling_ms| ChannelSettings {
        debounce_ms,
        ceiling_ms,
        ..Default::default()
    };
    let both = || vec!["debounce_ms".to_owned(), "ceiling_ms".to_owned()];
    let late_mail = ChannelSettings {
        escalation_ms: 86_400_000,
        ..Default::default()
    };
    for (channel, settings, paths) in [
        (CHANNEL, ChannelSettings::default(), Vec::new()),
        (PATIENT_CHANNEL, waits(150_000, 300_000), both()),
        (PROMPT_CHANNEL, waits(0, 0), both()),
        (TEXT_CHANNEL, late_mail, vec!["escalation_ms".to_owned()]),
    ] {
        let request = CreateChannelRequest {
            workspace: workspace.to_owned(),
            channel: channel.to_owned(),
            kind: ChannelKind::Web.into(),
            settings: Some(settings),
            mask: Some(prost_types::FieldMask { paths }),
        };
        call!(clients.workspaces, create_channel, request)?;
    }
    Ok(())
}

/// Its NATS user and token.
async fn create_integration(clients: &Clients, workspace: &str) -> Result<(String, String)> {
    let scopes = [Scope::Ingest, Scope::Read, Scope::Write].map(i32::from).to_vec();
    let request = CreateIntegrationRequest {
        workspace: workspace.to_owned(),
        integration: INTEGRATION.to_owned(),
        scopes,
    };
    let created = call!(clients.workspaces, create_integration, request)?;
    Ok((created.nats_user, created.token))
}

async fn fund(clients: &Clients, workspace: &str) -> Result<()> {
    let from: jiff::Timestamp = "2020-01-01T00:00:00Z".parse().context("a time")?;
    let price = |kind: MessageKind, micro_pu: i64| Price {
        kind: kind.into(),
        country: "*".to_owned(),
        valid_from: Some(events::stamp(from)),
        micro_pu,
    };
    // The account is opened by the fact that the workspace was created.
    soon("the account is opened", async || {
        clients
            .set_prices(vec![
                price(MessageKind::Sms, TEXT_PRICE),
                price(MessageKind::Email, MAIL_PRICE),
            ])
            .await?;
        clients.top_up(&format!("{workspace}-first"), FUNDS).await?;
        Ok(Some(()))
    })
    .await
}

/// A name nobody used before.
#[expect(clippy::disallowed_methods, reason = "the scenario plays the outside world")]
pub(super) fn fresh(prefix: &str) -> String {
    let id = uuid::Uuid::now_v7().simple().to_string();
    format!("{prefix}-{}", &id[id.len() - 12..])
}

#[expect(clippy::disallowed_methods, reason = "the scenario plays the outside world")]
pub(super) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
