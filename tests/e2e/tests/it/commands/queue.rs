//! Agents, and the queue.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::desk::{Desk, REFUSED, USAGE, same};

const NOTHING: &str = "01a2024e-4161-70e2-84d8-000000000000";

/// Who takes chats.
pub async fn set_up(desk: &Desk) -> Result<()> {
    let status = ["agent", "status", "-w", "acme", "ana"];
    let busy = [&status[..], &["busy"]].concat();
    ensure!(desk.says(&busy).await? == "busy\n", "it prints the status");
    same("the status", &desk.json(&status).await?["availability"], &json!("busy"))?;
    let list = ["agent", "list", "-w", "acme"];
    ensure!(desk.says(&list).await?.contains("ana    busy"), "the table names ana");
    let profile = ["agent", "profile", "-w", "acme", "ana"];
    let speaks = [&profile[..], &["--language", "pl", "--capacity", "web=2"]].concat();
    let told = desk.json(&speaks).await?;
    let expected = json!({ "languages": ["pl"], "capacity": { "web": 2 } });
    same("the profile", &told["profile"], &expected)?;
    let pigeons = [&profile[..], &["--capacity", "pigeon=2"]].concat();
    desk.fails(&pigeons, REFUSED, "capacity").await?;
    desk.fails(&[&status[..], &["gone"]].concat(), USAGE, "gone").await?;
    desk.fails(&["agent", "status", "-w", "acme", "nobody"], REFUSED, "agent")
        .await?;
    same(
        "the queue",
        &desk.json(&["queue", "list", "-w", "acme"]).await?,
        &json!([]),
    )?;
    for verb in ["accept", "decline"] {
        let answer = ["queue", verb, "-w", "acme", NOTHING, "--agent", "ana"];
        desk.fails(&answer, REFUSED, "request").await?;
    }
    Ok(())
}

/// The first conversation of the demo is given to an agent, passed on, and given to nobody.
pub async fn assignments(desk: &Desk, told: &Value) -> Result<()> {
    let workspace = told["workspace"].as_str().context("no workspace")?;
    fn on<'a>(verb: &'a str, workspace: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
        [&["conversation", verb, "-w", workspace, "1"][..], rest].concat()
    }
    let given = on("assign", workspace, &["--agent", "ana"]);
    ensure!(
        desk.says(&given).await? == "serving agent ana\n",
        "it prints whose it is"
    );
    let listed = desk.json(&["queue", "list", "-w", workspace, "--agent", "ana"]).await?;
    let held = listed.as_array().context("no list")?;
    ensure!(held.len() == 1 && held[0]["state"] == "serving", "ana serves {listed}");
    let passed = on("transfer", workspace, &["--from", "ana", "--team", "parcels"]);
    let passed = desk.json(&passed).await?;
    ensure!(
        passed["state"] == "waiting" && passed["team"] == "parcels",
        "it waits for the team: {passed}"
    );
    let table = desk
        .says(&["queue", "list", "-w", workspace, "--team", "parcels"])
        .await?;
    ensure!(table.contains("waiting"), "the table shows it: {table}");
    let again = on("transfer", workspace, &["--from", "ana", "--team", "parcels"]);
    desk.fails(&again, REFUSED, "request.not_yours").await?;
    desk.says(&on("assign", workspace, &["--nobody"])).await?;
    let all = desk.json(&on("assignments", workspace, &[])).await?;
    let causes: Vec<&str> = all
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["cause"].as_str())
        .collect();
    ensure!(
        causes == ["assigned", "transferred", "assigned"],
        "the history says {causes:?}"
    );
    desk.fails(&on("assign", workspace, &[]), USAGE, "--agent").await?;
    let unknown = ["conversation", "assignments", "-w", workspace, "999"];
    desk.fails(&unknown, REFUSED, "conversation").await
}
