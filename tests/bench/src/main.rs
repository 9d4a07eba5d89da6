//! `make bench`: raw limits, a reference pipeline and Homing in one run on the machine at hand. Prints a table, writes
//! `tests/bench/results.json`. Ratios within the run are what counts; a bar in milliseconds counts only while the
//! disk's fsync p99 is at most 5 ms. `bench ingest`, `bench latency`, `bench pairs`, `bench usage`, `bench queue`,
//! `bench import` and `bench timers` measure one part and write nothing.

mod figures;
mod homing;
mod import;
mod pairs;
mod queue;
mod raw;
mod reference;
mod timers;
mod usage;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::io::Write;
use std::process::Command;

/// Ingest reaches at least this part of the harmonic limit.
const INGEST_BAR: f64 = 0.3;
/// An answer's median way to the provider takes at most this many times its commits and hops.
const LATENCY_BAR: f64 = 3.0;
const RAW_MESSAGES: usize = 100_000;
const PIPELINE_MESSAGES: usize = 60_000;
/// The bar counts at the last; the first is a rate that small machines carry.
const ANSWERS_A_SECOND: [usize; 2] = [10, 200];
const SECONDS: usize = 10;
const HOLDS_A_SECOND: usize = 500;
/// How late a step of a workflow is told at the 99th percentile, milliseconds.
const LATENESS_BAR: f64 = 250.0;
/// The way of an answer, debounce zero: 4 commits (message, decision with its claim, hold, attempting),
/// 2 JetStream publishes (ingest, fact), 4 requests between services (context, presence, address, hold) and the call.
const COMMITS: f64 = 4.0;
const PUBLISHES: f64 = 2.0;
const REQUESTS: f64 = 5.0;

#[tokio::main]
async fn main() -> Result<()> {
    testkit::install_crypto();
    let only = std::env::args().nth(1);
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let mut out = std::io::stdout();
    let folder = tempfile::Builder::new().prefix("homing-bench-").tempdir()?;
    let fsync = raw::fsync(folder.path())?;
    writeln!(out, "disk: fsync p50 {:.2} ms, p99 {:.2} ms", fsync.p50, fsync.p99)?;

    let mut homing = homing::Homing::start(folder.path().join("stack")).await?;
    let limits = Limits::measure(&homing).await?;
    writeln!(
        out,
        "raw, per second: JetStream {:.0}, PostgreSQL rows {:.0}, core NATS {:.0}; H = {:.0}",
        limits.publish, limits.rows, limits.core, limits.harmonic
    )?;
    let mut results = json!({
        "machine": machine(),
        "disk": {"fsync_p50_ms": fsync.p50, "fsync_p99_ms": fsync.p99, "milliseconds_count": fsync.p99 <= 5.0},
        "raw_per_second": {
            "jetstream_publish": limits.publish, "postgres_rows": limits.rows, "core_nats": limits.core,
            "harmonic": limits.harmonic,
        },
    });
    // Latency first: what ingest leaves in the streams would stand before the answers.
    if wanted("latency") {
        let hops = Hops::measure(&homing).await?;
        let mut rates = Vec::new();
        for per_second in ANSWERS_A_SECOND {
            rates.push(answers(&homing, &hops, per_second, &mut out).await?);
        }
        results["answer_to_provider"] = rates.into();
    }
    if wanted("pairs") {
        results["billing"] = pairs(&homing, &mut out).await?;
    }
    if wanted("usage") {
        results["usage"] = usage(&homing, &mut out).await?;
    }
    if wanted("queue") {
        results["queue"] = queue(&homing, &mut out).await?;
    }
    if wanted("import") {
        results["import"] = import(&homing, &mut out).await?;
    }
    // Last: they leave only conversation-service running.
    if wanted("ingest") || wanted("timers") {
        homing.only_conversation().await?;
    }
    if wanted("ingest") {
        results["ingest"] = ingest(&homing, &limits, &mut out).await?;
    }
    if wanted("timers") {
        results["timers"] = timers(&homing, &mut out).await?;
    }
    homing.stop().await?;
    if only.is_none() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/results.json");
        std::fs::write(path, format!("{}\n", serde_json::to_string_pretty(&results)?)).context(path)?;
    }
    bars(&results)
}

/// Fails where a bar is missed, after everything was measured and written.
fn bars(results: &serde_json::Value) -> Result<()> {
    let ratio = |of: &str| results.pointer(of).and_then(serde_json::Value::as_f64);
    if let Some(ratio) = ratio("/ingest/one_workspace_to_harmonic") {
        ensure!(
            ratio >= INGEST_BAR,
            "ingest: {ratio:.2} of the harmonic limit, below {INGEST_BAR}"
        );
    }
    if let Some(ratio) = ratio(&format!(
        "/answer_to_provider/{}/p50_to_way",
        ANSWERS_A_SECOND.len() - 1
    )) {
        ensure!(
            ratio <= LATENCY_BAR,
            "answer to provider: {ratio:.1} times its way, above {LATENCY_BAR}"
        );
    }
    let counts = results
        .pointer("/disk/milliseconds_count")
        .and_then(serde_json::Value::as_bool);
    if let (Some(true), Some(ratio)) = (counts, ratio("/timers/told_p99_to_bar")) {
        ensure!(
            ratio <= 1.0,
            "timers: {ratio:.2} times the {LATENESS_BAR} ms that they may be late"
        );
    }
    Ok(())
}

/// What the servers give by themselves.
struct Limits {
    publish: f64,
    rows: f64,
    core: f64,
    harmonic: f64,
}

impl Limits {
    async fn measure(homing: &homing::Homing) -> Result<Self> {
        let (client, js, pool) = homing.servers().await?;
        js.create_stream(async_nats::jetstream::stream::Config {
            name: "BENCH_RAW".into(),
            subjects: vec!["bench.raw".into()],
            ..Default::default()
        })
        .await?;
        let publish = raw::publish(&js, "bench.raw", vec![7; raw::PAYLOAD].into(), RAW_MESSAGES).await?;
        let core = raw::core(&client, RAW_MESSAGES * 2).await?;
        let rows = raw::rows(&pool, RAW_MESSAGES).await?;
        Ok(Self {
            publish,
            rows,
            core,
            harmonic: figures::harmonic(&[publish, rows, core]),
        })
    }
}

/// What an answer's way is made of, by itself.
struct Hops {
    commit: figures::Latency,
    publish: figures::Latency,
    request: figures::Latency,
}

impl Hops {
    async fn measure(homing: &homing::Homing) -> Result<Self> {
        let (client, js, pool) = homing.servers().await?;
        Ok(Self {
            commit: raw::commit_latency(&pool).await?,
            publish: raw::publish_latency(&js, "bench.raw").await?,
            request: raw::request_latency(&client).await?,
        })
    }

    /// Milliseconds.
    fn way(&self) -> f64 {
        COMMITS * self.commit.p50 + PUBLISHES * self.publish.p50 + REQUESTS * self.request.p50
    }
}

async fn answers(
    homing: &homing::Homing,
    hops: &Hops,
    per_second: usize,
    out: &mut impl Write,
) -> Result<serde_json::Value> {
    let answer = homing.answer_to_provider(per_second, SECONDS).await?;
    let way = hops.way();
    writeln!(
        out,
        "answer to provider at {per_second}/s: p50 {:.1} ms, p99 {:.1} ms; its commits and hops {way:.1} ms; ratio {:.2}",
        answer.p50,
        answer.p99,
        answer.p50 / way
    )?;
    Ok(json!({
        "per_second": per_second, "p50_ms": answer.p50, "p99_ms": answer.p99, "way_ms": way,
        "p50_to_way": answer.p50 / way,
        "raw_p50_ms": {"commit": hops.commit.p50, "publish": hops.publish.p50, "request": hops.request.p50},
    }))
}

async fn ingest(homing: &homing::Homing, limits: &Limits, out: &mut impl Write) -> Result<serde_json::Value> {
    let (_, js, pool) = homing.servers().await?;
    let reference = reference::run(&js, &pool, PIPELINE_MESSAGES).await?;
    writeln!(
        out,
        "reference pipeline: {reference:.0}/s = {:.2} H",
        reference / limits.harmonic
    )?;
    let one = homing.ingest("one", 1, PIPELINE_MESSAGES).await?;
    let hundred = homing.ingest("hundred", 100, PIPELINE_MESSAGES).await?;
    for (workspaces, rate) in [(1, one), (100, hundred)] {
        writeln!(
            out,
            "Homing, {workspaces} workspaces: {rate:.0}/s = {:.2} H = {:.2} of the reference",
            rate / limits.harmonic,
            rate / reference
        )?;
    }
    Ok(json!({
        "reference_per_second": reference, "one_workspace_per_second": one, "hundred_workspaces_per_second": hundred,
        "reference_to_harmonic": reference / limits.harmonic, "one_workspace_to_harmonic": one / limits.harmonic,
        "hundred_workspaces_to_harmonic": hundred / limits.harmonic, "one_workspace_to_reference": one / reference,
    }))
}

async fn pairs(homing: &homing::Homing, out: &mut impl Write) -> Result<serde_json::Value> {
    let mut books = pairs::Books::open(homing).await?;
    // Pools, plans and caches are warm after the first.
    books.hold_at(HOLDS_A_SECOND, 2).await?;
    let hold = books.hold_at(HOLDS_A_SECOND, SECONDS).await?;
    writeln!(
        out,
        "hold at {HOLDS_A_SECOND}/s: p50 {:.1} ms, p99 {:.1} ms",
        hold.p50, hold.p99
    )?;
    let many = books.pairs(pairs::ACCOUNTS).await?;
    let hot = books.pairs(1).await?;
    writeln!(
        out,
        "hold and capture: {many:.0} pairs/s over {} accounts, {hot:.0}/s on one",
        pairs::ACCOUNTS
    )?;
    Ok(json!({
        "hold_per_second": HOLDS_A_SECOND, "hold_p50_ms": hold.p50, "hold_p99_ms": hold.p99,
        "accounts": pairs::ACCOUNTS, "pairs_per_second": many, "hot_account_pairs_per_second": hot,
    }))
}

async fn usage(homing: &homing::Homing, out: &mut impl Write) -> Result<serde_json::Value> {
    let read = usage::read(homing).await?;
    writeln!(
        out,
        "a month's usage by day, {} messages: p50 {:.1} ms, p99 {:.1} ms",
        usage::MESSAGES,
        read.p50,
        read.p99
    )?;
    Ok(json!({"messages": usage::MESSAGES, "p50_ms": read.p50, "p99_ms": read.p99}))
}

async fn queue(homing: &homing::Homing, out: &mut impl Write) -> Result<serde_json::Value> {
    let queue::Measured { alert, assigned } = queue::measure(homing).await?;
    writeln!(
        out,
        "{} agents, {} waiting: change of capacity to alert p50 {:.1} ms, p99 {:.1} ms; {assigned:.0} assigned/s",
        queue::AGENTS,
        queue::WAITING,
        alert.p50,
        alert.p99
    )?;
    Ok(json!({
        "agents": queue::AGENTS, "waiting": queue::WAITING, "alert_p50_ms": alert.p50, "alert_p99_ms": alert.p99,
        "assigned_per_second": assigned,
    }))
}

async fn import(homing: &homing::Homing, out: &mut impl Write) -> Result<serde_json::Value> {
    let import::Measured { new, known } = import::measure(homing).await?;
    writeln!(
        out,
        "a file of {} contacts: {new:.0} lines/s, and {known:.0} lines/s of known ones",
        import::LINES
    )?;
    Ok(json!({"lines": import::LINES, "new_per_second": new, "known_per_second": known}))
}

async fn timers(homing: &homing::Homing, out: &mut impl Write) -> Result<serde_json::Value> {
    let late = timers::fire(homing).await?;
    let ratio = late.told.p99 / LATENESS_BAR;
    writeln!(
        out,
        "waits of workflows, {}/s of {}: begun late by p50 {:.1} ms, p99 {:.1} ms, told late by p50 {:.1} ms, p99 {:.1} ms; ratio {ratio:.2}",
        timers::PER_SECOND,
        timers::PENDING,
        late.begun.p50,
        late.begun.p99,
        late.told.p50,
        late.told.p99,
    )?;
    Ok(json!({
        "pending": timers::PENDING, "per_second": timers::PER_SECOND, "begun_p50_ms": late.begun.p50,
        "begun_p99_ms": late.begun.p99, "told_p50_ms": late.told.p50, "told_p99_ms": late.told.p99, "told_p99_to_bar": ratio,
    }))
}

fn machine() -> serde_json::Value {
    let line = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let cpu = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?.to_owned();
        line.split_once(": ").map(|(_, name)| name.to_owned())
    });
    json!({
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "cpu": cpu, "kernel": line("uname", "-r"), "rustc": line("rustc", "--version"),
        "postgres": line("postgres", "--version"), "nats": line("nats-server", "--version"), "profile": if cfg!(debug_assertions) { "dev" } else { "release" },
    })
}
