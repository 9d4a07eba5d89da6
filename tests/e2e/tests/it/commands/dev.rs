//! `homing dev` and its end.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cli::stack::{DATA_FOLDER, Endpoints, Service};
use serde_json::Value;
use testkit::eventually;
use tokio::process::{Child, Command};

use super::desk::{AWAY, DONE, Desk, FAILED, SOON, same};

const STOPS_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dev_stops_with_all_its_processes_and_goes_on_where_it_was() -> Result<()> {
    testkit::install_crypto();
    let desk = Desk::open()?;
    let integration = ["integration", "create", "-w", "acme", "helpdesk"];
    let mut dev = desk.dev().await?;
    desk.says(&["workspace", "create", "acme", "--name", "Acme Shop"])
        .await?;
    let created = desk.json(&integration).await?;
    ensure!(created["token"].is_string(), "a new integration has a token: {created}");
    let before = Endpoints::running(&desk.folder.path().join(DATA_FOLDER))?;
    interrupt(&desk, &mut dev).await?;

    let mut dev = desk.dev().await?;
    let after = Endpoints::running(&desk.folder.path().join(DATA_FOLDER))?;
    ensure!(
        after.gateway == before.gateway && after.nats == before.nats,
        "everything has moved: {after:?}"
    );
    let known = desk.json(&integration).await?;
    ensure!(
        known["token"].is_null() && known["nats_user"] == created["nats_user"],
        "it was forgotten: {known}"
    );
    interrupt(&desk, &mut dev).await
}

/// As Ctrl-C does: it ends with success, and none of the processes that it had started is left.
async fn interrupt(desk: &Desk, dev: &mut Child) -> Result<()> {
    let id = dev.id().context("homing dev has ended")?;
    let children = children_of(id);
    for program in Service::ALL
        .map(Service::binary)
        .into_iter()
        .chain(["nats-server".into(), "postgres".into()])
    {
        ensure!(
            children.iter().any(|child| child.program == program),
            "{program} is not among {children:?}"
        );
    }
    let kill = Command::new("kill")
        .args(["-s", "INT", &id.to_string()])
        .status()
        .await?;
    ensure!(kill.success(), "homing dev could not be interrupted");
    let status = tokio::time::timeout(STOPS_WITHIN, dev.wait()).await??;
    let complained = desk.read("dev.err")?;
    ensure!(
        status.code() == Some(DONE),
        "homing dev ends with {status}: {complained}"
    );
    ensure!(
        complained.ends_with("stopping ...\n"),
        "homing dev complains: {complained}"
    );
    eventually("no process is left", SOON, async || {
        let gone = |child: &Process| !Path::new(&format!("/proc/{}", child.id)).exists();
        children.iter().all(gone).then_some(())
    })
    .await?;
    Ok(())
}

/// One service crashes: `homing dev` says which and how, stops the rest and fails.
pub async fn crash(desk: &Desk, mut dev: Child) -> Result<()> {
    let endpoints = Endpoints::running(&desk.folder.path().join(DATA_FOLDER))?;
    let routing = routing_of(dev.id().context("homing dev has ended")?)?;
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

/// A child process.
#[derive(Debug)]
struct Process {
    id: String,
    program: String,
}

fn children_of(parent: u32) -> Vec<Process> {
    let of_ours = |entry: std::fs::DirEntry| {
        let read = |file| std::fs::read_to_string(entry.path().join(file)).unwrap_or_default();
        let is_child = read("status").lines().any(|line| line == format!("PPid:\t{parent}"));
        let first = read("cmdline").split('\0').next().unwrap_or_default().to_owned();
        let program = Path::new(&first).file_name()?.to_string_lossy().into_owned();
        is_child.then(|| Process {
            id: entry.file_name().to_string_lossy().into_owned(),
            program,
        })
    };
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(of_ours).collect()
}

fn routing_of(parent: u32) -> Result<String> {
    let name = Service::Routing.binary();
    let found = children_of(parent).into_iter().find(|child| child.program == name);
    Ok(found
        .with_context(|| format!("process {parent} has no child {name}"))?
        .id)
}
