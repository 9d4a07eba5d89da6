//! The `homing` command itself, as people and scripts run it: what it prints, what it complains of, its exit codes. One
//! `homing dev` serves all of it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cli::stack::{DATA_FOLDER, Endpoints, beside_us};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::eventually;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

const STARTS_WITHIN: Duration = Duration::from_secs(120);
const STOPS_WITHIN: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(45);
/// Exit codes, as `homing --help` tells them.
const DONE: i32 = 0;
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const AWAY: i32 = 3;
const REFUSED: i32 = 4;
const NOBODY: &str = "01a2024e-4161-70e2-84d8-000000000000";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_answer_people_and_scripts_against_a_running_system() -> Result<()> {
    testkit::install_crypto();
    let desk = Desk::open()?;
    desk.fails(&["explain", "-w", "acme", "--number", "1"], AWAY, "start `homing dev`")
        .await?;
    let dev = desk.dev().await?;
    set_up(&desk).await.context("setting up")?;
    money(&desk).await.context("money")?;
    price_lists(&desk).await.context("price lists")?;
    account(&desk).await.context("the account")?;
    check(&desk).await.context("check")?;
    opt_out(&desk).await.context("opt-out")?;
    let told = demo(&desk).await.context("demo")?;
    explain(&desk, &told).await.context("explain")?;
    events(&desk, &told).await.context("events")?;
    crash(&desk, dev).await.context("the crash of a service")
}

/// A folder in which `homing` is run.
struct Desk {
    folder: TempDir,
    homing: PathBuf,
}

/// What a command left.
#[derive(Debug)]
struct Left {
    code: Option<i32>,
    said: String,
    complained: String,
}

impl Desk {
    fn open() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("homing-commands-").tempdir()?;
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools");
        if tools.is_dir() {
            std::os::unix::fs::symlink(tools.canonicalize()?, folder.path().join(".tools"))?;
        }
        Ok(Self {
            folder,
            homing: beside_us("homing")?,
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.homing);
        command.args(arguments).current_dir(self.folder.path());
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Starts `homing dev` and waits until everything runs.
    async fn dev(&self) -> Result<Child> {
        let file = |name: &str| std::fs::File::create(self.folder.path().join(name));
        let mut command = self.command(&["dev", "--time-scale", "60", "-o", "json"]);
        let mut dev = command.stdout(file("dev.out")?).stderr(file("dev.err")?).spawn()?;
        let ready = eventually("homing dev is ready", STARTS_WITHIN, async || {
            Endpoints::running(&self.folder.path().join(DATA_FOLDER)).ok()
        });
        tokio::select! {
            ready = ready => { ready?; }
            ended = dev.wait() => anyhow::bail!("homing dev ended: {}, {}", ended?, self.read("dev.err")?),
        }
        Ok(dev)
    }

    fn read(&self, name: &str) -> Result<String> {
        Ok(std::fs::read_to_string(self.folder.path().join(name))?)
    }

    async fn run(&self, arguments: &[&str], input: &str) -> Result<Left> {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        // Who does not read its input may be gone already.
        let _ = child
            .stdin
            .take()
            .context("no input")?
            .write_all(input.as_bytes())
            .await;
        let output = child.wait_with_output().await?;
        Ok(Left {
            code: output.status.code(),
            said: String::from_utf8(output.stdout)?,
            complained: String::from_utf8(output.stderr)?,
        })
    }

    /// It has to succeed; what it says.
    async fn says(&self, arguments: &[&str]) -> Result<String> {
        let left = self.run(arguments, "").await?;
        ensure!(left.code == Some(DONE), "homing {}: {left:?}", arguments.join(" "));
        Ok(left.said)
    }

    /// It has to succeed with one JSON document.
    async fn json(&self, arguments: &[&str]) -> Result<Value> {
        let said = self.says(&[arguments, &["-o", "json"]].concat()).await?;
        serde_json::from_str(&said).with_context(|| format!("homing {} says: {said}", arguments.join(" ")))
    }

    /// It has to end with this code, say nothing, and complain of this.
    async fn fails(&self, arguments: &[&str], code: i32, of: &str) -> Result<()> {
        let left = self.run(arguments, "").await?;
        let line = arguments.join(" ");
        ensure!(left.code == Some(code), "homing {line} ends with {left:?}, not {code}");
        ensure!(left.said.is_empty(), "homing {line} says {}", left.said);
        ensure!(
            left.complained.contains(of),
            "homing {line} complains '{}', not of '{of}'",
            left.complained
        );
        Ok(())
    }
}

fn same(what: &str, told: &Value, expected: &Value) -> Result<()> {
    ensure!(told == expected, "{what} is {told}, not {expected}");
    Ok(())
}

async fn set_up(desk: &Desk) -> Result<()> {
    let acme = ["workspace", "create", "acme", "--name", "Acme Shop"];
    for _ in 0..2 {
        ensure!(desk.says(&acme).await? == "acme\n", "it prints the workspace");
    }
    let expected = json!({ "workspace": "acme", "name": "Acme Shop", "time_zone": "UTC", "language": "en" });
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

async fn money(desk: &Desk) -> Result<()> {
    let price = [
        "prices",
        "set",
        "-w",
        "acme",
        "--kind",
        "sms",
        "--country",
        "PL",
        "--pu",
        "0.05",
    ];
    // The account is opened by the fact that the workspace was created.
    eventually("the account is opened", SOON, async || desk.says(&price).await.ok()).await?;
    let wrong = ["prices", "set", "-w", "acme", "--kind", "sms", "--pu", "0,05"];
    desk.fails(&wrong, REFUSED, "pu").await?;
    let fax = ["prices", "set", "-w", "acme", "--kind", "fax", "--pu", "1"];
    desk.fails(&fax, USAGE, "fax").await?;

    let top_up = ["balance", "top-up", "-w", "acme", "--pu", "10", "--request-id", "first"];
    let ten = json!({ "available_micro_pu": 10_000_000, "held_micro_pu": 0 });
    for _ in 0..2 {
        same("the balance", &desk.json(&top_up).await?, &ten)?;
    }
    let show = ["balance", "show", "-w", "acme"];
    same("the balance", &desk.json(&show).await?, &ten)?;
    let table = desk.says(&show).await?;
    ensure!(table == "available PU  held PU\n10            0\n", "it prints {table}");
    desk.fails(&["balance", "show", "-w", "nobody"], REFUSED, "workspace")
        .await?;
    desk.fails(&["balance", "show", "-w", "A!"], REFUSED, "workspace")
        .await?;
    let nothing = json!({
        "time_zone": "UTC", "rows": [], "total_messages": 0, "total_parts": 0, "total_micro_pu": 0,
    });
    same("usage", &desk.json(&["usage", "-w", "acme"]).await?, &nothing)?;
    let head = "period,kind,country,messages,parts,micro_pu,micro_pu_per_message\n";
    let said = desk.says(&["usage", "-w", "acme", "--csv", "--kind", "lms"]).await?;
    ensure!(said == head, "it prints {said}");
    same("the log", &desk.json(&["charges", "-w", "acme"]).await?, &json!([]))?;
    desk.fails(&["charges", "-w", "acme", "--country", "Poland"], REFUSED, "country")
        .await?;
    desk.fails(&["usage", "-w", "acme", "--from", "today"], REFUSED, "date")
        .await
}

async fn price_lists(desk: &Desk) -> Result<()> {
    let head = "kind,country,valid_from,micro_pu\n";
    let file = desk.folder.path().join("prices.csv");
    let import = ["prices", "import", "-w", "acme", "prices.csv"];
    std::fs::write(
        &file,
        format!("{head}lms,KR,2026-01-01,30000\nlms,JP,2026-01-01,0.5\nfax,JP,2026-01-01,1\n"),
    )?;
    let wrong = desk.run(&import, "").await?;
    ensure!(wrong.code == Some(REFUSED), "{wrong:?}");
    for line in ["line 3, micro_pu: must be a whole number", "line 4, kind: must be sms"] {
        ensure!(wrong.complained.contains(line), "{wrong:?}");
    }
    let export = ["prices", "export", "-w", "acme"];
    ensure!(!desk.says(&export).await?.contains("lms"), "nothing was imported");
    std::fs::write(
        &file,
        format!("{head}lms,KR,2026-01-01,30000\nlms,JP,2026-01-01,50000\n"),
    )?;
    let left = desk.run(&import, "").await?;
    ensure!(
        left.complained == "2 prices are set\n" && left.code == Some(DONE),
        "{left:?}"
    );
    let list = desk.says(&export).await?;
    ensure!(
        list.starts_with(&format!("{head}lms,JP,2026-01-01T00:00:00Z,50000\n")),
        "it prints {list}"
    );
    // What is exported can be imported, here and elsewhere.
    let left = desk.run(&["prices", "import", "-w", "zoo", "-"], &list).await?;
    ensure!(left.code == Some(DONE), "{left:?}");
    ensure!(
        desk.says(&["prices", "export", "-w", "zoo"]).await? == list,
        "the same list"
    );
    desk.fails(
        &["prices", "import", "-w", "acme", "none.csv"],
        FAILED,
        "cannot read none.csv",
    )
    .await
}

async fn account(desk: &Desk) -> Result<()> {
    let show = ["account", "show", "-w", "club"];
    let empty = json!({
        "available_micro_pu": 0, "held_micro_pu": 0, "unexpiring_micro_pu": 0, "lots": [], "closed": false,
        "plan": { "paid": true, "allowance_micro_pu": 0 },
        "thresholds": { "low_micro_pu": 0, "top_up_below_micro_pu": 0, "top_up_micro_pu": 0 },
    });
    same("an account", &desk.json(&show).await?, &empty)?;
    let top_up = ["balance", "top-up", "-w", "club", "--pu", "10", "--request-id", "first"];
    desk.says(&["account", "plan", "-w", "club", "--allowance", "5", "--unpaid"])
        .await?;
    desk.fails(&top_up, REFUSED, "billing.plan_unpaid").await?;
    desk.says(&["account", "plan", "-w", "club", "--allowance", "5"])
        .await?;
    let expiring = [&top_up[..], &["--expires", "2099-01-01"]].concat();
    for _ in 0..2 {
        desk.says(&expiring).await?;
    }
    desk.fails(&top_up, REFUSED, "request_id").await?;
    let thresholds = ["account", "thresholds", "-w", "club", "--low", "20"];
    desk.says(&[&thresholds[..], &["--top-up-below", "15.5", "--top-up", "50"]].concat())
        .await?;
    desk.fails(&[&thresholds[..], &["--top-up-below", "1"]].concat(), USAGE, "--top-up")
        .await?;
    let told = desk.json(&show).await?;
    same("available", &told["available_micro_pu"], &15_000_000.into())?;
    same(
        "what expires last",
        &told["lots"][1]["expires_at"],
        &"2099-01-01T00:00:00Z".into(),
    )?;
    same(
        "the threshold",
        &told["thresholds"]["top_up_below_micro_pu"],
        &15_500_000.into(),
    )?;
    ensure!(
        desk.says(&show).await?.contains("paid plan, 5 PU a month"),
        "the table says so"
    );
    desk.says(&["account", "close", "-w", "club"]).await?;
    let second = [
        "balance",
        "top-up",
        "-w",
        "club",
        "--pu",
        "10",
        "--request-id",
        "second",
    ];
    desk.fails(&second, REFUSED, "billing.account_closed").await?;
    desk.says(&["account", "reopen", "-w", "club"]).await?;
    desk.says(&second).await?;
    Ok(())
}

async fn check(desk: &Desk) -> Result<()> {
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

async fn opt_out(desk: &Desk) -> Result<()> {
    let of = |verb| ["opt-out", verb, "-w", "acme", "--phone", "+48600700123"];
    let never = json!({ "opted_out": false, "since": null });
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

/// The demo as one document, which says the same as the other commands; what it says.
async fn demo(desk: &Desk) -> Result<Value> {
    let told = desk.json(&["demo"]).await?;
    ensure!(told["ok"] == true && told["time_scale"] == 60.0, "the demo says {told}");
    let steps = told["steps"].as_array().context("no steps")?;
    ensure!(
        steps.len() == 8 && steps.iter().all(|step| step["ok"] == true),
        "steps {steps:?}"
    );
    same("sent", &told["sent"], &json!({ "follow_up": 2, "confirmation": 3 }))?;
    let workspace = told["workspace"].as_str().context("no workspace")?;
    let costs = &told["costs"];
    let usage = desk.json(&["usage", "-w", workspace]).await?;
    same("usage", &usage["total_micro_pu"], &costs["spent_micro_pu"])?;
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
    let ends = ["returned", "read", "no_address", "returned"];
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

/// What a provider says, beside what was charged.
async fn statement(desk: &Desk, workspace: &str) -> Result<()> {
    let agreed = json!({ "drifting": 0, "drifts": [], "books": [], "old_holds": 0 });
    let drift = ["books", "drift", "-w", workspace];
    same("the books", &desk.json(&drift).await?, &agreed)?;
    let import = [
        "books",
        "import-statement",
        "-w",
        workspace,
        "--provider",
        "twilio",
        "--day",
        "2026-01-05",
        "-",
    ];
    let january = [&drift[..], &["--from", "2026-01-01", "--to", "2026-02-01"]].concat();
    let left = desk.run(&import, "message,parts,micro_pu\nSM-nobodys,2,\n").await?;
    ensure!(
        left.code == Some(DONE) && left.complained == "1 messages are told of\n",
        "{left:?}"
    );
    let left = desk.run(&january, "").await?;
    ensure!(
        left.code == Some(FAILED) && left.said.contains("not_charged"),
        "{left:?}"
    );
    let left = desk.run(&import, "message,parts,micro_pu\nSM1,x,\n").await?;
    ensure!(
        left.code == Some(REFUSED) && left.complained.contains("line 2, parts"),
        "{left:?}"
    );
    desk.fails(&["books", "drift", "-w", workspace, "--from", "soon"], REFUSED, "from")
        .await
}

async fn explain(desk: &Desk, told: &Value) -> Result<()> {
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

async fn events(desk: &Desk, told: &Value) -> Result<()> {
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
    let mut tail = desk.command(&["events", "tail", "-w", workspace, "-n", "2"]);
    let mut tail = tail.stdout(Stdio::piped()).spawn()?;
    let publish = ["events", "publish", "-w", workspace, "-i", "helpdesk"];
    let mut number = 0;
    eventually("the tail has seen two facts", SOON, async || {
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
    ensure!(output.status.success() && facts.len() == 2, "it tails {lines}");
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

/// One service crashes: `homing dev` says which and how, stops the rest and fails.
async fn crash(desk: &Desk, mut dev: Child) -> Result<()> {
    let endpoints = Endpoints::running(&desk.folder.path().join(DATA_FOLDER))?;
    let routing = child_of(dev.id().context("homing dev has ended")?, "routing-service")?;
    let kill = Command::new("kill").args(["-9", &routing]).status().await?;
    ensure!(kill.success(), "routing-service could not be killed");
    let status = tokio::time::timeout(STOPS_WITHIN, dev.wait()).await??;
    ensure!(status.code() == Some(FAILED), "homing dev ends with {status}");
    let complained = desk.read("dev.err")?;
    let which = "homing: routing-service ended by itself (signal: 9 (SIGKILL))";
    ensure!(complained.contains(which), "homing dev complains: {complained}");
    ensure!(
        complained.ends_with("stopping ...\n"),
        "homing dev complains: {complained}"
    );
    let said: Value = serde_json::from_str(&desk.read("dev.out")?)?;
    same(
        "where the API was",
        &said["gateway"],
        &endpoints.gateway.as_str().into(),
    )?;
    let mut addresses: Vec<&str> = endpoints.services.values().map(String::as_str).collect();
    addresses.extend(
        [
            &endpoints.gateway,
            &endpoints.nats,
            &endpoints.postgres,
            &endpoints.sinks,
        ]
        .map(String::as_str),
    );
    for address in addresses {
        let host = address.split(['/', '@']).rfind(|part| part.contains(':'));
        let host = host.with_context(|| format!("no port in {address}"))?;
        let open = tokio::net::TcpStream::connect(host).await;
        ensure!(open.is_err(), "{address} still answers");
    }
    desk.fails(&["balance", "show", "-w", "acme"], AWAY, "start `homing dev`")
        .await
}

/// Process id of the child that runs a program.
fn child_of(parent: u32, program: &str) -> Result<String> {
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let read = |file| std::fs::read_to_string(entry.path().join(file)).unwrap_or_default();
        let is_child = read("status").lines().any(|line| line == format!("PPid:\t{parent}"));
        let first = read("cmdline").split('\0').next().unwrap_or_default().to_owned();
        if is_child && Path::new(&first).file_name().is_some_and(|name| name == program) {
            return Ok(entry.file_name().to_string_lossy().into_owned());
        }
    }
    anyhow::bail!("process {parent} has no child {program}")
}
