//! Dead letters: look, mend the cause, replay.

use std::process::ExitCode;

use anyhow::Result;
use bus::{Bus, BusConfig, DeadLetter};
use domain::WorkspaceId;
use fault::Fault;
use serde_json::{Value, json};

use crate::args::DlqCommand;
use crate::output::{Out, say};
use crate::stack::Endpoints;

pub(crate) async fn run(command: DlqCommand, out: &Out) -> Result<ExitCode> {
    let bus = connect().await?;
    match command {
        DlqCommand::List {
            workspace,
            limit,
            before,
            payload,
        } => {
            let workspace = workspace
                .map(|text| WorkspaceId::parse(&text).map_err(Fault::from))
                .transpose()?;
            let limit = usize::from(limit);
            let before = before.unwrap_or(u64::MAX);
            let letters = bus::list_dead_before(&bus, workspace.as_ref(), before, limit).await?;
            list(&letters, payload, out)?;
            if let Some(oldest) = letters.first().filter(|_| letters.len() == limit) {
                say(format!("there may be older ones: --before {}", oldest.sequence));
            }
        }
        DlqCommand::Replay { sequences } => {
            for sequence in sequences {
                let subject = bus::replay_dead(&bus, sequence).await?;
                say(format!("{sequence} published again on {subject}"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn connect() -> Result<Bus> {
    let config = BusConfig {
        url: Endpoints::nats()?,
        name: "homing".to_owned(),
    };
    let connected = tokio::time::timeout(std::time::Duration::from_secs(5), Bus::connect(&config)).await;
    Ok(connected.map_err(|error| Fault::unavailable("NATS", error))??)
}

fn list(letters: &[DeadLetter], payload: bool, out: &Out) -> Result<()> {
    let content = |letter: &DeadLetter| String::from_utf8_lossy(&letter.payload).into_owned();
    if out.json() {
        let one = |letter: &DeadLetter| {
            let mut value = json!({
                "sequence": letter.sequence, "at": letter.at, "workspace": letter.workspace, "consumer": letter.consumer,
                "subject": letter.subject, "code": letter.code, "reason": letter.reason, "event_id": letter.event_id,
            });
            if payload {
                value["payload"] = content(letter).into();
            }
            value
        };
        return out.document(&letters.iter().map(one).collect::<Vec<Value>>());
    }
    let rows: Vec<Vec<String>> = letters
        .iter()
        .map(|letter| {
            let mut reason = letter.reason.clone();
            if payload {
                reason = format!("{reason}  {}", content(letter));
            }
            vec![
                letter.sequence.to_string(),
                letter.at.clone(),
                letter.workspace.clone(),
                letter.consumer.clone(),
                letter.subject.clone(),
                letter.event_id.clone(),
                reason,
            ]
        })
        .collect();
    let head = ["sequence", "at", "workspace", "consumer", "subject", "event", "reason"];
    out.table(&head, &rows)
}
