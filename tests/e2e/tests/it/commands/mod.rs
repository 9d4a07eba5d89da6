//! The `homing` command itself, as people and scripts run it: what it prints, what it complains of, its exit codes. One
//! `homing dev` serves most of it.

mod contacts;
mod conversations;
mod demo;
mod desk;
mod dev;
mod money;
mod queue;
mod workspaces;

use anyhow::{Context, Result};
use desk::{AWAY, Desk};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_answer_people_and_scripts_against_a_running_system() -> Result<()> {
    testkit::install_crypto();
    let desk = Desk::open()?;
    desk.fails(&["explain", "-w", "acme", "--number", "1"], AWAY, "start `homing dev`")
        .await?;
    let dev = desk.dev().await?;
    workspaces::set_up(&desk).await.context("setting up")?;
    workspaces::update(&desk).await.context("changing it")?;
    queue::set_up(&desk).await.context("agents and the queue")?;
    money::money(&desk).await.context("money")?;
    money::price_lists(&desk).await.context("price lists")?;
    money::account(&desk).await.context("the account")?;
    contacts::files(&desk).await.context("files of contacts")?;
    contacts::segments(&desk).await.context("segments")?;
    contacts::rules(&desk).await.context("roles and periods")?;
    contacts::privacy(&desk).await.context("privacy")?;
    workspaces::check(&desk).await.context("check")?;
    workspaces::opt_out(&desk).await.context("opt-out")?;
    let told = conversations::demo(&desk).await.context("demo")?;
    conversations::explain(&desk, &told).await.context("explain")?;
    queue::assignments(&desk, &told).await.context("assignments")?;
    conversations::desk_work(&desk, &told)
        .await
        .context("stars and forms")?;
    conversations::workflows(&desk, &told).await.context("workflows")?;
    conversations::events(&desk, &told).await.context("events")?;
    dev::crash(&desk, dev).await.context("the crash of a service")
}
