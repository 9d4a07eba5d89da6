//! Publishing as an integration, and watching facts.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use async_nats::jetstream;
use domain::{IntegrationId, WorkspaceId};
use events::cloudevent::{self, Data, IngestData, OrderData};
use events::{Subject, headers};
use fault::Fault;
use futures::StreamExt;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, BufReader};

use super::dlq::connect;
use crate::args::EventsCommand;
use crate::output::{Out, say};
use crate::show;

pub(crate) async fn run(command: EventsCommand, out: &Out) -> Result<ExitCode> {
    match command {
        EventsCommand::Publish {
            workspace,
            integration,
            file,
        } => publish(&workspace, &integration, file).await?,
        EventsCommand::Export { workspace, since } => super::export::export(&workspace, since.as_deref(), out).await?,
        EventsCommand::Tail { workspace, count } => tail(workspace, count, out).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn publish(workspace: &str, integration: &str, file: PathBuf) -> Result<()> {
    let workspace = WorkspaceId::parse(workspace).map_err(Fault::from)?;
    let integration = IntegrationId::parse(integration).map_err(Fault::from)?;
    let bus = connect().await?;
    let stream = jetstream::new(bus.client().clone());
    let mut lines = open(&file).await?.lines();
    let mut published = 0_u64;
    while let Some(line) = lines.next_line().await? {
        if line.trim().is_empty() {
            continue;
        }
        let kind = if cloudevent::is_order(line.as_bytes()) {
            cloudevent::from_json::<OrderData>(&integration, line.as_bytes())?
                .data
                .kind()
        } else {
            cloudevent::from_json::<IngestData>(&integration, line.as_bytes())?
                .data
                .kind()
        };
        let (workspace, integration) = (workspace.clone(), integration.clone());
        let subject = Subject::Ingest {
            workspace,
            integration,
            event: kind.1.to_owned(),
        };
        let mut map = async_nats::HeaderMap::new();
        map.insert(headers::CONTENT_TYPE, headers::CLOUDEVENTS_JSON);
        let sent = stream.publish_with_headers(subject.to_string(), map, line.into()).await;
        sent.map_err(|error| Fault::unavailable("JetStream", error))?
            .await
            .map_err(|error| Fault::unavailable("JetStream", error))?;
        published += 1;
    }
    say(format!("{published} published"));
    Ok(())
}

pub(super) async fn open(file: &Path) -> Result<Box<dyn AsyncBufRead + Unpin>> {
    if file == Path::new("-") {
        return Ok(Box::new(BufReader::new(tokio::io::stdin())));
    }
    let file = tokio::fs::File::open(file)
        .await
        .with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Box::new(BufReader::new(file)))
}

async fn tail(workspace: Option<String>, count: Option<usize>, out: &Out) -> Result<()> {
    let workspace = workspace
        .map(|text| WorkspaceId::parse(&text).map_err(Fault::from))
        .transpose()?;
    let bus = connect().await?;
    let subject = events::FACTS.subjects[0];
    let facts = bus
        .client()
        .subscribe(subject)
        .await
        .map_err(|error| Fault::unavailable("NATS", error))?;
    let mut facts = facts.filter_map(|message| {
        let parsed = Subject::parse(&message.subject);
        let wanted = parsed.filter(|subject| workspace.as_ref().is_none_or(|wanted| subject.workspace() == wanted));
        std::future::ready(wanted.map(|subject| (subject, message)))
    });
    let mut left = count.unwrap_or(usize::MAX);
    while left > 0
        && let Some((subject, message)) = facts.next().await
    {
        let Some(line) = show::fact_line(&subject, &message.headers.clone().unwrap_or_default(), &message.payload)
        else {
            continue;
        };
        out.line(line.to_string())?;
        left -= 1;
    }
    Ok(())
}
