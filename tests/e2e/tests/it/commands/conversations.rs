//! The main job from the command line: the demo, what explains it, and events of other systems.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testkit::eventually;

use super::desk::{DONE, Desk, FAILED, REFUSED, SOON, USAGE, same};
use super::money::{journal, statement};

const NOBODY: &str = "01a2024e-4161-70e2-84d8-000000000000";

/// The demo for people, and as one document, which says the same as the other commands; what it says.
pub async fn demo(desk: &Desk) -> Result<Value> {
    // One after the other: its deadlines are short here, and two at once would be slower.
    let told = desk.json(&["demo"]).await?;
    let printed = desk.says(&["demo"]).await?;
    for step in 1..=10 {
        let row = printed.lines().find(|line| line.starts_with(&format!("{step} ")));
        ensure!(
            row.is_some_and(|row| row.contains(" ok ")),
            "step {step} is not shown: {printed}"
        );
    }
    for part in [
        "left, was brought back",
        "answered by text",
        "stopped texts",
        "trace ",
        "PU left",
        "where to look",
    ] {
        ensure!(printed.contains(part), "'{part}' is not shown: {printed}");
    }
    ensure!(told["ok"] == true && told["time_scale"] == 60.0, "the demo says {told}");
    let steps = told["steps"].as_array().context("no steps")?;
    ensure!(
        steps.len() == 15 && steps.iter().all(|step| step["ok"] == true),
        "steps {steps:?}"
    );
    same("sent", &told["sent"], &json!({ "follow_up": 4, "confirmation": 5 }))?;
    let workspace = told["workspace"].as_str().context("no workspace")?;
    let costs = &told["costs"];
    let usage = desk.json(&["usage", "-w", workspace]).await?;
    same("usage", &usage["total_micro_pu"], &costs["spent_micro_pu"])?;
    usage_sheet(desk, workspace, &usage).await?;
    let log = desk.json(&["charges", "-w", workspace, "--state", "captured"]).await?;
    let messages = log.as_array().context("no log")?;
    same("messages", &messages.len().into(), &usage["total_messages"])?;
    let spent: i64 = messages.iter().filter_map(|one| one["micro_pu"].as_i64()).sum();
    same("the cost of the messages", &spent.into(), &costs["spent_micro_pu"])?;
    let sheet = desk
        .says(&["charges", "-w", workspace, "--state", "captured", "--csv"])
        .await?;
    ensure!(sheet.lines().count() == messages.len() + 1, "it prints {sheet}");
    let balance = desk.json(&["balance", "show", "-w", workspace]).await?;
    same(
        "the balance",
        &balance["available_micro_pu"],
        &costs["available_micro_pu"],
    )?;
    statement(desk, workspace).await?;
    journal(desk, workspace).await?;
    let ends = ["returned", "read", "no_address", "returned", "replied", "returned"];
    let conversations = told["conversations"].as_array().context("no conversations")?;
    for (one, end) in conversations.iter().zip(ends) {
        let follow_up = &one["explained"]["follow_ups"][0];
        same("the end", &follow_up["end_reason"], &end.into())?;
        let trace = follow_up["trace_id"].as_str().unwrap_or_default();
        ensure!(trace.len() == 32, "'{trace}' is no trace id");
    }
    ensure!(
        conversations.len() == ends.len(),
        "{} conversations",
        conversations.len()
    );
    Ok(told)
}

/// The sheet for a spreadsheet says the same as the document, row by row.
async fn usage_sheet(desk: &Desk, workspace: &str, usage: &Value) -> Result<()> {
    let sheet = desk.says(&["usage", "-w", workspace, "--csv"]).await?;
    let rows = usage["rows"].as_array().context("no rows")?;
    let columns = [
        "period",
        "kind",
        "country",
        "messages",
        "parts",
        "micro_pu",
        "micro_pu_per_message",
    ];
    let cell = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let told = rows
        .iter()
        .map(|row| columns.map(|column| cell(&row[column])).join(","));
    let lines: Vec<String> = std::iter::once(columns.join(",")).chain(told).collect();
    ensure!(
        rows.len() >= 2 && sheet.lines().eq(lines.iter().map(String::as_str)),
        "it prints {sheet}, and the rows are {rows:?}"
    );
    Ok(())
}

pub async fn explain(desk: &Desk, told: &Value) -> Result<()> {
    let workspace = told["workspace"].as_str().context("no workspace")?;
    fn asked<'a>(workspace: &'a str, kind: &'a str, id: &'a str) -> [&'a str; 5] {
        ["explain", "-w", workspace, kind, id]
    }
    for one in told["conversations"].as_array().context("no conversations")? {
        let (number, explained) = (one["number"].to_string(), &one["explained"]);
        let follow_up = &explained["follow_ups"][0];
        let id = |name: &str| follow_up[name].as_str().unwrap_or_default().to_owned();
        let by_number = desk.json(&asked(workspace, "--number", &number)).await?;
        let by_conversation = desk
            .json(&asked(workspace, "--conversation", &id("conversation")))
            .await?;
        let by_follow_up = desk.json(&asked(workspace, "--follow-up", &id("follow_up"))).await?;
        for other in [&by_number, &by_conversation] {
            same("explain", &other["timeline"], &explained["timeline"])?;
            same("explain", &other["summary"], &explained["summary"])?;
        }
        same("explain", &by_follow_up["follow_ups"][0], follow_up)?;
        let table = desk.says(&asked(workspace, "--number", &number)).await?;
        let summary = explained["summary"].as_str().unwrap_or_default();
        ensure!(table.starts_with(summary), "it prints {table}");
        ensure!(table.contains("ended"), "it prints {table}");
    }
    desk.fails(&asked(workspace, "--number", "999"), REFUSED, "conversation")
        .await?;
    desk.fails(&asked(workspace, "--conversation", NOBODY), REFUSED, "conversation")
        .await?;
    desk.fails(&asked(workspace, "--follow-up", NOBODY), REFUSED, "follow_up")
        .await?;
    desk.fails(&asked(workspace, "--conversation", "one"), REFUSED, "conversation")
        .await?;
    desk.fails(&["explain", "-w", "nobody", "--number", "1"], REFUSED, "conversation")
        .await?;
    desk.fails(&asked(workspace, "--number", "one"), USAGE, "one").await?;
    desk.fails(&["explain", "-w", workspace], USAGE, "--number").await?;
    let two = ["explain", "-w", workspace, "--number", "1", "--follow-up", NOBODY];
    desk.fails(&two, USAGE, "cannot be used with").await
}

/// A workflow is set from a file, listed, and started in a conversation of its channel, where its run is shown and cancelled.
pub async fn workflows(desk: &Desk, told: &Value) -> Result<()> {
    let workspace = told["workspace"].as_str().context("no workspace")?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("workflow.json");
    let path = file.to_str().context("a path")?;
    let steps = json!([{ "kind": "wait", "seconds": 3600 }, { "kind": "message", "text": "Still there?" }]);
    let workflow = json!({ "channel": "web", "trigger": "agent", "on": true, "steps": steps });
    std::fs::write(&file, workflow.to_string())?;
    let set = ["workflow", "set", "-w", workspace, "nudge", path];
    for _ in 0..2 {
        ensure!(
            desk.says(&set).await? == "version 1\n",
            "the same again changes nothing"
        );
    }
    let listed = desk.json(&["workflow", "list", "-w", workspace]).await?;
    same("its steps", &listed[0]["steps"], &steps)?;
    same("its trigger", &listed[0]["trigger"], &"agent".into())?;
    let number = open_conversation(desk, told).await?;
    let start = |number| {
        [
            "workflow",
            "start",
            "-w",
            workspace,
            number,
            "nudge",
            "--request-id",
            "s-1",
        ]
    };
    desk.fails(&start("999"), REFUSED, "conversation").await?;
    let run = desk.json(&start(&number)).await?;
    let id = run["run"].as_str().context("an id")?;
    same("the run", &desk.json(&start(&number)).await?["run"], &run["run"])?;
    let shown = desk.says(&["workflow", "show", "-w", workspace, id]).await?;
    ensure!(shown.contains("nudge") && shown.contains("1/2"), "it prints {shown}");
    let cancelled = desk.json(&["workflow", "cancel", "-w", workspace, id]).await?;
    same("its end", &cancelled["end"], &"by_hand".into())?;
    let runs = ["workflow", "runs", "-w", workspace, "--conversation", &number];
    same("the runs", &desk.json(&runs).await?, &json!([cancelled]))?;
    let active = [&runs[..], &["--active"]].concat();
    same("what runs", &desk.json(&active).await?, &json!([]))?;
    desk.fails(&[&set[..], &["--version", "7"]].concat(), REFUSED, "version")
        .await?;
    std::fs::write(&file, workflow.to_string().replace("agent", "noon"))?;
    desk.fails(&set, FAILED, "noon").await?;
    std::fs::write(&file, workflow.to_string().replace("3600", "0"))?;
    desk.fails(&set, REFUSED, "steps[0].seconds").await
}

/// The number of a conversation of the demo that is not resolved.
async fn open_conversation(desk: &Desk, told: &Value) -> Result<String> {
    let workspace = told["workspace"].as_str().context("no workspace")?;
    for one in told["conversations"].as_array().context("no conversations")? {
        let number = one["number"].to_string();
        let shown = desk.json(&["conversation", "show", "-w", workspace, &number]).await?;
        if shown["resolved_at"].is_null() && shown["channel"] == "web" {
            return Ok(number);
        }
    }
    anyhow::bail!("every conversation of the demo is resolved")
}

/// Ewa is not at her console: what she wants to be reminded of comes by mail, with her note.
async fn reminder(desk: &Desk, told: &Value, workspace: &str, number: &str) -> Result<()> {
    let star = ["conversation", "star", "-w", workspace, number, "--agent", "ewa"];
    let starred = desk.json(&star).await?;
    let starred_at: jiff::Timestamp = starred["starred_at"].as_str().context("no time")?.parse()?;
    let at = (starred_at + jiff::SignedDuration::from_secs(5)).to_string();
    let reminder = [&star[..], &["--remind-at", &at, "--note", "call back"]].concat();
    desk.json(&reminder).await?;
    let mails = format!("{}/mails", told["sinks"].as_str().context("no sinks")?);
    let mail = eventually("the reminder is mailed", SOON, async || {
        let all: Value = reqwest::get(&mails).await.ok()?.json().await.ok()?;
        let mut to_ewa = all.as_array()?.iter();
        to_ewa
            .find(|mail| mail["envelope_to"] == json!(["ewa@acme.example"]))
            .cloned()
    })
    .await?;
    let text = mail["text"].as_str().context("no text")?;
    ensure!(text.contains("call back") && text.contains(number), "it says {text}");
    desk.json(&["conversation", "unstar", "-w", workspace, number, "--agent", "ewa"])
        .await?;
    Ok(())
}

/// A conversation is found by its number, starred and unstarred; a form is set from a file and offered in it; ratings are listed.
pub async fn desk_work(desk: &Desk, told: &Value) -> Result<()> {
    let workspace = told["workspace"].as_str().context("no workspace")?;
    let number = told["conversations"][0]["number"].to_string();
    let of = |words: &[&'static str]| -> Vec<String> {
        let named = ["-w", workspace, &number];
        words.iter().copied().chain(named).map(str::to_owned).collect()
    };
    let with = |words: Vec<String>, tail: &[&str]| -> Vec<String> {
        words
            .into_iter()
            .chain(tail.iter().map(|word| (*word).to_owned()))
            .collect()
    };
    let json_of = async |line: Vec<String>| desk.json(&line.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let shown = json_of(of(&["conversation", "show"])).await?;
    same(
        "its number",
        &shown["number"].to_string().into(),
        &number.clone().into(),
    )?;
    let text = of(&["conversation", "show"]);
    let text = desk.says(&text.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    ensure!(
        text.contains(shown["conversation"].as_str().context("an id")?),
        "it prints {text}"
    );
    desk.fails(
        &["conversation", "show", "-w", workspace, "999"],
        REFUSED,
        "conversation",
    )
    .await?;

    desk.says(&["agent", "create", "-w", workspace, "ewa", "--name", "Ewa"])
        .await?;
    let star = with(
        of(&["conversation", "star"]),
        &["--agent", "ewa", "--note", "call back"],
    );
    let star = json_of(star).await?;
    same("the note", &star["note"], &"call back".into())?;
    let starred = ["conversation", "starred", "-w", workspace, "ewa"];
    same("what is starred", &desk.json(&starred).await?, &json!([star]))?;
    ensure!(
        desk.says(&starred).await?.contains("call back"),
        "the table tells the note"
    );
    let past = with(
        of(&["conversation", "star"]),
        &["--agent", "ewa", "--remind-at", "2020-01-01T00:00:00Z"],
    );
    let past: Vec<&str> = past.iter().map(String::as_str).collect();
    desk.fails(&past, REFUSED, "remind_at").await?;
    json_of(with(of(&["conversation", "unstar"]), &["--agent", "ewa"])).await?;
    same("what is starred", &desk.json(&starred).await?, &json!([]))?;

    let address = ["agent", "update", "-w", workspace, "ewa", "--email", "ewa@acme.example"];
    desk.json(&address).await?;
    let ewa = json!({ "agent": "ewa", "display_name": "Ewa", "teams": [], "email": "ewa@acme.example" });
    same(
        "ewa",
        &desk.json(&["agent", "show", "-w", workspace, "ewa"]).await?,
        &ewa,
    )?;
    reminder(desk, told, workspace, &number).await?;
    let card = with(
        of(&["conversation", "send-card"]),
        &[
            "--agent",
            "ewa",
            "--client-id",
            "card-1",
            "--kind",
            "order",
            "--title",
            "Your shoes",
            "--line",
            "2 sh-38=Shoes",
        ],
    );
    let sent = json_of(card.clone()).await?;
    same("the card", &json_of(card).await?, &sent)?;
    let id = sent["card"].as_str().context("no card")?;
    let shown = desk.json(&["conversation", "card", "-w", workspace, id]).await?;
    same(
        "its lines",
        &shown["lines"],
        &json!([{ "sku": "sh-38", "title": "Shoes", "quantity": 2 }]),
    )?;
    same("its state", &shown["outcome"]["state"], &"requested".into())?;
    let free = with(
        of(&["conversation", "send-card"]),
        &[
            "--agent",
            "ewa",
            "--client-id",
            "card-2",
            "--kind",
            "payment",
            "--title",
            "Nothing",
        ],
    );
    let free: Vec<&str> = free.iter().map(String::as_str).collect();
    desk.fails(&free, REFUSED, "card.amount_minor").await?;

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("form.json");
    let path = file.to_str().context("a path")?;
    let fields = json!([{ "key": "order", "kind": "text", "label": "Order", "required": true, "choices": [] }]);
    std::fs::write(&file, json!({ "title": "Your order", "fields": fields }).to_string())?;
    let set = ["form", "set", "-w", workspace, "order", path];
    for _ in 0..2 {
        ensure!(
            desk.says(&set).await? == "version 1\n",
            "the same again changes nothing"
        );
    }
    let listed = desk.json(&["form", "list", "-w", workspace]).await?;
    same("its fields", &listed[0]["fields"], &fields)?;
    let offer = with(of(&["form", "offer"]), &["order", "--request-id", "o-1"]);
    same("the form", &json_of(offer.clone()).await?, &json_of(offer).await?)?;
    desk.fails(&[&set[..], &["--version", "7"]].concat(), REFUSED, "version")
        .await?;
    let colour = json!({ "title": "T", "fields": [{ "key": "a", "kind": "colour", "label": "A" }] });
    std::fs::write(&file, colour.to_string())?;
    desk.fails(&set, FAILED, "colour").await?;
    std::fs::write(&file, r#"{"name": "order"}"#)?;
    desk.fails(&set, FAILED, "name").await?;
    same(
        "the ratings",
        &desk.json(&["rating", "list", "-w", workspace]).await?,
        &json!([]),
    )?;
    desk.fails(&["rating", "list", "-w", workspace, "--limit", "0"], USAGE, "limit")
        .await
}

pub async fn events(desk: &Desk, told: &Value) -> Result<()> {
    let workspace = told["workspace"].as_str().context("no workspace")?;
    let conversation = &told["conversations"][1]["explained"]["follow_ups"][0]["conversation"];
    let event = |number: u32, text: &str| {
        let data = json!({ "author": { "role": "agent", "agent": "ana" }, "text": text });
        let event = json!({
            "specversion": "1.0", "id": format!("command-{number}"), "source": "helpdesk", "type": "homing.message.v1",
            "subject": conversation, "time": "2026-01-31T12:00:00Z", "data": data,
        });
        event.to_string()
    };
    // An event brings a message, and a follow-up that starts and ends: of four facts one is a message, wherever it begins.
    let mut tail = desk.command(&["events", "tail", "-w", workspace, "-n", "4"]);
    let mut tail = tail.stdout(Stdio::piped()).spawn()?;
    let publish = ["events", "publish", "-w", workspace, "-i", "helpdesk"];
    let mut number = 0;
    eventually("the tail has seen four facts", SOON, async || {
        number += 1;
        let left = desk
            .run(&publish, &format!("{}\n\n", event(number, "We are open.")))
            .await;
        let published = left.is_ok_and(|left| left.code == Some(DONE) && left.complained.contains("1 published"));
        (published && tail.try_wait().is_ok_and(|ended| ended.is_some())).then_some(())
    })
    .await?;
    let output = tail.wait_with_output().await?;
    let lines = String::from_utf8(output.stdout)?;
    let facts: Vec<Value> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(output.status.success() && facts.len() == 4, "it tails {lines}");
    for fact in &facts {
        same("the workspace", &fact["workspace"], &workspace.into())?;
        ensure!(fact["fact"].is_string() && fact["data"].is_object(), "a fact is {fact}");
    }
    let posted = facts.iter().any(|fact| fact["fact"] == "message.posted");
    ensure!(posted, "it tails {lines}");

    let file = desk.folder.path().join("events.jsonl");
    std::fs::write(&file, format!("{}\n{}\n", event(101, "One."), event(102, "Two.")))?;
    let from_file = [&publish[..], &["events.jsonl"]].concat();
    let left = desk.run(&from_file, "").await?;
    ensure!(left.complained == "2 published\n" && left.said.is_empty(), "{left:?}");
    let unknown = event(103, "Three.").replace("homing.message.v1", "homing.gossip.v1");
    let bad = desk.run(&publish, &unknown).await?;
    ensure!(bad.code == Some(REFUSED) && bad.complained.contains("type"), "{bad:?}");
    let bad = desk.run(&publish, "{\n").await?;
    ensure!(bad.code == Some(REFUSED), "{bad:?}");
    desk.fails(
        &[&publish[..], &["nothing.jsonl"]].concat(),
        FAILED,
        "cannot read nothing.jsonl",
    )
    .await?;
    desk.fails(&["events", "publish", "-w", "A!", "-i", "x"], REFUSED, "workspace")
        .await
}
