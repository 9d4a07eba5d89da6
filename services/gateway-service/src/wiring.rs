use crate::app::edge::{Edge, EdgeSettings, Parts};
use crate::app::gate::{Gate, Rates};
use crate::app::meters::Meters;
use crate::app::tabs::Tabs;
use crate::config::Config;
use crate::domain::bucket::Rate;
use crate::domain::origin;
use crate::inbound::{facts, http, persons::Persons, signals};
use crate::outbound::billing::Billing;
use crate::outbound::contacts::Contacts;
use crate::outbound::conversation::Conversations;
use crate::outbound::notifier::FollowUps;
use crate::outbound::routing::Routing;
use crate::outbound::signals::Signals;
use fault::{Fault, Result};
use rpc::gateway::person_service_server::PersonServiceServer;
use runtime::{Running, Shell};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tonic::service::Routes;

/// Providers call from few addresses, in waves after an outage.
const CALLBACKS: Rate = Rate::new(2_000.0, 500.0);

/// Shorter ones could be guessed.
const SHORTEST_SECRET: usize = 32;

/// Where a running gateway listens for HTTP.
pub struct Gateway {
    pub running: Running,
    pub http: SocketAddr,
}

pub async fn start(config: Config, shell: Shell) -> Result<Gateway> {
    let (tabs, words) = Tabs::new(shell.entropy.id(), shell.clock.clone());
    let edge = Edge::new(Parts {
        store: shell.store(),
        clock: shell.clock.clone(),
        entropy: shell.entropy.clone(),
        time_scale: shell.time_scale,
        conversations: Conversations::new(shell.channel(&config.conversation_url)?),
        follow_ups: FollowUps::new(shell.channel(&config.notifier_url)?),
        contacts: Contacts::new(shell.channel(&config.contacts_url)?),
        billing: Billing::new(shell.channel(&config.billing_url)?),
        routing: Routing::new(shell.channel(&config.routing_url)?, shell.channel(&config.routing_url)?),
        tabs: Arc::new(tabs),
        gate: Gate::new(rates(&config)),
        meters: Meters::new(&opentelemetry::global::meter("gateway-service")),
        settings: settings(&config)?,
        drain: shell.stop.clone(),
    });
    let bus = shell.bus();
    shell.spawn("hear cards", facts::hear_cards(edge.clone(), bus.clone()).await?);
    shell.spawn("hear forms", facts::hear_forms(edge.clone(), bus.clone()).await?);
    shell.spawn("hear posted", facts::hear_posted(edge.clone(), bus.clone()).await?);
    shell.spawn(
        "hear reminders",
        facts::hear_reminders(edge.clone(), bus.clone()).await?,
    );
    shell.spawn("hear closed", signals::hear_closed(edge.clone(), bus.clone()).await?);
    shell.spawn(
        "answer snapshots",
        signals::answer_snapshots(edge.clone(), bus.clone()).await?,
    );
    let told = signals::publish(edge.clone(), Signals::new(bus), words, config.lease.0);
    shell.spawn("publish signals", told);
    let listener = TcpListener::bind(config.http_listen).await;
    let listener = listener.map_err(|error| Fault::unavailable("HOMING_HTTP_LISTEN", error))?;
    let address = listener.local_addr().map_err(Fault::internal)?;
    let persons = PersonServiceServer::new(Persons(edge.clone()));
    let app = http::router(edge);
    shell.spawn(
        "http",
        http::server::serve(listener, app, config.head_within.0, shell.stop.clone()),
    );
    tracing::info!(http = %address, "the door is open");
    let running = shell.serve(Routes::new(persons)).await?;
    Ok(Gateway { running, http: address })
}

fn settings(config: &Config) -> Result<EdgeSettings> {
    let public_url = config.public_url.trim_end_matches('/').to_owned();
    if origin::of_url(&public_url).is_none() {
        return Err(Fault::invalid(
            "HOMING_PUBLIC_URL",
            "needs the form https://chat.example.com",
        ));
    }
    for (name, within) in [
        ("HOMING_GATEWAY_HEAD_MS", config.head_within.0),
        ("HOMING_GATEWAY_BODY_MS", config.body_within.0),
    ] {
        if within.is_zero() {
            return Err(Fault::invalid(name, "must be at least 1"));
        }
    }
    let mail_secret = config.mail_secret.clone();
    if mail_secret
        .as_ref()
        .is_some_and(|secret| secret.expose().len() < SHORTEST_SECRET)
    {
        return Err(Fault::invalid(
            "HOMING_GATEWAY_MAIL_SECRET",
            "needs at least 32 characters",
        ));
    }
    Ok(EdgeSettings {
        public_url,
        forwarded_hops: config.forwarded_hops,
        session_life: Duration::from_secs(24 * 3600).saturating_mul(config.session_days),
        sockets_per_address: config.sockets_per_address,
        sockets_per_workspace: config.sockets_per_workspace,
        mail_secret,
        body_within: config.body_within.0,
        write_within: config.write_within.0,
    })
}

fn rates(config: &Config) -> Rates {
    let per_minute = |count: u32| Rate::new(f64::from(count), f64::from(count) / 60.0);
    let requests = f64::from(config.requests_per_second);
    Rates {
        request: Rate::new(2.0 * requests, requests),
        session: per_minute(config.sessions_per_minute),
        start: per_minute(config.starts_per_minute),
        callback: CALLBACKS,
    }
}
