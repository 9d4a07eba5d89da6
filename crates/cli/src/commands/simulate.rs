//! What another policy would have sent, beside what was sent.

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use domain::{TimeScale, Timestamp, WorkspaceId};
use events::{Received, Subject};
use fault::Fault;
use notifier_service::simulation::{Message, Policies, Prices, Recorded, Recording, Tally, simulate};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncBufReadExt;

use super::events::open;
use super::money::micro;
use crate::args::SimulateArgs;
use crate::output::Out;
use crate::show;

/// One of the columns that are compared.
struct Column {
    title: &'static str,
    tally: Tally,
    /// Micro-PU; `None` where a price is missing.
    cost: Option<i64>,
}

pub(crate) async fn run(args: SimulateArgs, out: &Out) -> Result<ExitCode> {
    let recording = read(&args.events).await?;
    let scale = TimeScale::parse(&args.time_scale.to_string()).map_err(Fault::from)?;
    let recorded = recording.prices()?;
    let prices = Prices {
        text: args.text_pu.as_deref().map(micro).transpose()?.or(recorded.text),
        mail: args.mail_pu.as_deref().map(micro).transpose()?.or(recorded.mail),
    };
    let mut columns = vec![Column {
        title: "as it was",
        tally: recording.tally()?,
        cost: Some(recording.charged()?),
    }];
    let replayed = |title, policies: &Policies| -> Result<Column> {
        let tally = simulate(&recording, policies, scale)?;
        let cost = tally.cost(prices);
        Ok(Column { title, tally, cost })
    };
    columns.push(replayed("replayed", &Policies::default())?);
    if let Some(file) = &args.policy {
        let text = tokio::fs::read_to_string(file).await;
        let text = text.with_context(|| format!("cannot read {}", file.display()))?;
        columns.push(replayed("this policy", &Policies::from_json(&text)?)?);
    }
    match out.json() {
        true => out.document(&document(&recording, prices, &columns))?,
        false => table(&recording, prices, &columns, args.list, out)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A line as `homing events export` prints it; what else it holds does not matter here.
#[derive(Deserialize)]
struct Line {
    at: Timestamp,
    workspace: String,
    fact: String,
    #[serde(default)]
    id: String,
    data: Value,
}

async fn read(file: &Path) -> Result<Recording> {
    let mut lines = open(file).await?.lines();
    let mut facts = Facts::default();
    let mut number = 0_u64;
    while let Some(line) = lines.next_line().await? {
        number += 1;
        if !line.trim().is_empty() {
            let told = facts.take(&line);
            told.with_context(|| format!("line {number} is not a recorded fact"))?;
        }
    }
    Ok(facts.recording())
}

/// Facts as they are exported, in any order.
#[derive(Default)]
pub(super) struct Facts {
    all: Vec<Recorded>,
    known: HashSet<String>,
}

impl Facts {
    pub(super) fn take(&mut self, line: &str) -> Result<()> {
        let recorded = recorded(line)?;
        // A relay may have published a fact twice.
        if recorded.fact.id.is_empty() || self.known.insert(recorded.fact.id.clone()) {
            self.all.push(recorded);
        }
        Ok(())
    }

    pub(super) fn recording(self) -> Recording {
        Recording::new(self.all)
    }
}

fn recorded(line: &str) -> Result<Recorded> {
    let line: Line = serde_json::from_str(line)?;
    let (aggregate, event) = line
        .fact
        .split_once('.')
        .context("fact: needs the form aggregate.event")?;
    let payload = show::payload(aggregate, event, line.data)?;
    let subject = Subject::Fact {
        workspace: WorkspaceId::parse(&line.workspace).map_err(Fault::from)?,
        aggregate: aggregate.into(),
        event: event.into(),
    };
    let fact = Received {
        raw_subject: subject.to_string(),
        subject,
        id: line.id,
        headers: Vec::new(),
        payload: payload.into(),
        delivered: 1,
    };
    Ok(Recorded { at: line.at, fact })
}

/// When the recording begins and ends; the settings told of at its head are of any time.
fn period(recording: &Recording) -> (Option<Timestamp>, Option<Timestamp>) {
    let spoken = |recorded: &&Recorded| !recorded.fact.is::<events::event::ChannelChanged>();
    let first = recording.facts().iter().find(spoken).map(|recorded| recorded.at);
    (first, recording.facts().last().map(|recorded| recorded.at))
}

fn document(recording: &Recording, prices: Prices, columns: &[Column]) -> Value {
    let (from, to) = period(recording);
    let tallies: Vec<Value> = columns
        .iter()
        .map(|column| {
            let Column { title, tally, cost } = column;
            json!({
                "policy": title.replace(' ', "_"), "micro_pu": cost, "customers": tally.reached(),
                "median_wait_ms": tally.median_wait().map(|wait| wait.as_millis()), "tally": tally,
            })
        })
        .collect();
    json!({
        "from": from.map(|at| at.to_string()), "to": to.map(|at| at.to_string()), "facts": recording.facts().len(),
        "micro_pu_each": prices, "policies": tallies,
    })
}

fn table(recording: &Recording, prices: Prices, columns: &[Column], list: bool, out: &Out) -> Result<()> {
    let at = |at: Option<Timestamp>| at.map(|at| at.strftime("%F %T").to_string()).unwrap_or_default();
    let (from, to) = period(recording);
    out.line(format!(
        "{} facts, {} to {} UTC",
        recording.facts().len(),
        at(from),
        at(to)
    ))?;
    let row = |name: &str, cell: &dyn Fn(&Column) -> String| -> Vec<String> {
        let cells = columns.iter().map(cell);
        std::iter::once(name.to_owned()).chain(cells).collect()
    };
    let count = |message: Message| move |column: &Column| column.tally.count(message).to_string();
    let mut rows = vec![
        row("follow-ups", &|column| column.tally.follow_ups.to_string()),
        row("conversations followed up", &|column| {
            column.tally.reached().to_string()
        }),
        row("texts", &count(Message::Text)),
        row("mails", &count(Message::Mail)),
        row("confirmation texts", &count(Message::Confirmation)),
        row("over the day's limit", &|column| column.tally.over_limit.to_string()),
        row("median wait", &|column| {
            let wait = column.tally.median_wait();
            wait.map_or_else(|| "-".into(), |wait| format!("{:.0} s", wait.as_secs_f64()))
        }),
        row("PU", &|column| column.cost.map_or_else(|| "no price".into(), show::pu)),
    ];
    let ends: std::collections::BTreeSet<_> = columns.iter().flat_map(|column| column.tally.ends.keys()).collect();
    for end in ends {
        let name = format!("ended: {end}");
        rows.push(row(&name, &|column| {
            column.tally.ends.get(*end).copied().unwrap_or_default().to_string()
        }));
    }
    rows.push(row("still open", &|column| column.tally.open.to_string()));
    let head: Vec<&str> = std::iter::once("")
        .chain(columns.iter().map(|column| column.title))
        .collect();
    out.table(&head, &rows)?;
    let price = |price: Option<i64>| price.map_or_else(|| "unknown".into(), show::pu);
    out.line(format!(
        "a text {} PU, a mail {} PU",
        price(prices.text),
        price(prices.mail)
    ))?;
    if let Some(left_out) = columns
        .last()
        .map(|column| column.tally.left_out)
        .filter(|count| *count > 0)
    {
        out.line(format!(
            "{left_out} conversations are left out: they began before the recording"
        ))?;
    }
    if list && let Some(column) = columns.last() {
        let rows: Vec<Vec<String>> = column.tally.sent.iter().map(sent).collect();
        out.table(&[column.title, "", ""], &rows)?;
    }
    Ok(())
}

fn sent(sent: &notifier_service::simulation::Sent) -> Vec<String> {
    let message = match sent.message {
        Message::Text => "text",
        Message::Mail => "mail",
        Message::Confirmation => "confirmation",
    };
    vec![
        sent.at.strftime("%F %T").to_string(),
        message.into(),
        sent.conversation.to_string(),
    ]
}
