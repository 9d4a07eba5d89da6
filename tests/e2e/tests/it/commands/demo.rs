//! `homing demo` where something is not as it should be.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cli::stack::{DATA_FOLDER, Stack, StackOptions};
use serde_json::Value;
use testkit::SmsFault;

use super::desk::{Desk, FAILED};

/// Twilio's word for a number that does not exist.
const NO_SUCH_NUMBER: u32 = 21_211;
/// Longer than an expectation waits.
const GIVES_UP_WITHIN: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_fails_where_the_provider_refuses() -> Result<()> {
    testkit::install_crypto();
    let desk = Desk::open()?;
    let stack = Stack::start(StackOptions {
        folder: Some(desk.folder.path().join(DATA_FOLDER)),
        time_scale: 60.0,
        ..StackOptions::default()
    })
    .await?;
    let result = refused(&desk, &stack).await;
    crate::shown(stack, result).await
}

/// The confirmation text of the first customer never arrives, once for people and once for scripts.
async fn refused(desk: &Desk, stack: &Stack) -> Result<()> {
    for _ in 0..2 {
        stack.sms.fail_next(SmsFault::Refuse(NO_SUCH_NUMBER));
    }
    let both = async { tokio::try_join!(desk.run(&["demo"], ""), desk.run(&["demo", "-o", "json"], "")) };
    let (people, scripts) = tokio::time::timeout(GIVES_UP_WITHIN, both).await??;
    ensure!(
        people.code == Some(FAILED) && scripts.code == Some(FAILED),
        "{people:?} {scripts:?}"
    );
    let row = people.said.lines().find(|line| line.starts_with('1'));
    let row = row.with_context(|| format!("there is no first step: {}", people.said))?;
    ensure!(row.contains("FAILED") && row.contains("text"), "it prints {row}");
    ensure!(people.said.contains("where to look"), "it prints {}", people.said);

    let told: Value = serde_json::from_str(&scripts.said)?;
    let steps = told["steps"].as_array().context("no steps")?;
    ensure!(told["ok"] == false && steps.len() == 1, "it says {told}");
    ensure!(
        steps[0]["ok"] == false && steps[0]["detail"].as_str().is_some_and(|why| why.contains("text")),
        "it says {told}"
    );
    Ok(())
}
