//! The examples of the READMEs do what they say.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use cli::scenario::{PATIENCE, World};
use cli::stack::Stack;
use events::common::ChannelKind;
use rpc::conversation::{
    CreateChannelRequest, CreateIntegrationRequest, CreateWorkspaceRequest, ListConversationsRequest, Scope, Workspace,
};
use testkit::eventually;
use tokio::process::Command;

/// Names that the example uses.
const WORKSPACE: &str = "acme";
const INTEGRATION: &str = "helpdesk";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_example_publishes_an_answer() -> Result<()> {
    let Some(python) = python().await else {
        eprintln!("skipped: neither .tools/venv nor python3 has nats-py; `make setup` installs it");
        return Ok(());
    };
    let stack = crate::stack().await?;
    let result = publishes(&stack, &python).await;
    crate::shown(stack, result).await
}

async fn publishes(stack: &Stack, python: &Path) -> Result<()> {
    // Its clients; the workspace is the example's own.
    let world = World::set_up(stack.endpoints.clone()).await?;
    let token = set_up(&world).await?;
    let (_, server) = stack.endpoints.nats.rsplit_once('@').context("no login")?;
    for _ in 0..2 {
        let mut run = Command::new(python);
        run.args(["-c", &example()?]).stdin(Stdio::null());
        run.env("NATS_URL", format!("nats://{server}"))
            .env("HOMING_TOKEN", &token);
        let output = run.output().await?;
        let (said, complained) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
        ensure!(output.status.success(), "it fails: {complained}");
        ensure!(said.starts_with("HOMING_INGEST "), "it prints {said}");
    }
    let started = eventually("the conversation is there", PATIENCE, async || {
        let request = ListConversationsRequest {
            workspace: WORKSPACE.to_owned(),
            ..Default::default()
        };
        let page = world.clients.conversations.clone().list_conversations(request).await;
        page.ok()?.into_inner().conversations.pop()
    })
    .await?;
    ensure!(
        started.last_seq == 1,
        "published twice, it is there {} times",
        started.last_seq
    );
    Ok(())
}

/// The workspace, channel and integration that the example names; the integration's token.
async fn set_up(world: &World) -> Result<String> {
    let mut workspaces = world.clients.workspaces.clone();
    let workspace = Workspace {
        workspace: WORKSPACE.to_owned(),
        name: "Acme Shop".to_owned(),
        time_zone: "UTC".to_owned(),
        language: "en".to_owned(),
        console_url: String::new(),
    };
    let request = CreateWorkspaceRequest {
        workspace: Some(workspace),
    };
    workspaces.create_workspace(request).await?;
    let channel = CreateChannelRequest {
        workspace: WORKSPACE.to_owned(),
        channel: "web".to_owned(),
        kind: ChannelKind::Web.into(),
        ..Default::default()
    };
    workspaces.create_channel(channel).await?;
    let integration = CreateIntegrationRequest {
        workspace: WORKSPACE.to_owned(),
        integration: INTEGRATION.to_owned(),
        scopes: vec![Scope::Ingest.into()],
    };
    Ok(workspaces.create_integration(integration).await?.into_inner().token)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The program as the README shows it.
fn example() -> Result<String> {
    let readme = std::fs::read_to_string(root().join("proto/README.md"))?;
    let (_, program) = readme.split_once("```python\n").context("no example")?;
    let (program, _) = program.split_once("```").context("an example without end")?;
    Ok(program.to_owned())
}

/// A Python that has the client library.
async fn python() -> Option<PathBuf> {
    for python in [root().join(".tools/venv/bin/python"), PathBuf::from("python3")] {
        let mut probe = Command::new(&python);
        probe.args(["-c", "import nats"]).stderr(Stdio::null());
        if probe.status().await.is_ok_and(|status| status.success()) {
            return Some(python);
        }
    }
    None
}
