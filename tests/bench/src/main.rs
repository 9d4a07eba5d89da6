//! `make bench`: raw limits, a reference pipeline and Homing in one run on the machine at hand. Prints a table, writes
//! `tests/bench/results.json`. Ratios within the run are what counts; a bar in milliseconds counts only while the
//! disk's fsync p99 is at most 5 ms.

mod figures;
mod homing;
mod raw;
mod reference;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use sqlx::postgres::PgPoolOptions;
use std::io::Write;
use std::process::Command;

const RAW_MESSAGES: usize = 100_000;
const PIPELINE_MESSAGES: usize = 60_000;
const ANSWERS_A_SECOND: usize = 200;
const SECONDS: usize = 10;
/// The way of an answer, debounce zero: 6 commits (message, fold, claim of the due row, checking, hold, attempting),
/// 2 JetStream publishes (ingest, fact), 4 requests between services (context, presence, address, hold) and the call.
const COMMITS: f64 = 6.0;
const PUBLISHES: f64 = 2.0;
const REQUESTS: f64 = 5.0;

#[tokio::main]
async fn main() -> Result<()> {
    testkit::install_crypto();
    let mut out = std::io::stdout();
    let folder = tempfile::Builder::new().prefix("homing-bench-").tempdir()?;
    let fsync = raw::fsync(folder.path())?;
    writeln!(out, "disk: fsync p50 {:.2} ms, p99 {:.2} ms", fsync.p50, fsync.p99)?;

    let mut homing = homing::Homing::start(folder.path().join("stack")).await?;
    let client = homing.nats().await?;
    let js = async_nats::jetstream::new(client.clone());
    let pool = PgPoolOptions::new()
        .max_connections(4)
        .connect(&homing.postgres())
        .await?;
    js.create_stream(async_nats::jetstream::stream::Config {
        name: "BENCH_RAW".into(),
        subjects: vec!["bench.raw".into()],
        ..Default::default()
    })
    .await?;
    homing.only_conversation().await?;
    let publish = raw::publish(&js, "bench.raw", vec![7; raw::PAYLOAD].into(), RAW_MESSAGES).await?;
    let core = raw::core(&client, RAW_MESSAGES * 2).await?;
    let rows = raw::rows(&pool, RAW_MESSAGES).await?;
    let limit = figures::harmonic(&[publish, rows, core]);
    let reference = reference::run(&js, &pool, PIPELINE_MESSAGES).await?;
    writeln!(
        out,
        "raw, per second: JetStream {publish:.0}, PostgreSQL rows {rows:.0}, core NATS {core:.0}; H = {limit:.0}"
    )?;
    writeln!(out, "reference pipeline: {reference:.0}/s = {:.2} H", reference / limit)?;

    let one = homing.ingest("one", 1, PIPELINE_MESSAGES).await?;
    let hundred = homing.ingest("hundred", 100, PIPELINE_MESSAGES).await?;
    writeln!(
        out,
        "Homing, 1 workspace: {one:.0}/s = {:.2} H = {:.2} of the reference",
        one / limit,
        one / reference
    )?;
    writeln!(out, "Homing, 100 workspaces: {hundred:.0}/s = {:.2} H", hundred / limit)?;

    let commit = raw::commit_latency(&pool).await?;
    let ack = raw::publish_latency(&js, "bench.raw").await?;
    let request = raw::request_latency(&client).await?;
    homing.everything().await?;
    let answer = homing.answer_to_provider(ANSWERS_A_SECOND, SECONDS).await?;
    let way = COMMITS * commit.p50 + PUBLISHES * ack.p50 + REQUESTS * request.p50;
    writeln!(
        out,
        "answer to provider at {ANSWERS_A_SECOND}/s: p50 {:.1} ms, p99 {:.1} ms; its commits and hops {way:.1} ms; ratio {:.2}",
        answer.p50,
        answer.p99,
        answer.p50 / way
    )?;

    let results = json!({
        "machine": machine(),
        "disk": {"fsync_p50_ms": fsync.p50, "fsync_p99_ms": fsync.p99, "milliseconds_count": fsync.p99 <= 5.0},
        "raw_per_second": {"jetstream_publish": publish, "postgres_rows": rows, "core_nats": core, "harmonic": limit},
        "raw_p50_ms": {"commit": commit.p50, "publish": ack.p50, "request": request.p50},
        "reference_per_second": reference,
        "homing_per_second": {"one_workspace": one, "hundred_workspaces": hundred},
        "answer_to_provider_ms": {"per_second": ANSWERS_A_SECOND, "p50": answer.p50, "p99": answer.p99, "way": way},
        "ratios": {
            "reference_to_limit": reference / limit, "one_workspace_to_limit": one / limit,
            "hundred_workspaces_to_limit": hundred / limit, "answer_to_way": answer.p50 / way,
        },
    });
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/results.json");
    std::fs::write(path, format!("{}\n", serde_json::to_string_pretty(&results)?)).context(path)?;
    homing.stop().await?;
    ensure!(one / limit >= 0.3, "Homing is below 0.3 of the harmonic limit");
    Ok(())
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
        "postgres": line("postgres", "--version"), "profile": if cfg!(debug_assertions) { "dev" } else { "release" },
    })
}
