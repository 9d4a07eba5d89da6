//! Handing out what is kept of people, and erasing it, by gRPC to contacts-service.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result};
use rpc::contacts::privacy_service_client::PrivacyServiceClient;
use rpc::contacts::{
    self, EraseContactRequest, Erasure, ErasureState, ErasureStep, ExportPersonRequest, GetErasureRequest,
    ListErasuresRequest,
};
use serde_json::{Value, json};
use tonic::transport::Channel;

use crate::args::{ErasureReason, PrivacyCommand};
use crate::call::{call, pages};
use crate::output::{Out, say};
use crate::show;

/// Room for a page of the longest messages.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
/// How often somebody who waits looks.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

pub(super) async fn run(command: PrivacyCommand, channel: Channel, out: &Out) -> Result<()> {
    let client = PrivacyServiceClient::new(channel).max_decoding_message_size(LARGEST_ANSWER);
    match command {
        PrivacyCommand::Export {
            workspace,
            contact,
            file,
        } => {
            let request = ExportPersonRequest {
                workspace,
                contact,
                page_token: String::new(),
            };
            match file {
                None => export(&client, request, &mut std::io::stdout().lock()).await,
                Some(path) => {
                    let mut file =
                        File::create_new(&path).with_context(|| format!("cannot make {}", path.display()))?;
                    let written = export(&client, request, &mut file).await;
                    if written.is_err() {
                        // A part of it is not to be taken for all of it.
                        std::fs::remove_file(&path)?;
                    }
                    written
                }
            }
        }
        PrivacyCommand::Erase {
            workspace,
            contact,
            request,
            reason,
            by,
            wait,
        } => {
            let asked = EraseContactRequest {
                workspace: workspace.clone(),
                request_id: request,
                contact,
                reason: spoken(reason).into(),
                by,
            };
            let begun = call!(client, erase_contact, asked)?
                .erasure
                .context("an empty answer")?;
            let told = match wait {
                true => until_done(&client, workspace, begun).await?,
                false => begun,
            };
            one(&told, out)
        }
        PrivacyCommand::Erasure { workspace, erasure } => one(&get(&client, &workspace, &erasure).await?, out),
        PrivacyCommand::Erasures { workspace, limit } => {
            let request = ListErasuresRequest {
                workspace,
                ..Default::default()
            };
            list(&pages!(client, list_erasures, request, erasures, limit), out)
        }
    }
}

/// Piece by piece, as they come.
async fn export(
    client: &PrivacyServiceClient<Channel>,
    mut request: ExportPersonRequest,
    into: &mut impl Write,
) -> Result<()> {
    loop {
        let piece = call!(client, export_person, request.clone())?;
        into.write_all(piece.json.as_bytes())?;
        request.page_token = piece.next_page_token;
        if request.page_token.is_empty() {
            return Ok(into.flush()?);
        }
    }
}

async fn get(client: &PrivacyServiceClient<Channel>, workspace: &str, erasure: &str) -> Result<Erasure> {
    let request = GetErasureRequest {
        workspace: workspace.to_owned(),
        erasure: erasure.to_owned(),
    };
    call!(client, get_erasure, request)?.erasure.context("an empty answer")
}

/// Says each step as it is done, or fails anew.
async fn until_done(client: &PrivacyServiceClient<Channel>, workspace: String, begun: Erasure) -> Result<Erasure> {
    let (mut told, mut said) = (begun, BTreeMap::new());
    loop {
        for step in &told.steps {
            let now = (step.state, step.failures);
            if said.insert(step.step.clone(), now) == Some(now) {
                continue;
            }
            match step.state() {
                ErasureState::Done => say(format!("{}: done{}", step.step, counts(step))),
                _ if step.failures > 0 => say(format!("{}: failed with {}, tried again", step.step, step.failure)),
                _ => {}
            }
        }
        if told.state() == ErasureState::Done {
            return Ok(told);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        told = get(client, &workspace, &told.erasure).await?;
    }
}

fn one(told: &Erasure, out: &Out) -> Result<()> {
    if out.json() {
        return out.document(&document(told));
    }
    say(format!(
        "erasure {} of contact {}: {}",
        told.erasure,
        told.contact,
        state(told.state())
    ));
    let row = |step: &ErasureStep| {
        let erased: Vec<String> = sorted(step)
            .iter()
            .map(|(what, count)| format!("{count} {what}"))
            .collect();
        vec![
            step.step.clone(),
            state(step.state()),
            erased.join(", "),
            step.failures.to_string(),
            step.failure.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = told.steps.iter().map(row).collect();
    out.table(&["where", "state", "erased", "failures", "last failure"], &rows)
}

fn list(found: &[Erasure], out: &Out) -> Result<()> {
    if out.json() {
        return out.document(&found.iter().map(document).collect::<Vec<Value>>());
    }
    let at = |at: Option<&prost_types::Timestamp>| show::rfc3339(at).as_str().unwrap_or("-").to_owned();
    let row = |one: &Erasure| {
        vec![
            one.erasure.clone(),
            one.contact.clone(),
            show::word(one.reason().as_str_name(), "ERASURE_REASON_"),
            one.by.clone(),
            at(one.asked_at.as_ref()),
            at(one.done_at.as_ref()),
        ]
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    out.table(&["erasure", "contact", "reason", "by", "asked at", "done at"], &rows)
}

fn document(told: &Erasure) -> Value {
    let step = |step: &ErasureStep| {
        json!({
            "step": step.step, "state": state(step.state()), "failures": step.failures, "failure": step.failure,
            "erased": sorted(step),
        })
    };
    json!({
        "erasure": told.erasure,
        "contact": told.contact,
        "reason": show::word(told.reason().as_str_name(), "ERASURE_REASON_"),
        "by": told.by,
        "asked_at": show::rfc3339(told.asked_at.as_ref()),
        "state": state(told.state()),
        "done_at": show::rfc3339(told.done_at.as_ref()),
        "steps": told.steps.iter().map(step).collect::<Vec<Value>>(),
    })
}

fn sorted(step: &ErasureStep) -> BTreeMap<&str, u64> {
    step.erased
        .iter()
        .map(|(what, count)| (what.as_str(), *count))
        .collect()
}

fn counts(step: &ErasureStep) -> String {
    sorted(step)
        .iter()
        .map(|(what, count)| format!(", {count} {what}"))
        .collect()
}

fn state(state: ErasureState) -> String {
    show::word(state.as_str_name(), "ERASURE_STATE_")
}

fn spoken(reason: ErasureReason) -> contacts::ErasureReason {
    match reason {
        ErasureReason::Requested => contacts::ErasureReason::Requested,
        ErasureReason::NoLongerNeeded => contacts::ErasureReason::NoLongerNeeded,
        ErasureReason::Unlawful => contacts::ErasureReason::Unlawful,
        ErasureReason::Obligation => contacts::ErasureReason::Obligation,
    }
}
