//! What an operator sets up, and whether all is well.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use testkit::eventually;

use super::desk::{Desk, FAILED, REFUSED, SOON, USAGE, same};

pub async fn set_up(desk: &Desk) -> Result<()> {
    let acme = ["workspace", "create", "acme", "--name", "Acme Shop"];
    for _ in 0..2 {
        ensure!(desk.says(&acme).await? == "acme\n", "it prints the workspace");
    }
    let expected = json!({
        "workspace": "acme", "name": "Acme Shop", "time_zone": "UTC", "language": "en", "console_url": "",
    });
    same("the workspace", &desk.json(&acme).await?, &expected)?;
    desk.fails(&["workspace", "create", "Acme!", "--name", "A"], REFUSED, "workspace")
        .await?;
    let zone = ["workspace", "create", "zone", "--name", "Z", "--time-zone", "Nowhere"];
    desk.fails(&zone, REFUSED, "time_zone").await?;
    desk.fails(&["workspace", "create", "acme"], USAGE, "--name").await?;

    let channel = ["channel", "create", "-w", "acme", "web"];
    let set = |value| [&channel[..], &["--set", value]].concat();
    same(
        "the channel",
        &desk.json(&channel).await?,
        &json!({ "channel": "web", "version": 1 }),
    )?;
    desk.fails(&set("patience=1"), REFUSED, "there is no setting 'patience'")
        .await?;
    desk.fails(&set("debounce_ms"), REFUSED, "name=value").await?;
    desk.fails(&set("debounce_ms=900000"), REFUSED, "debounce_ms").await?;
    desk.fails(&["channel", "create", "-w", "nobody", "web"], REFUSED, "workspace")
        .await?;

    let agent = ["agent", "create", "-w", "acme", "ana", "--name", "Ana"];
    ensure!(desk.says(&agent).await? == "ana\n", "it prints the agent");
    same("the agent", &desk.json(&agent).await?, &json!({ "agent": "ana" }))?;
    let no_name = ["agent", "create", "-w", "acme", "ewa", "--name", ""];
    desk.fails(&no_name, REFUSED, "display_name").await?;

    let table = desk.says(&["integration", "create", "-w", "acme", "helpdesk"]).await?;
    for line in ["token ", "NATS user ", "homing.v1.ingest.acme.helpdesk.>"] {
        ensure!(table.contains(line), "the table lacks '{line}': {table}");
    }
    let crm = ["integration", "create", "-w", "acme", "crm", "--scope", "ingest"];
    let created = desk.json(&crm).await?;
    ensure!(
        created["token"].as_str().is_some_and(|token| token.len() > 20),
        "a token"
    );
    let known = json!({
        "token": null, "nats_user": created["nats_user"], "nats_prefix": created["nats_prefix"],
        "nats_inbox_prefix": created["nats_inbox_prefix"],
    });
    same("what is told again", &desk.json(&crm).await?, &known)?;
    let scope = ["integration", "create", "-w", "acme", "bi", "--scope", "everything"];
    desk.fails(&scope, USAGE, "everything").await
}

/// What is set up is changed, and what may be seen of it is listed.
pub async fn update(desk: &Desk) -> Result<()> {
    let zoo = ["workspace", "update", "zone"];
    desk.fails(&[&zoo[..], &["--name", "Z"]].concat(), REFUSED, "workspace")
        .await?;
    desk.says(&["workspace", "create", "zone", "--name", "Z"]).await?;
    let console = ["--console-url", "https://desk.example/c/{number}"];
    let change = [&zoo[..], &["--time-zone", "Europe/Paris", "--name", "Zone"], &console].concat();
    let expected = json!({
        "workspace": "zone", "name": "Zone", "time_zone": "Europe/Paris", "language": "en",
        "console_url": "https://desk.example/c/{number}", "version": 2,
    });
    for _ in 0..2 {
        same("the workspace", &desk.json(&change).await?, &expected)?;
    }
    desk.fails(&[&zoo[..], &["--time-zone", "Mars"]].concat(), REFUSED, "time_zone")
        .await?;
    let open = [&zoo[..], &["--console-url", "http://desk.example/"]].concat();
    desk.fails(&open, REFUSED, "console_url").await?;
    desk.fails(&zoo, USAGE, "--name").await?;
    // Billing sums use in the new zone.
    eventually("use is summed in the new zone", SOON, async || {
        let usage = desk.json(&["usage", "-w", "zone"]).await.ok()?;
        (usage["time_zone"] == "Europe/Paris").then_some(())
    })
    .await?;

    let parcels = ["team", "create", "-w", "zone", "parcels", "--name", "Parcels"];
    ensure!(desk.says(&parcels).await? == "parcels\n", "it prints the team");
    desk.says(&[
        "agent", "create", "-w", "zone", "ewa", "--name", "Ewa", "--team", "parcels",
    ])
    .await?;
    let list = ["team", "list", "-w", "zone"];
    let told = json!([{ "team": "parcels", "name": "Parcels", "agents": ["ewa"] }]);
    same("the teams", &desk.json(&list).await?, &told)?;
    ensure!(desk.says(&list).await?.contains("ewa"), "the table names who is in it");
    desk.fails(&["team", "list", "-w", "nobody"], REFUSED, "workspace")
        .await?;
    opening_hours(desk).await?;

    let of = |tail: &[&'static str]| [&["integration", "update", "-w", "acme", "crm"][..], tail].concat();
    let changed = desk.json(&of(&["--scope", "read", "--scope", "write"])).await?;
    same(
        "the integration",
        &changed,
        &json!({ "integration": "crm", "scopes": ["read", "write"] }),
    )?;
    let revoked = desk.json(&of(&["--revoke"])).await?;
    same(
        "the integration",
        &revoked,
        &json!({ "integration": "crm", "scopes": [] }),
    )?;
    let list = desk.json(&["integration", "list", "-w", "acme"]).await?;
    let told: Vec<_> = list.as_array().into_iter().flatten().collect();
    ensure!(
        told.len() == 2 && told[0]["integration"] == "crm" && told[0]["scopes"] == json!([]),
        "both integrations: {list}"
    );
    ensure!(!list.to_string().contains("hash"), "no hashes of tokens: {list}");
    let table = desk.says(&["integration", "list", "-w", "acme"]).await?;
    ensure!(
        table.contains("none: revoked") && table.contains("ingest, read"),
        "{table}"
    );
    desk.fails(&["integration", "list", "-w", "nobody"], REFUSED, "workspace")
        .await?;
    let facts = ["integration", "create", "-w", "zone", "social", "--scope", "facts"];
    let made = desk.json(&facts).await?;
    ensure!(
        made["nats_consumer"] == "facts_zone_social",
        "the consumer that it may read: {made}"
    );
    desk.fails(&of(&[]), USAGE, "--scope").await?;
    desk.fails(&of(&["--scope", "read", "--revoke"]), USAGE, "--revoke")
        .await?;
    let rotate = ["integration", "rotate", "-w", "acme", "crm"];
    let (first, second) = (desk.json(&rotate).await?, desk.json(&rotate).await?);
    ensure!(first["token"] != second["token"], "each token is a new one");
    let starts = |token: &serde_json::Value| token.as_str().is_some_and(|token| token.starts_with("acme.crm."));
    ensure!(starts(&first["token"]) && starts(&second["token"]), "{first} {second}");
    senders(desk).await?;
    let unknown = ["integration", "rotate", "-w", "acme", "nobody"];
    desk.fails(&unknown, REFUSED, "integration").await?;
    let nothing = ["links", "revoke", "-w", "acme", "018f4e3a-0000-7000-8000-000000000001"];
    same("links", &desk.json(&nothing).await?, &json!({ "revoked": 0 }))?;
    desk.fails(&["links", "revoke", "-w", "acme", "x"], REFUSED, "conversation")
        .await?;
    let nobody = ["integration", "update", "-w", "acme", "nobody", "--revoke"];
    desk.fails(&nobody, REFUSED, "integration").await
}

/// A number belongs to one workspace, whose channels may send as it.
async fn senders(desk: &Desk) -> Result<()> {
    let number = "+48732000001";
    let create = |workspace| ["channel", "create", "-w", workspace, "sms", "--kind", "sms", "--set"];
    let sms = |workspace| [&create(workspace)[..], &["text_from=+48732000001"]].concat();
    let of = |verb, workspace| ["sender", verb, "-w", workspace, number];
    desk.fails(&sms("acme"), REFUSED, "homing sender assign").await?;
    for _ in 0..2 {
        same(
            "the sender",
            &desk.json(&of("assign", "acme")).await?,
            &json!({ "sender": number }),
        )?;
    }
    desk.fails(&of("assign", "zone"), REFUSED, "another workspace").await?;
    desk.says(&sms("acme")).await?;
    desk.fails(&sms("zone"), REFUSED, "settings.text_from").await?;
    desk.fails(&of("release", "acme"), REFUSED, "channel sms").await?;
    let list = desk.json(&["sender", "list", "-w", "acme"]).await?;
    ensure!(
        list[0]["sender"] == number && list[0]["assigned_at"].is_string(),
        "{list}"
    );
    let table = desk.says(&["sender", "list", "-w", "acme"]).await?;
    ensure!(table.contains(number), "{table}");
    ensure!(
        desk.json(&["sender", "list", "-w", "zone"]).await? == json!([]),
        "none of its own"
    );
    ensure!(
        desk.says(&["sender", "assign", "-w", "zone", "Zone"]).await? == "Zone\n",
        "it prints the sender"
    );
    ensure!(
        desk.says(&["sender", "release", "-w", "zone", "Zone"]).await? == "Zone\n",
        "it prints the sender"
    );
    desk.fails(&["sender", "release", "-w", "zone", "Zone"], REFUSED, "sender")
        .await?;
    desk.fails(
        &["sender", "assign", "-w", "zone", "a name of many letters"],
        REFUSED,
        "sender",
    )
    .await
}

pub async fn check(desk: &Desk) -> Result<()> {
    let findings = desk.json(&["check", "-w", "acme"]).await?;
    let findings = findings.as_array().context("no list")?;
    ensure!(findings.len() == 11, "it checks {findings:?}");
    ensure!(
        findings.iter().all(|one| one["ok"] == true),
        "not all is well: {findings:?}"
    );
    // Elsewhere nothing runs; the servers are found all the same.
    desk.says(&["workspace", "create", "poor", "--name", "Poor"]).await?;
    eventually("funds are missed", SOON, async || {
        let left = desk.run(&["check", "-w", "poor"], "").await.ok()?;
        let told = left.said.contains("homing balance top-up");
        (left.code == Some(FAILED) && told && left.said.contains("FAILED  funds of poor")).then_some(())
    })
    .await?;
    Ok(())
}

pub async fn opt_out(desk: &Desk) -> Result<()> {
    let of = |verb| ["opt-out", verb, "-w", "acme", "--phone", "+48600700123"];
    let never = json!({
        "opted_out": false,
        "since": null,
        "whatsapp_opted_out": false,
        "whatsapp_since": null,
    });
    same("at first", &desk.json(&of("show")).await?, &never)?;
    desk.says(&of("set")).await?;
    let told = desk.json(&of("show")).await?;
    ensure!(
        told["opted_out"] == true && told["since"].is_string(),
        "after set: {told}"
    );
    ensure!(desk.says(&of("show")).await?.contains("\nyes "), "the table says yes");
    desk.says(&of("clear")).await?;
    let told = desk.json(&of("show")).await?;
    ensure!(
        told["opted_out"] == false && told["since"].is_string(),
        "after clear: {told}"
    );
    let phone = ["opt-out", "set", "-w", "acme", "--phone", "600"];
    desk.fails(&phone, REFUSED, "phone").await?;
    let email = ["opt-out", "show", "-w", "acme", "--email", "nobody"];
    desk.fails(&email, REFUSED, "email").await?;
    desk.fails(&["opt-out", "set", "-w", "acme"], USAGE, "--phone").await
}

/// The hours of a team are set from a file, printed as such a file, and asked for a moment.
async fn opening_hours(desk: &Desk) -> Result<()> {
    let hours = ["team", "hours", "-w", "zone", "parcels"];
    let opening = ["team", "opening", "-w", "zone", "parcels"];
    ensure!(
        desk.says(&opening).await? == "open\n",
        "always, as long as nobody says otherwise"
    );
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("hours.json");
    let path = file.to_str().context("a path")?;
    let week = json!({ "time_zone": "Europe/Paris", "monday": ["09:00-17:00"], "special_days": { "2026-01-05": [] } });
    std::fs::write(&file, week.to_string())?;
    let set = [&hours[..], &["--set", path]].concat();
    ensure!(desk.says(&set).await? == "version 1\n", "the first hours");
    let kept = desk.json(&hours).await?;
    same("its Monday", &kept["hours"]["monday"], &json!(["09:00-17:00"]))?;
    std::fs::write(&file, desk.says(&hours).await?)?;
    ensure!(
        desk.says(&set).await? == "version 1\n",
        "what is printed can be set, and changes nothing"
    );
    let at = [&opening[..], &["--at", "2026-01-05T12:00:00Z"]].concat();
    let closed = "closed until 2026-01-12T08:00:00Z\n";
    ensure!(desk.says(&at).await? == closed, "the special day is closed");
    let stale = [&set[..], &["--version", "7"]].concat();
    std::fs::write(&file, "null")?;
    desk.fails(&stale, REFUSED, "version").await?;
    std::fs::write(&file, r#"{"time_zone": "UTC", "monday": ["17:00-09:00"]}"#)?;
    desk.fails(&set, REFUSED, "hours.monday").await?;
    std::fs::write(&file, r#"{"time_zone": "UTC", "payday": []}"#)?;
    desk.fails(&set, FAILED, "payday").await
}
