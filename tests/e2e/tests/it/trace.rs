//! What the exported spans show.

use std::time::Duration;

use anyhow::{Result, ensure};
use cli::scenario::{PROMPT_CHANNEL, World, main_job};
use cli::stack::Stack;
use testkit::{OtlpSink, Span, eventually};

/// A trace that the integrating system began.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const EXPORTED_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_leads_from_the_answer_to_the_provider_and_holds_no_personal_data() -> Result<()> {
    let stack = crate::stack().await?;
    let result = traced(&stack).await;
    crate::shown(stack, result).await
}

async fn traced(stack: &Stack) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    let mut customer = main_job::write_on(&world, PROMPT_CHANNEL).await?;
    main_job::leave(&world, &mut customer).await?;
    let helpdesk = world.integration.traced(&format!("00-{TRACE}-b7ad6b7169203331-01"));
    world.answer_by(&helpdesk, &customer, main_job::ANSWER).await?;
    main_job::text(&world, &customer).await?;
    let mail = main_job::mail(&world).await?;
    main_job::come_back(&world, &customer, &mail).await?;

    let otlp = &stack.otlp;
    let call = span(otlp, "the provider call is in the answer's trace", |span| {
        is_call(span) && span.trace == TRACE
    })
    .await?;
    let ingest = span(otlp, "so is its ingest", |span| {
        span.trace == TRACE && span.service == "conversation-service"
    })
    .await?;
    ensure!(
        ingest.start_unix_nano < call.start_unix_nano,
        "first the ingest, then the call"
    );
    let follow_up = world.clients.follow_ups(&customer.conversation).await?.pop();
    let follow_up = follow_up.ok_or_else(|| anyhow::anyhow!("no follow-up"))?;
    ensure!(
        follow_up.trace_id == TRACE,
        "the follow-up names trace {}",
        follow_up.trace_id
    );
    let id = &follow_up.follow_up;
    let sends = |span: &Span| span.attributes.get("homing.follow_up") == Some(id);
    span(otlp, "the text's span bears the follow-up's id", |span| {
        sends(span) && span.trace == TRACE
    })
    .await?;
    span(
        otlp,
        "its provider call bears the ids of follow-up and delivery",
        |span| span.name == "provider call" && sends(span) && span.attributes.contains_key("homing.delivery"),
    )
    .await?;
    let linked = |span: &Span| sends(span) && span.trace != TRACE && span.links.iter().any(|link| link == TRACE);
    let later = span(
        otlp,
        "the mail, after a longer wait, has a trace of its own that links to the first",
        linked,
    )
    .await?;
    span(otlp, "and calls the mail server in it", |span| {
        is_call(span) && span.trace == later.trace
    })
    .await?;

    let ola = &world.ola;
    for personal in [
        ola.phone.as_str(),
        &ola.phone[3..],
        &ola.email,
        main_job::QUESTION,
        main_job::ANSWER,
    ] {
        ensure!(!otlp.mentions(personal), "telemetry holds personal data: {personal}");
    }
    Ok(())
}

fn is_call(span: &Span) -> bool {
    span.service == "notifier-service" && span.kind == "client"
}

async fn span(otlp: &OtlpSink, what: &str, wanted: impl Fn(&Span) -> bool) -> Result<Span> {
    let found = eventually(what, EXPORTED_WITHIN, async || {
        otlp.spans().into_iter().find(|span| wanted(span))
    });
    Ok(found.await?)
}
