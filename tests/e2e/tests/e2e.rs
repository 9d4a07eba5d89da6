//! The whole system, with bad input and with kills.

#[path = "it/bad_input/mod.rs"]
mod bad_input;
#[path = "it/commands/mod.rs"]
mod commands;
#[path = "it/drains.rs"]
mod drains;
#[path = "it/erasure.rs"]
mod erasure;
#[path = "it/examples.rs"]
mod examples;
#[path = "it/first_messages.rs"]
mod first_messages;
#[path = "it/kills.rs"]
mod kills;
#[path = "it/kills_inbound.rs"]
mod kills_inbound;
#[path = "it/kills_of_calls.rs"]
mod kills_of_calls;
#[path = "it/kills_of_conversations.rs"]
mod kills_of_conversations;
#[path = "it/kills_of_routing.rs"]
mod kills_of_routing;
#[path = "it/messages.rs"]
mod messages;
#[path = "it/outages.rs"]
mod outages;
#[path = "it/provider_call.rs"]
mod provider_call;
#[path = "it/replicas.rs"]
mod replicas;
#[path = "it/replies.rs"]
mod replies;
#[path = "it/simulate.rs"]
mod simulate;
#[path = "it/trace.rs"]
mod trace;
#[path = "it/unsubscribing.rs"]
mod unsubscribing;
#[path = "it/visitors.rs"]
mod visitors;

use cli::stack::{Stack, StackOptions};

/// A stack whose minutes pass in seconds.
async fn stack() -> anyhow::Result<Stack> {
    testkit::install_crypto();
    Stack::start(StackOptions {
        time_scale: 60.0,
        ..StackOptions::default()
    })
    .await
}

/// Runs `scenario`; when it fails, the logs of the services are kept and named.
async fn shown(stack: Stack, result: anyhow::Result<()>) -> anyhow::Result<()> {
    if result.is_err() {
        eprintln!("logs of the services: {}", stack.keep_logs()?.display());
    }
    stack.stop().await?;
    result
}
