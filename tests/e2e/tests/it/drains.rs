//! Every service in turn is asked to stop in the middle of traffic. It ends by itself, what it measured leaves with it,
//! and nothing is lost or done twice.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cli::scenario::{Integration, World, main_job};
use cli::stack::{Service, Stack, StackOptions};
use domain::WorkspaceId;
use events::Subject;
use events::event::FollowUpEnd;
use futures::TryStreamExt;
use rpc::conversation::ListConversationsRequest;
use rpc::routing::ListAgentsRequest;
use rpc::routing::routing_service_client::RoutingServiceClient;
use serde_json::{Value, json};
use testkit::{RecordKind, eventually};

use crate::kills::sent_once;

/// Between two messages of one sender.
const PACE: Duration = Duration::from_millis(10);
/// Messages that come while a service is away.
const MEANWHILE: u64 = 20;
/// When the messages were written.
const HAPPENED: &str = "2026-01-31T12:00:00Z";
const SETTLED_WITHIN: Duration = Duration::from_secs(60);
/// Conversations of the other system that the messages belong to.
const REFERENCES: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_service_stops_in_order_under_traffic_and_nothing_is_lost() -> Result<()> {
    testkit::install_crypto();
    let mut stack = Stack::start(StackOptions {
        time_scale: 60.0,
        unrestricted: true,
        ..StackOptions::default()
    })
    .await?;
    let result = stop_each(&mut stack).await;
    crate::shown(stack, result).await
}

async fn stop_each(stack: &mut Stack) -> Result<()> {
    let busy = World::set_up(stack.endpoints.clone()).await?;
    let traffic = Traffic::of(&busy);
    let stops = async {
        for service in Service::ALL {
            let world = World::set_up(stack.endpoints.clone()).await?;
            main_job_with_a_stop(stack, &world, service, &traffic)
                .await
                .with_context(|| format!("with {service}-service stopped"))?;
        }
        traffic.end();
        Ok(())
    };
    tokio::try_join!(stops, traffic.send(false), traffic.send(true))?;
    kept_once(stack, &busy, traffic.sent()).await?;
    stack.check()
}

/// The answer comes while the service is away.
async fn main_job_with_a_stop(stack: &mut Stack, world: &World, service: Service, traffic: &Traffic) -> Result<()> {
    let mut customer = main_job::write(world).await?;
    main_job::leave(world, &mut customer).await?;
    ask_routing(world).await?;
    stack.stop_service(service).await?;
    has_told(stack, service)?;
    world.answer(&customer, main_job::ANSWER).await?;
    traffic.goes_on().await?;
    stack.restart(service).await?;
    main_job::text(world, &customer).await?;
    let mail = main_job::mail(world).await?;
    main_job::come_back(world, &customer, &mail).await?;
    main_job::ended(world, &customer.conversation, FollowUpEnd::Returned).await?;
    main_job::captured(world, 3).await?;
    sent_once(world).await
}

/// The main job does without routing; it is asked something all the same.
async fn ask_routing(world: &World) -> Result<()> {
    let url = &world.endpoints.services[Service::Routing.short()];
    let mut client = RoutingServiceClient::new(rpc::connect(url)?);
    let request = ListAgentsRequest {
        workspace: world.workspace.clone(),
        ..Default::default()
    };
    client.list_agents(request).await?;
    Ok(())
}

/// Traces, metrics and logs of a service that has ended are all with the collector.
fn has_told(stack: &Stack, service: Service) -> Result<()> {
    let name = service.binary();
    let spans = stack.otlp.spans();
    ensure!(spans.iter().any(|span| span.service == name), "no span of it came");
    let names = |kind| -> Vec<String> {
        let records = stack.otlp.records(kind, &name);
        records.into_iter().flat_map(|record| record.names).collect()
    };
    let metrics = names(RecordKind::Metrics);
    ensure!(
        metrics.iter().any(|metric| metric.contains("duration")),
        "no duration was measured: {metrics:?}"
    );
    let lines = names(RecordKind::Logs);
    for line in ["ready", "stopping"] {
        ensure!(
            lines.iter().any(|said| said == line),
            "no log line says '{line}': {lines:?}"
        );
    }
    Ok(())
}

/// Every message is in its conversation once, and was told of once.
async fn kept_once(stack: &Stack, world: &World, sent: u64) -> Result<()> {
    let request = ListConversationsRequest {
        workspace: world.workspace.clone(),
        ..Default::default()
    };
    let stored = eventually("every message is stored", SETTLED_WITHIN, async || {
        let mut client = world.clients.conversations.clone();
        let listed = client.list_conversations(request.clone()).await.ok()?.into_inner();
        let stored: u64 = listed.conversations.iter().map(|one| one.last_seq).sum();
        (stored >= sent).then_some((listed.conversations.len() as u64, stored))
    })
    .await?;
    ensure!(stored == (REFERENCES, sent), "{stored:?} are stored, {sent} were sent");

    let config = bus::BusConfig {
        url: stack.nats_url(None),
        name: "e2e".into(),
    };
    let bus = bus::Bus::connect(&config).await?;
    let stream = async_nats::jetstream::new(bus.client().clone())
        .get_stream(events::FACTS.name)
        .await?;
    let fact = Subject::Fact {
        workspace: WorkspaceId::parse(&world.workspace).map_err(fault::Fault::from)?,
        aggregate: "message".into(),
        event: "posted".into(),
    };
    let told = eventually("every message is told of", SETTLED_WITHIN, async || {
        let subjects = stream.info_with_subjects(fact.to_string()).await.ok()?;
        let told: Vec<(String, usize)> = subjects.try_collect().await.ok()?;
        let told = told.first().map_or(0, |(_, count)| *count as u64);
        (told >= sent).then_some(told)
    })
    .await?;
    ensure!(told == sent, "{told} facts tell of {sent} messages");
    Ok(())
}

/// Messages of another system, on NATS and over HTTP, without a break.
struct Traffic {
    integration: Integration,
    events: String,
    http: reqwest::Client,
    ended: AtomicBool,
    sent: AtomicU64,
}

impl Traffic {
    fn of(world: &World) -> Self {
        Self {
            integration: world.integration.clone(),
            events: format!("{}/v1/events", world.endpoints.gateway),
            http: world.http.clone(),
            ended: AtomicBool::new(false),
            sent: AtomicU64::new(0),
        }
    }

    fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Waits for more messages to be sent.
    async fn goes_on(&self) -> Result<()> {
        let more = self.sent() + MEANWHILE;
        let sent = eventually("the traffic goes on", SETTLED_WITHIN, async || {
            (self.sent() >= more).then_some(())
        });
        Ok(sent.await?)
    }

    fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    async fn send(&self, over_http: bool) -> Result<()> {
        let mut pace = tokio::time::interval(PACE);
        for n in 0.. {
            pace.tick().await;
            if self.ended.load(Ordering::Relaxed) {
                break;
            }
            let id = format!("{}-{n}", if over_http { "http" } else { "nats" });
            let document = self.integration.document(
                "message",
                &id,
                &format!("case-{}", n % REFERENCES),
                HAPPENED.parse()?,
                json!({ "channel": "web", "author": { "role": "customer" }, "text": id }),
            );
            let document = document.to_string();
            if over_http {
                self.post(document).await?;
            } else {
                self.integration.publish_bytes("message", document.into()).await?;
            }
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Repeats it until it is taken, as an integrating system does.
    async fn post(&self, document: String) -> Result<()> {
        let taken = eventually("the event is taken over HTTP", SETTLED_WITHIN, async || {
            let request = self.http.post(&self.events).bearer_auth(&self.integration.token);
            let request = request.header("content-type", "application/cloudevents+json");
            let answer = request.body(document.clone()).send().await.ok()?;
            let outcome: Value = answer.error_for_status().ok()?.json().await.ok()?;
            (outcome["accepted"] == true).then_some(())
        });
        Ok(taken.await?)
    }
}
