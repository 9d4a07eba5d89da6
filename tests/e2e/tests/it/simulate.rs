//! What happened is exported, and replayed under other policies.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use cli::scenario::{PROMPT_CHANNEL, World, main_job, others};
use cli::stack::{Service, Stack, beside_us};
use events::event::FollowUpEnd;
use serde_json::{Value, json};
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_job_is_replayed_as_it_was_and_otherwise_under_another_policy() -> Result<()> {
    let stack = crate::stack().await?;
    let result = replayed(&stack).await;
    crate::shown(stack, result).await
}

async fn replayed(stack: &Stack) -> Result<()> {
    let world = World::set_up(stack.endpoints.clone()).await?;
    let mut customer = main_job::write_on(&world, PROMPT_CHANNEL).await?;
    main_job::leave(&world, &mut customer).await?;
    world.answer_by(&world.integration, &customer, main_job::ANSWER).await?;
    main_job::text(&world, &customer).await?;
    let mail = main_job::mail(&world).await?;
    main_job::captured(&world, 3).await?;
    main_job::come_back(&world, &customer, &mail).await?;
    main_job::ended(&world, &customer.conversation, FollowUpEnd::Returned).await?;
    // Three to whom nothing is sent but a confirmation, where a number was given.
    let (stays, unreachable, returns) = tokio::try_join!(
        others::stays(&world),
        others::unreachable(&world),
        others::returns_in_time(&world)
    )?;
    main_job::captured(&world, 5).await?;

    let folder = tempfile::tempdir()?;
    let recording = folder.path().join("facts.jsonl");
    let exported = homing(stack, &["events", "export", "--workspace", &world.workspace]).await?;
    ensure!(exported.lines().count() > 10, "few facts: {exported}");
    let ola = &world.ola;
    ensure!(
        !exported.contains(&ola.phone[3..]) && !exported.contains(&ola.email),
        "a recording holds no addresses"
    );
    std::fs::write(&recording, &exported)?;
    let since = |moment: &'static str| ["events", "export", "--workspace", &world.workspace, "--since", moment];
    let recent = homing(stack, &since("2026-01-01")).await?;
    ensure!(recent.starts_with(&exported), "since long ago is everything: {recent}");
    let none = homing(stack, &since("2126-01-01")).await?;
    let told: Vec<Value> = none.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(
        !told.is_empty() && told.iter().all(|line| line["fact"] == "channel.changed"),
        "nothing but the settings that hold: {none}"
    );

    let off = folder.path().join("off.json");
    std::fs::write(&off, r#"{"*": {"follow_up": false}}"#)?;
    let report = simulated(stack, &recording, &off).await?;
    // To whom, and what.
    let sent = |policy: usize| -> BTreeSet<(&str, &str)> {
        let sent = report["policies"][policy]["tally"]["sent"].as_array();
        let sent = sent.into_iter().flatten();
        sent.filter_map(|sent| Some((sent["conversation"].as_str()?, sent["message"].as_str()?)))
            .collect()
    };
    let confirmations = [&customer, &stays, &returns].map(|one| (one.conversation.as_str(), "confirmation"));
    let follow_up = ["text", "mail"].map(|message| (customer.conversation.as_str(), message));
    let whole = confirmations.into_iter().chain(follow_up).collect();
    ensure!(sent(0) == whole, "as it was: {report:#}");
    ensure!(sent(1) == whole, "replayed under the same policy: {report:#}");
    ensure!(
        sent(2) == BTreeSet::from(confirmations),
        "without follow-ups: {report:#}"
    );
    ensure!(
        !whole.iter().any(|(to, _)| *to == unreachable.conversation),
        "somebody without an address"
    );
    for policy in 0..2 {
        let sent = &report["policies"][policy]["tally"]["sent"];
        ensure!(
            sent.as_array().map(Vec::len) == Some(whole.len()),
            "once each: {report:#}"
        );
    }
    let cost = |policy: usize| report["policies"][policy]["micro_pu"].as_i64();
    ensure!(
        cost(0).is_some_and(|cost| cost > 0) && cost(0) == cost(1) && cost(2) < cost(0),
        "the costs: {report:#}"
    );
    ensure!(
        report["policies"][1]["tally"]["ends"] == json!({"returned": 2, "read": 1, "no_address": 1}),
        "its end: {report:#}"
    );

    let wrong = folder.path().join("wrong.json");
    std::fs::write(&wrong, r#"{"*": {"debounce_ms": 700000}}"#)?;
    let refused = simulated(stack, &recording, &wrong).await.err().context("a refusal")?;
    ensure!(refused.to_string().contains("debounce_ms"), "it says {refused}");
    std::fs::write(&recording, "{\"at\": 1}\n")?;
    let refused = simulated(stack, &recording, &off).await.err().context("a refusal")?;
    ensure!(refused.to_string().contains("line 1"), "it says {refused}");
    Ok(())
}

async fn simulated(stack: &Stack, recording: &Path, policy: &Path) -> Result<Value> {
    let (recording, policy) = (recording.display().to_string(), policy.display().to_string());
    let scale = stack.endpoints.time_scale.to_string();
    let arguments = [
        "-o",
        "json",
        "simulate",
        "--events",
        &recording,
        "--policy",
        &policy,
        "--time-scale",
        &scale,
    ];
    Ok(serde_json::from_str(&homing(stack, &arguments).await?)?)
}

/// What the command prints; its complaint where it fails.
async fn homing(stack: &Stack, arguments: &[&str]) -> Result<String> {
    let mut run = Command::new(beside_us("homing")?);
    run.args(arguments).env("HOMING_NATS_URL", &stack.endpoints.nats).env(
        Service::Conversation.url_variable(),
        &stack.endpoints.services[Service::Conversation.short()],
    );
    let output = run.output().await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
