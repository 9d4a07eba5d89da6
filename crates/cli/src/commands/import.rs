//! Files of contacts, by gRPC to contacts-service. A file that was broken off goes on where it was, and one that is done is
//! not done again: its name is made of what is in it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use aws_lc_rs::digest::{Context as Digest, SHA256};
use contacts_service::domain::import::{Pieces, Problem, open_quote, text};
use fault::{Fault, Kind};
use rpc::contacts::import_service_client::ImportServiceClient;
use rpc::contacts::{GetImportRequest, Import, ImportContactsRequest, ImportProblem, ListImportProblemsRequest};
use serde_json::json;
use tonic::transport::Channel;

use crate::args::ImportArgs;
use crate::call::{call, pages};
use crate::output::{Out, say};

/// Pieces between two lines about how far it is.
const TOLD: u64 = 10;
/// The line under the head.
const FIRST: u64 = 2;
/// Some lines were not taken.
const REFUSED: u8 = 4;

/// Problems with lines that were looked at before that are told again.
const EARLIER: u32 = 10_000;

/// Room for a problem with every cell of a piece.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

pub(super) async fn run(args: ImportArgs, channel: Channel, out: &Out) -> Result<ExitCode> {
    let client = ImportServiceClient::new(channel).max_decoding_message_size(LARGEST_ANSWER);
    let bytes = read(&args.file).await?;
    // Of the whole file, before anything of it is taken.
    let text = text(&bytes, FIRST).map_err(unreadable)?;
    if let Some(problem) = open_quote(text, FIRST) {
        return Err(unreadable(problem).into());
    }
    let import = name(&args, &bytes);
    let known = known(&client, &args.workspace, &import).await?;
    if known.lines > 0 {
        say(format!("goes on after {} lines that were taken before", known.lines));
    }
    let (mut far, mut problems) = (known.clone(), vec![]);
    if known.lines > 0 {
        // Whoever was broken off may have lost the answer.
        let request = ListImportProblemsRequest {
            workspace: args.workspace.clone(),
            import: import.clone(),
            ..Default::default()
        };
        for problem in pages!(client, list_import_problems, request, problems, EARLIER) {
            tell(&problem, out)?;
            problems.push(problem);
        }
    }
    for (number, piece) in (1..).zip(Pieces::after(text, known.lines)) {
        let request = ImportContactsRequest {
            workspace: args.workspace.clone(),
            import: import.clone(),
            done: piece.done,
            first_line: piece.first_line,
            csv: piece.csv.into_bytes(),
            default_country: args.default_country.clone().unwrap_or_default(),
            channel: args.channel.clone().unwrap_or_default(),
            by: args.by.clone(),
        };
        let answer = call!(client, import_contacts, request)?;
        far = answer.import.context("an empty answer")?;
        for problem in answer.problems {
            tell(&problem, out)?;
            problems.push(problem);
        }
        if number % TOLD == 0 {
            say(format!("{} lines so far", far.lines));
        }
    }
    end(&far, &problems, out)?;
    Ok(match far.refused > known.refused {
        true => ExitCode::from(REFUSED),
        false => ExitCode::SUCCESS,
    })
}

async fn read(file: &PathBuf) -> Result<Vec<u8>> {
    let read = match file.as_os_str() == "-" {
        true => {
            tokio::task::spawn_blocking(|| {
                let mut bytes = vec![];
                std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map(|_| bytes)
            })
            .await?
        }
        false => tokio::fs::read(file).await,
    };
    read.with_context(|| format!("cannot read {}", file.display()))
}

/// The same file, read in the same way, has the same name.
fn name(args: &ImportArgs, bytes: &[u8]) -> String {
    let mut digest = Digest::new(&SHA256);
    for part in [&args.default_country, &args.channel] {
        digest.update(part.as_deref().unwrap_or_default().as_bytes());
        digest.update(b"\n");
    }
    digest.update(bytes);
    hex::encode(digest.finish())
}

async fn known(client: &ImportServiceClient<Channel>, workspace: &str, import: &str) -> Result<Import> {
    let request = GetImportRequest {
        workspace: workspace.to_owned(),
        import: import.to_owned(),
    };
    match call!(client, get_import, request) {
        Ok(answer) => answer.import.context("an empty answer"),
        Err(fault) if fault.kind() == Kind::NotFound => Ok(Import::default()),
        Err(fault) => Err(fault.into()),
    }
}

fn unreadable(problem: Problem) -> Fault {
    Fault::invalid("file", format!("line {}: {}", problem.line, problem.remedy))
}

/// As it comes: a file may have millions of lines.
fn tell(problem: &ImportProblem, out: &Out) -> Result<()> {
    if out.json() {
        return Ok(());
    }
    let what = if problem.taken { "taken, but " } else { "" };
    let column = match problem.column.as_str() {
        "" => String::new(),
        column => format!(", {column}"),
    };
    out.line(format!("line {}{column}: {what}{}", problem.line, problem.reason))
}

fn end(far: &Import, problems: &[ImportProblem], out: &Out) -> Result<()> {
    if !out.json() {
        return out.line(format!(
            "{} lines: {} made a contact, {} filled gaps, {} said what was known, {} were refused; {} are for a person to settle",
            far.lines, far.created, far.filled, far.unchanged, far.refused, far.conflicts
        ));
    }
    let problem = |one: &ImportProblem| json!({ "line": one.line, "column": one.column, "reason": one.reason, "taken": one.taken });
    out.document(&json!({
        "import": far.import, "lines": far.lines, "created": far.created, "filled": far.filled, "unchanged": far.unchanged,
        "refused": far.refused, "conflicts": far.conflicts,
        "problems": problems.iter().map(problem).collect::<Vec<_>>(),
    }))
}
