//! Agents, the queue, and what channels do by themselves.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::desk::{Desk, FAILED, REFUSED, USAGE, same};

const NOTHING: &str = "01a2024e-4161-70e2-84d8-000000000000";

/// Who takes chats, and how a channel starts them.
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
    channel_routing(desk).await?;
    same(
        "the queue",
        &desk.json(&["queue", "list", "-w", "acme"]).await?,
        &json!([]),
    )?;
    let figures = desk.json(&["queue", "show", "-w", "acme"]).await?;
    same("who waits", &figures["waiting"], &json!(0))?;
    let nowhere = ["queue", "show", "-w", "acme", "--team", "nowhere"];
    desk.fails(&nowhere, REFUSED, "team").await?;
    same(
        "who was invited",
        &desk.json(&["queue", "invitations", "-w", "acme"]).await?,
        &json!([]),
    )?;
    for verb in ["accept", "decline"] {
        let answer = ["queue", verb, "-w", "acme", NOTHING, "--agent", "ana"];
        desk.fails(&answer, REFUSED, "request").await?;
    }
    let start = [
        "queue", "start", "-w", "acme", NOTHING, "--agent", "ana", "--text", "Hi",
    ];
    desk.fails(&start, REFUSED, "request").await
}

async fn channel_routing(desk: &Desk) -> Result<()> {
    let routing = ["channel", "routing", "-w", "acme", "web"];
    let told = desk.json(&routing).await?;
    ensure!(
        told["routing"]["mode"] == "off" && told["version"] == 0,
        "the defaults: {told}"
    );
    let file = desk.folder.path().join("routing.json");
    let path = file.to_str().context("a path")?;
    let set = [&routing[..], &["--set", path]].concat();
    let rule = json!({ "name": "prices", "page": "/pricing*", "page_seconds": 20 });
    std::fs::write(&file, json!({ "mode": "with_invitation", "rules": [rule] }).to_string())?;
    ensure!(desk.says(&set).await? == "version 1\n", "the first version");
    let kept = desk.json(&routing).await?;
    let kept = &kept["routing"];
    ensure!(
        kept["rules"][0]["page_seconds"] == 20 && kept["declined_days"] == 30,
        "what was set: {kept}"
    );
    std::fs::write(&file, desk.says(&routing).await?)?;
    desk.fails(&[&set[..], &["--version", "7"]].concat(), REFUSED, "version")
        .await?;
    std::fs::write(&file, r#"{"mode": "with_invitation"}"#)?;
    desk.fails(&set, REFUSED, "rules").await?;
    std::fs::write(&file, r#"{"mode": "loud"}"#)?;
    desk.fails(&set, FAILED, "mode").await
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
