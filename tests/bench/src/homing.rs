//! Homing itself: ingest from NATS to committed message with its fact published, and the time from an agent's answer
//! to the provider's phone.

use crate::figures::{Latency, latency, rate};
use anyhow::{Context, Result};
use async_nats::jetstream::{self, consumer::pull};
use cli::stack::{Service, Stack, StackOptions};
use events::common::{AuthorRole, ChannelKind, ChannelSettings};
use events::event::MessagePosted;
use futures::StreamExt;
use futures::future::try_join_all;
use rpc::conversation::conversation_service_client::ConversationServiceClient;
use rpc::conversation::workspace_service_client::WorkspaceServiceClient;
use rpc::conversation::*;
use serde_json::json;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor, PgPool};
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use testkit::eventually;
use tonic::transport::Channel;

const INTEGRATION: &str = "bench";
/// References (conversations) that the messages of one ingest run belong to.
const REFERENCES: usize = 2_000;
const WINDOW: usize = 1_000;
/// Seconds of answers before the measured ones: pools, plans and caches are warm then.
const WARM_UP: usize = 3;

pub struct Homing {
    stack: Stack,
    channel: Channel,
    js: jetstream::Context,
}

impl Homing {
    pub async fn start(folder: PathBuf) -> Result<Self> {
        let settings = vec![
            ("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), String::new()),
            ("HOMING_LOG".into(), "warn".into()),
            ("HOMING_FACTS_MAX_BYTES".into(), "512MiB".into()),
            ("HOMING_HISTORY_MAX_BYTES".into(), "512MiB".into()),
            ("HOMING_INGEST_MAX_BYTES".into(), "512MiB".into()),
        ];
        let options = StackOptions {
            folder: Some(folder),
            durable: true,
            settings,
            unrestricted: true,
            ..StackOptions::default()
        };
        let stack = Stack::start(options).await?;
        let channel = rpc::connect(&stack.endpoints.services[Service::Conversation.short()])?;
        let js = jetstream::new(nats(&stack).await?);
        Ok(Self { stack, channel, js })
    }

    pub async fn stop(self) -> Result<()> {
        self.stack.stop().await
    }

    /// The servers that Homing runs on, by themselves.
    pub async fn servers(&self) -> Result<(async_nats::Client, jetstream::Context, PgPool)> {
        let client = nats(&self.stack).await?;
        let pool = PgPoolOptions::new()
            .max_connections(4)
            .connect(&self.stack.postgres.url("postgres"))
            .await?;
        Ok((client.clone(), jetstream::new(client), pool))
    }

    /// With a web channel `web`, and an integration that ingests.
    pub async fn workspace(&self, name: &str, settings: ChannelSettings, paths: &[&str]) -> Result<()> {
        let mut client = WorkspaceServiceClient::new(self.channel.clone());
        let workspace = Workspace {
            workspace: name.into(),
            name: "Bench".into(),
            time_zone: "Europe/Warsaw".into(),
            language: "en".into(),
            console_url: String::new(),
        };
        client
            .create_workspace(CreateWorkspaceRequest {
                workspace: Some(workspace),
            })
            .await?;
        client
            .create_channel(CreateChannelRequest {
                workspace: name.into(),
                channel: "web".into(),
                kind: ChannelKind::Web as i32,
                settings: Some(settings),
                mask: Some(prost_types::FieldMask {
                    paths: paths.iter().map(|path| (*path).to_owned()).collect(),
                }),
            })
            .await?;
        client
            .create_integration(CreateIntegrationRequest {
                workspace: name.into(),
                integration: INTEGRATION.into(),
                scopes: vec![Scope::Ingest as i32],
            })
            .await?;
        Ok(())
    }

    /// Only conversation-service runs while ingest is measured: the others would fold the same facts on the same two
    /// cores.
    pub async fn only_conversation(&mut self) -> Result<()> {
        for service in Service::ALL
            .into_iter()
            .filter(|service| *service != Service::Conversation)
        {
            self.stack.kill(service).await?;
        }
        Ok(())
    }

    /// Messages a second over `workspaces` workspaces, from a filled ingest stream until the last fact is in the facts'
    /// stream; conversation-service is stopped while it is filled.
    pub async fn ingest(&self, label: &str, workspaces: usize, count: usize) -> Result<f64> {
        let names: Vec<String> = (0..workspaces).map(|number| format!("{label}-{number}")).collect();
        for name in &names {
            self.workspace(name, ChannelSettings::default(), &[]).await?;
        }
        let facts = self.js.get_stream(events::FACTS.name).await?;
        let filter = format!("ingest-{label}");
        let mut counter = facts
            .create_consumer(pull::Config {
                durable_name: Some(filter),
                filter_subject: events::fact_filter::<MessagePosted>(),
                ..Default::default()
            })
            .await?;
        let before = counter.info().await?.num_pending;
        let text = "x".repeat(200);
        self.stack.signal(Service::Conversation, "STOP").await?;
        for start in (0..count).step_by(WINDOW) {
            let mut acks = Vec::with_capacity(WINDOW);
            for number in start..(start + WINDOW).min(count) {
                let name = &names[number % workspaces];
                let reference = format!("ticket-{}", number % REFERENCES);
                acks.push(
                    self.publish_message(name, number, &reference, "customer", &text)
                        .await?,
                );
            }
            try_join_all(acks.into_iter().map(IntoFuture::into_future)).await?;
        }
        let wanted = before + count as u64;
        let began = Instant::now();
        self.stack.signal(Service::Conversation, "CONT").await?;
        eventually("every fact is in the stream", Duration::from_secs(300), async || {
            (counter.info().await.ok()?.num_pending >= wanted).then_some(())
        })
        .await?;
        Ok(rate(count, began))
    }

    async fn publish_message(
        &self,
        workspace: &str,
        number: usize,
        reference: &str,
        role: &str,
        text: &str,
    ) -> Result<jetstream::context::PublishAckFuture> {
        let document = json!({
            "specversion": "1.0", "id": format!("{reference}-{number}"), "source": INTEGRATION, "type": "homing.message.v1",
            "subject": reference, "time": wall().to_string(),
            "data": {"channel": "web", "author": {"role": role}, "text": text}
        });
        let subject = events::Subject::Ingest {
            workspace: domain::WorkspaceId::parse(workspace)?,
            integration: domain::IntegrationId::parse(INTEGRATION)?,
            event: "message".into(),
        };
        Ok(self
            .js
            .publish(subject.to_string(), document.to_string().into())
            .await?)
    }

    /// From an agent's answer published on NATS to the provider's acceptance, debounce zero, at `per_second`; once per
    /// rate.
    pub async fn answer_to_provider(&self, per_second: usize, seconds: usize) -> Result<Latency> {
        let workspace = format!("latency-{per_second}");
        let settings = ChannelSettings {
            confirmation_text: false,
            ..Default::default()
        };
        self.workspace(
            &workspace,
            settings,
            &["confirmation_text", "debounce_ms", "ceiling_ms"],
        )
        .await?;
        self.fund(&workspace).await?;
        let mut conversations = self
            .conversations(&workspace, per_second * 10_000, per_second * (WARM_UP + seconds))
            .await?;
        let measured = conversations.split_off(per_second * WARM_UP);
        self.settled().await?;
        self.answer_all(&workspace, &conversations, per_second).await?;
        self.analyse().await?;
        self.settled().await?;
        let published = self.answer_all(&workspace, &measured, per_second).await?;
        let samples = self.stack.sms.messages().into_iter().filter_map(|message| {
            let since = message.created_at.duration_since(*published.get(&message.to)?);
            Duration::try_from(since).ok()
        });
        Ok(latency(samples.collect()))
    }

    /// Brings the planner's statistics up to date, as autovacuum does within a minute or two of a table's first growth.
    pub async fn analyse(&self) -> Result<()> {
        for service in Service::ALL {
            let url = self.stack.postgres.url(service.short());
            let pool = PgPoolOptions::new().max_connections(1).connect(&url).await?;
            pool.execute("ANALYZE").await?;
            pool.close().await;
        }
        Ok(())
    }

    /// Waits until every fact has been taken in: what is measured must not stand behind its own preparation.
    async fn settled(&self) -> Result<()> {
        let facts = self.js.get_stream(events::FACTS.name).await?;
        eventually("every fact is taken in", Duration::from_secs(120), async || {
            let mut consumers = facts.consumers();
            while let Some(consumer) = consumers.next().await {
                let consumer = consumer.ok()?;
                if consumer.num_pending > 0 || consumer.num_ack_pending > 0 {
                    return None;
                }
            }
            Some(())
        })
        .await?;
        Ok(())
    }

    /// Publishes one answer to each conversation and waits for the texts; when each was published, by phone number.
    async fn answer_all(
        &self,
        workspace: &str,
        conversations: &[(String, String)],
        per_second: usize,
    ) -> Result<HashMap<String, jiff::Timestamp>> {
        let sms = self.stack.sms.clone();
        let before = sms.messages().len();
        let mut published = HashMap::new();
        let mut tick = tokio::time::interval(Duration::from_secs(1) / u32::try_from(per_second)?);
        for (number, (phone, conversation)) in conversations.iter().enumerate() {
            tick.tick().await;
            published.insert(phone.clone(), wall());
            self.publish_message(workspace, number, conversation, "agent", "Your parcel is on its way.")
                .await?
                .await?;
        }
        let wanted = before + published.len();
        eventually("every answer became a text", Duration::from_secs(60), async || {
            (sms.messages().len() >= wanted).then_some(())
        })
        .await
        .with_context(|| format!("{} of {wanted} texts", sms.messages().len()))?;
        Ok(published)
    }

    /// billing-service.
    pub fn billing(&self) -> Result<Channel> {
        Ok(rpc::connect(&self.stack.endpoints.services[Service::Billing.short()])?)
    }

    /// contacts-service.
    pub fn contacts(&self) -> Result<Channel> {
        Ok(rpc::connect(&self.stack.endpoints.services[Service::Contacts.short()])?)
    }

    /// routing-service.
    pub fn routing(&self) -> Result<Channel> {
        Ok(rpc::connect(&self.stack.endpoints.services[Service::Routing.short()])?)
    }

    /// The streams, with every right.
    pub async fn bus(&self) -> Result<bus::Bus> {
        connect(&self.stack).await
    }

    /// A service's rows, as superuser.
    pub async fn database(&self, name: &str) -> Result<PgPool> {
        Ok(PgPoolOptions::new()
            .max_connections(1)
            .connect(&self.stack.postgres.url(name))
            .await?)
    }

    /// Prices, and money for as many texts as anybody measures.
    pub async fn fund(&self, workspace: &str) -> Result<()> {
        use rpc::billing::billing_service_client::BillingServiceClient;
        use rpc::billing::*;
        let mut billing = BillingServiceClient::new(self.billing()?);
        let price = Price {
            kind: events::common::MessageKind::Sms as i32,
            country: "*".into(),
            valid_from: Some(prost_types::Timestamp { seconds: 0, nanos: 0 }),
            micro_pu: 10_000,
        };
        billing
            .set_prices(SetPricesRequest {
                workspace: workspace.into(),
                prices: vec![price],
            })
            .await?;
        let micro_pu = 1_000_000_000_000;
        billing
            .top_up(TopUpRequest {
                workspace: workspace.into(),
                request_id: "bench".into(),
                micro_pu,
                ..Default::default()
            })
            .await?;
        Ok(())
    }

    /// Conversations of customers who are not there, with phone numbers from `first` on; phone number and conversation
    /// id of each.
    async fn conversations(&self, workspace: &str, first: usize, count: usize) -> Result<Vec<(String, String)>> {
        let mut all = Vec::with_capacity(count);
        for chunk in (0..count).collect::<Vec<_>>().chunks(32) {
            let starts = chunk.iter().map(|number| {
                let mut client = ConversationServiceClient::new(self.channel.clone());
                // Spread over all blocks of numbers: a block gets only so many texts a day.
                let phone = format!("+4860{:07}", (first + number) * 7_919 % 10_000_000);
                async move {
                    let request = StartConversationRequest {
                        workspace: workspace.into(),
                        request_id: format!("start-{number}"),
                        channel: "web".into(),
                        visitor: uuid::Uuid::from_u128(*number as u128 + 1).to_string(),
                        contact: Some(GivenContact {
                            phone: phone.clone(),
                            ..Default::default()
                        }),
                        author: AuthorRole::Customer as i32,
                        text: "Where is my parcel?".into(),
                        page_url: "https://shop.example/help".into(),
                        ..Default::default()
                    };
                    let started = client.start_conversation(request).await?.into_inner();
                    let conversation = started.conversation.context("a conversation")?.conversation;
                    anyhow::Ok((phone, conversation))
                }
            });
            all.extend(try_join_all(starts).await?);
        }
        Ok(all)
    }
}

#[expect(clippy::disallowed_methods, reason = "compared with the sink's clock")]
pub fn wall() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// A connection that may do everything: the raw measurements use subjects of their own.
async fn nats(stack: &Stack) -> Result<async_nats::Client> {
    Ok(connect(stack).await?.client().clone())
}

async fn connect(stack: &Stack) -> Result<bus::Bus> {
    let config = bus::BusConfig {
        url: stack.nats_url(None),
        name: "bench".to_owned(),
    };
    Ok(bus::Bus::connect(&config).await?)
}
