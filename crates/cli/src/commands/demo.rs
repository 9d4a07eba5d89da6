//! The main job on real servers, in fifteen steps, each with its expectations.

mod replay;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use events::event::DeliveryPurpose;
use rpc::notifier::ExplainFollowUpResponse;
use serde_json::{Value, json};

use super::explain;
use crate::args::DemoArgs;
use crate::output::{Out, say};
use crate::scenario::{Customer, World, main_job, others, replies, told, unasked, visitors};
use crate::show;
use crate::stack::{DATA_FOLDER, Endpoints, Stack, StackOptions};

pub(crate) async fn run(args: DemoArgs, out: &Out) -> Result<ExitCode> {
    let running = Endpoints::running(Path::new(DATA_FOLDER)).ok();
    let (endpoints, stack) = match running {
        Some(endpoints) => {
            say(format!("using what runs here (process {})", endpoints.pid));
            (endpoints, None)
        }
        None => {
            say("starting PostgreSQL, NATS, sinks and seven services ...");
            let options = StackOptions {
                time_scale: args.time_scale,
                ..StackOptions::default()
            };
            let stack = Stack::start(options).await?;
            (stack.endpoints.clone(), Some(stack))
        }
    };
    let mut stack = stack;
    let report = match &mut stack {
        None => scenario(endpoints).await?,
        Some(stack) => tokio::select! {
            report = scenario(endpoints) => report?,
            exit = stack.first_exit() => return Err(exit?.into()),
        },
    };
    report.print(out, stack.is_some())?;
    if let Some(mut stack) = stack {
        if args.keep {
            say("kept running; Ctrl-C ends it");
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                exit = stack.first_exit() => return Err(exit?.into()),
            }
        } else if report.failed().is_some() {
            say(format!("logs of the services: {}", stack.keep_logs()?.display()));
        }
        stack.stop().await?;
    }
    Ok(if report.failed().is_some() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// How many there are.
const STEPS: u8 = 15;

struct Step {
    number: u8,
    title: &'static str,
    took: Duration,
    result: Result<String>,
}

/// Who, the number of the conversation, and what explain says of it.
type Timeline = (&'static str, u64, ExplainFollowUpResponse);

/// What a run showed.
struct Report {
    steps: Vec<Step>,
    timelines: Vec<Timeline>,
    costs: Value,
    endpoints: Endpoints,
    workspace: String,
}

/// Runs the steps until one fails.
async fn scenario(endpoints: Endpoints) -> Result<Report> {
    say("setting up a workspace, a channel, an agent, an integration, prices and funds ...");
    let world = World::set_up(endpoints)
        .await
        .context("the workspace could not be set up")?;
    let mut report = Report {
        steps: Vec::new(),
        timelines: Vec::new(),
        costs: Value::Null,
        endpoints: world.endpoints.clone(),
        workspace: world.workspace.clone(),
    };
    // The failed step is in the report.
    if play(&world, &mut report).await.is_none() {
        return Ok(report);
    }
    report.costs = costs(&world).await?;
    Ok(report)
}

async fn play(world: &World, report: &mut Report) -> Option<()> {
    let started = Instant::now();
    let mut first = report.note(
        1,
        "a customer writes; the confirmation text arrives",
        started,
        main_job::write(world).await,
        |customer| format!("conversation {} of {}", customer.number, world.ola.name),
    )?;
    let started = Instant::now();
    let left = main_job::leave(world, &mut first).await;
    report.note(2, "the customer leaves; presence says so", started, left, |()| {
        "offline, cause left".to_owned()
    })?;
    let started = Instant::now();
    let answered = world.answer(&first, main_job::ANSWER).await;
    report.note(
        3,
        "an integrating system publishes the agent's answer on NATS",
        started,
        answered,
        |id| format!("event {id}"),
    )?;
    let started = Instant::now();
    let text = main_job::text(world, &first).await;
    report.note(
        4,
        "the text goes out once and is charged; the receipt comes in",
        started,
        text,
        |text| format!("{} part(s): {}", text.segments, text.body),
    )?;
    let started = Instant::now();
    let mail = main_job::mail(world).await;
    let mail = report.note(
        5,
        "no response: the e-mail goes out with question, answer and link",
        started,
        mail,
        |mail| mail.subject.clone().unwrap_or_default(),
    )?;
    let started = Instant::now();
    let back = main_job::come_back(world, &first, &mail).await;
    report.note(
        6,
        "the link brings the customer back to the first unread message",
        started,
        back,
        |_| "the follow-up ended as returned".to_owned(),
    )?;
    others(world, report, &first).await?;
    by_text(world, report).await?;
    by_itself(world, report).await?;
    to_visitors(world, report).await
}

/// Steps 7 and 8.
async fn others(world: &World, report: &mut Report, first: &Customer) -> Option<()> {
    let started = Instant::now();
    let others = tokio::try_join!(
        others::stays(world),
        others::unreachable(world),
        others::returns_in_time(world)
    );
    let (stays, unreachable, returns) = report.note(
        7,
        "one stays and reads, one has no address, one returns in time: nothing is sent",
        started,
        others,
        |_| "explain says why, below".to_owned(),
    )?;
    let started = Instant::now();
    let people = [
        ("left, was brought back", first),
        ("stayed and read", &stays),
        ("gave no address", &unreachable),
        ("returned in time", &returns),
    ];
    let told = tell(world, people, &mut report.timelines).await;
    report.note(8, "timelines, usage and cost", started, told, Clone::clone)?;
    Some(())
}

/// Steps 9 and 10.
async fn by_text(world: &World, report: &mut Report) -> Option<()> {
    let started = Instant::now();
    let wrote = tokio::try_join!(replies::answers(world), replies::stops(world));
    let (answered, stopped) = report.note(
        9,
        "one answers the text by text: it ends as replied; one writes STOP: the next goes by e-mail",
        started,
        wrote,
        |_| "the words stand in the conversations".to_owned(),
    )?;
    let started = Instant::now();
    let checked = check(world, [&answered, &stopped], &mut report.timelines).await;
    report.note(
        10,
        "the books agree; the recorded facts, replayed, send the same to the same conversations",
        started,
        checked,
        |sent| format!("{sent} messages; not replayed: who wrote STOP"),
    )?;
    Some(())
}

/// Steps 11 to 13.
async fn by_itself(world: &World, report: &mut Report) -> Option<()> {
    let started = Instant::now();
    let introduced = unasked::introduces(world).await;
    let mut introduced = report.note(
        11,
        "a visitor is asked who they are: first the name, then an address",
        started,
        introduced,
        |customer| format!("conversation {} has a contact", customer.number),
    )?;
    let started = Instant::now();
    let copied = unasked::takes_a_copy(world, &mut introduced).await;
    report.note(
        12,
        "they ask for a copy of the conversation: a mail tells what was said",
        started,
        copied,
        |subject| format!("the mail sink has '{subject}'"),
    )?;
    let started = Instant::now();
    let called = unasked::calls(world).await;
    report.note(
        13,
        "a missed call is answered by one text",
        started,
        called,
        Clone::clone,
    )?;
    Some(())
}

/// Steps 14 and 15.
async fn to_visitors(world: &World, report: &mut Report) -> Option<()> {
    let started = Instant::now();
    let invited = visitors::with_invitation(world).await;
    report.note(
        14,
        "a visitor is invited, says who they are, waits, and is served by the agent who takes the chat",
        started,
        invited,
        |visitor| format!("conversation {} began by an invitation", visitor.number),
    )?;
    let started = Instant::now();
    let spoken_to = visitors::without_invitation(world).await;
    report.note(
        15,
        "an agent is told of a visitor and speaks first; the visitor closes the panel, and nobody follows up",
        started,
        spoken_to,
        |page| format!("they were on {page}"),
    )?;
    Some(())
}

/// Fills in who wrote by text, and checks books and replay of everything.
async fn check(world: &World, wrote: [&Customer; 2], timelines: &mut Vec<Timeline>) -> Result<usize> {
    main_job::captured(world, 9).await?;
    for (who, customer) in ["answered by text", "stopped texts"].into_iter().zip(wrote) {
        timelines.push((who, customer.number, main_job::explained(world, customer).await?));
    }
    let all: Vec<&ExplainFollowUpResponse> = timelines.iter().map(|(_, _, explained)| explained).collect();
    told::paid(world, &all).await?;
    world.books_agree().await?;
    replay::same_again(world, wrote[1]).await
}

/// Fills the timelines, and checks that they, usage and cost say what happened.
async fn tell(world: &World, people: [(&'static str, &Customer); 4], timelines: &mut Vec<Timeline>) -> Result<String> {
    main_job::captured(world, 5).await?;
    for (who, customer) in people {
        timelines.push((who, customer.number, main_job::explained(world, customer).await?));
    }
    let all: Vec<&ExplainFollowUpResponse> = timelines.iter().map(|(_, _, explained)| explained).collect();
    told::brought_back(all[0])?;
    let traces = told::traced(&all)?;
    let messages = told::paid(world, &all).await?;
    Ok(format!(
        "{} conversations, {traces} traces, {messages} messages sent and charged",
        all.len()
    ))
}

/// Balance, usage and charges.
async fn costs(world: &World) -> Result<Value> {
    let (usage, total) = world.usage().await?;
    let balance = world.clients.balance().await?;
    let usage: Vec<Value> = usage
        .iter()
        .map(|row| {
            let kind = show::word(row.kind().as_str_name(), "MESSAGE_KIND_");
            json!({ "day": row.period, "kind": kind, "country": row.country, "messages": row.messages, "parts": row.parts, "micro_pu": row.micro_pu })
        })
        .collect();
    Ok(json!({
        "usage": usage,
        "spent_micro_pu": total,
        "available_micro_pu": balance.available_micro_pu,
        "held_micro_pu": balance.held_micro_pu,
    }))
}

impl Report {
    /// Keeps a step's result and says it; `None` if it failed.
    fn note<T>(
        &mut self,
        number: u8,
        title: &'static str,
        started: Instant,
        result: Result<T>,
        detail: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        let took = started.elapsed();
        let (result, value) = match result {
            Ok(value) => (Ok(detail(&value)), Some(value)),
            Err(error) => (Err(error), None),
        };
        let mark = if result.is_ok() { "ok" } else { "FAILED" };
        say(format!(
            "{number}/{STEPS} {title} ... {mark} ({:.1} s)",
            took.as_secs_f64()
        ));
        self.steps.push(Step {
            number,
            title,
            took,
            result,
        });
        value
    }

    fn failed(&self) -> Option<&Step> {
        self.steps.iter().find(|step| step.result.is_err())
    }

    fn print(&self, out: &Out, ours: bool) -> Result<()> {
        if out.json() {
            return out.document(&self.document());
        }
        let rows: Vec<Vec<String>> = self.steps.iter().map(Step::row).collect();
        out.table(&["step", "", "what", "seconds", "shown by"], &rows)?;
        for (who, number, explained) in &self.timelines {
            out.line("")?;
            out.line(format!("Conversation {number}: {who}"))?;
            explain::print(explained, out)?;
            for follow_up in &explained.follow_ups {
                out.line(format!("trace {}", follow_up.trace_id))?;
            }
        }
        if !self.costs.is_null() {
            out.line("")?;
            self.print_costs(out)?;
        }
        out.line("")?;
        let row = |what: &str, address: &str| vec![what.to_owned(), address.to_owned()];
        let mut look = vec![
            row("texts and mails", &self.endpoints.sinks),
            row("a trace", &format!("{}/spans/<trace id>", self.endpoints.sinks)),
            row("API", &self.endpoints.gateway),
            row("workspace", &self.workspace),
        ];
        if ours {
            look.push(row(
                "note",
                "it all stops now; `homing demo --keep` or `homing dev` keeps it running",
            ));
        }
        out.table(&["where to look", ""], &look)
    }

    fn print_costs(&self, out: &Out) -> Result<()> {
        let micro = |value: &Value| show::pu(value.as_i64().unwrap_or_default());
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let rows: Vec<Vec<String>> = self.costs["usage"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|row| {
                let columns = ["day", "kind", "country", "messages", "parts"].map(|name| text(&row[name]));
                columns.into_iter().chain([micro(&row["micro_pu"])]).collect()
            })
            .collect();
        out.table(&["day", "kind", "country", "messages", "parts", "PU"], &rows)?;
        let (spent, left) = (
            micro(&self.costs["spent_micro_pu"]),
            micro(&self.costs["available_micro_pu"]),
        );
        out.line(format!(
            "spent {spent} PU, {left} PU left, {} PU held",
            micro(&self.costs["held_micro_pu"])
        ))
    }

    fn document(&self) -> Value {
        let steps: Vec<Value> = self.steps.iter().map(Step::document).collect();
        let conversations: Vec<Value> = self
            .timelines
            .iter()
            .map(|(who, number, explained)| json!({ "number": number, "who": who, "explained": show::explained(explained) }))
            .collect();
        json!({
            "ok": self.failed().is_none(),
            "workspace": self.workspace,
            "time_scale": self.endpoints.time_scale,
            "steps": steps,
            "conversations": conversations,
            "costs": self.costs,
            "sent": self.sent(),
            "sinks": self.endpoints.sinks,
            "api": self.endpoints.gateway,
        })
    }

    /// How many deliveries went out, by purpose.
    fn sent(&self) -> Value {
        let deliveries = self
            .timelines
            .iter()
            .flat_map(|(_, _, explained)| &explained.deliveries)
            .filter(|delivery| told::went_out(delivery));
        let (follow_ups, others): (Vec<_>, Vec<_>) =
            deliveries.partition(|delivery| delivery.purpose() == DeliveryPurpose::FollowUp);
        json!({ "follow_up": follow_ups.len(), "confirmation": others.len() })
    }
}

impl Step {
    fn row(&self) -> Vec<String> {
        let (mark, detail) = match &self.result {
            Ok(detail) => ("ok", detail.clone()),
            Err(error) => ("FAILED", format!("{error:#}")),
        };
        let seconds = format!("{:.1}", self.took.as_secs_f64());
        vec![
            self.number.to_string(),
            mark.to_owned(),
            self.title.to_owned(),
            seconds,
            detail,
        ]
    }

    fn document(&self) -> Value {
        let (ok, detail) = match &self.result {
            Ok(detail) => (true, detail.clone()),
            Err(error) => (false, format!("{error:#}")),
        };
        json!({ "step": self.number, "title": self.title, "ok": ok, "seconds": self.took.as_secs_f64(), "detail": detail })
    }
}
