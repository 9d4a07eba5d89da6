//! Workflows and their runs, by gRPC to conversation-service.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use rpc::conversation::workflow_service_client::WorkflowServiceClient;
use rpc::conversation::workflow_step::Step as Wire;
use rpc::conversation::{
    self as wire, CancelWorkflowRequest, GetRunRequest, ListRunsRequest, ListWorkflowsRequest, SetWorkflowRequest,
    StartWorkflowRequest, WorkflowRun, WorkflowTrigger,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tonic::transport::Channel;

use super::conversation::resolve;
use super::money::read;
use crate::args::WorkflowCommand;
use crate::call::{call, pages};
use crate::output::Out;
use crate::show;
use crate::stack::{Endpoints, Service};

/// What stands before a trigger's word on the wire.
const TRIGGER: &str = "WORKFLOW_TRIGGER_";

/// A workflow as it is printed and read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Workflow {
    channel: String,
    trigger: String,
    on: bool,
    steps: Vec<Step>,
}

/// See the steps of WorkflowService.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Step {
    Greet { text: String },
    Message { text: String },
    Wait { seconds: u32 },
    AskForm { form: String, seconds: u32 },
    SetTag { tag: String },
    HandOver { team: String },
}

impl Step {
    fn new(of: wire::WorkflowStep) -> Option<Self> {
        Some(match of.step? {
            Wire::Greet(text) => Self::Greet { text },
            Wire::Message(text) => Self::Message { text },
            Wire::WaitSeconds(seconds) => Self::Wait { seconds },
            Wire::AskForm(asked) => Self::AskForm {
                form: asked.form,
                seconds: asked.seconds,
            },
            Wire::SetTag(tag) => Self::SetTag { tag },
            Wire::HandOver(team) => Self::HandOver { team },
        })
    }

    fn into_wire(self) -> wire::WorkflowStep {
        let step = match self {
            Self::Greet { text } => Wire::Greet(text),
            Self::Message { text } => Wire::Message(text),
            Self::Wait { seconds } => Wire::WaitSeconds(seconds),
            Self::AskForm { form, seconds } => Wire::AskForm(wire::WorkflowForm { form, seconds }),
            Self::SetTag { tag } => Wire::SetTag(tag),
            Self::HandOver { team } => Wire::HandOver(team),
        };
        wire::WorkflowStep { step: Some(step) }
    }
}

fn client() -> Result<WorkflowServiceClient<Channel>> {
    Ok(WorkflowServiceClient::new(Endpoints::connect(Service::Conversation)?))
}

pub(crate) async fn run(command: WorkflowCommand, out: &Out) -> Result<ExitCode> {
    match command {
        WorkflowCommand::Set {
            workspace,
            key,
            file,
            version,
        } => set(out, workspace, key, &file, version).await?,
        WorkflowCommand::List { workspace } => list(out, workspace).await?,
        WorkflowCommand::Start {
            workspace,
            conversation,
            key,
            request_id,
            agent,
        } => {
            let request = StartWorkflowRequest {
                conversation: resolve(&workspace, conversation).await?,
                workspace,
                request_id,
                workflow: key,
                agent,
            };
            show_one(out, call!(client()?, start_workflow, request)?.run)?;
        }
        WorkflowCommand::Cancel { workspace, run } => {
            let request = CancelWorkflowRequest { workspace, run };
            show_one(out, call!(client()?, cancel_workflow, request)?.run)?;
        }
        WorkflowCommand::Show { workspace, run } => {
            let request = GetRunRequest { workspace, run };
            show_one(out, call!(client()?, get_run, request)?.run)?;
        }
        WorkflowCommand::Runs {
            workspace,
            conversation,
            active,
            limit,
        } => {
            let request = ListRunsRequest {
                conversation: match conversation {
                    Some(name) => resolve(&workspace, name).await?,
                    None => String::new(),
                },
                workspace,
                active_only: active,
                ..Default::default()
            };
            let found: Vec<WorkflowRun> = pages!(client()?, list_runs, request, runs, limit);
            match out.json() {
                true => out.document(&found.into_iter().map(told).collect::<Vec<_>>())?,
                false => table(out, &found)?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn set(out: &Out, workspace: String, key: String, file: &Path, version: u64) -> Result<()> {
    let text = read(file)?;
    let wanted: Workflow =
        serde_json::from_str(&text).with_context(|| format!("{} holds no workflow", file.display()))?;
    let trigger = WorkflowTrigger::from_str_name(&format!("{TRIGGER}{}", wanted.trigger.to_uppercase()))
        .filter(|trigger| *trigger != WorkflowTrigger::Unspecified)
        .ok_or_else(|| {
            anyhow!(
                "'{}' is no trigger; `homing workflow set --help` names them",
                wanted.trigger
            )
        })?;
    let request = SetWorkflowRequest {
        workspace,
        workflow: Some(wire::Workflow {
            key,
            channel: wanted.channel,
            trigger: trigger.into(),
            on: wanted.on,
            steps: wanted.steps.into_iter().map(Step::into_wire).collect(),
            ..Default::default()
        }),
        version,
    };
    let version = call!(client()?, set_workflow, request)?.version;
    if out.json() {
        return out.document(&json!({ "version": version }));
    }
    out.line(format!("version {version}"))
}

async fn list(out: &Out, workspace: String) -> Result<()> {
    let workflows = call!(client()?, list_workflows, ListWorkflowsRequest { workspace })?.workflows;
    let trigger = |one: &wire::Workflow| show::word(one.trigger().as_str_name(), TRIGGER);
    if out.json() {
        let told = workflows.into_iter().map(|one| {
            let (trigger, changed_at) = (trigger(&one), show::rfc3339(one.changed_at.as_ref()));
            let steps: Vec<Step> = one.steps.into_iter().filter_map(Step::new).collect();
            json!({ "key": one.key, "channel": one.channel, "trigger": trigger, "on": one.on, "steps": steps,
                "version": one.version, "changed_at": changed_at })
        });
        return out.document(&told.collect::<Vec<Value>>());
    }
    let rows = workflows.iter().map(|one| {
        let on = if one.on { "on" } else { "off" };
        let (version, steps) = (one.version.to_string(), one.steps.len().to_string());
        vec![
            one.key.clone(),
            version,
            one.channel.clone(),
            trigger(one),
            on.to_owned(),
            steps,
        ]
    });
    out.table(
        &["key", "version", "channel", "trigger", "", "steps"],
        &rows.collect::<Vec<_>>(),
    )
}

fn show_one(out: &Out, run: Option<WorkflowRun>) -> Result<()> {
    let run = run.context("an empty answer")?;
    match out.json() {
        true => out.document(&told(run)),
        false => table(out, &[run]),
    }
}

fn state(run: &WorkflowRun) -> String {
    show::word(run.state().as_str_name(), "WORKFLOW_RUN_STATE_")
}

/// Empty unless it was cancelled.
fn end(run: &WorkflowRun) -> String {
    match show::word(run.end().as_str_name(), "WORKFLOW_RUN_END_").as_str() {
        "unspecified" => String::new(),
        end => end.to_owned(),
    }
}

fn told(run: WorkflowRun) -> Value {
    let skipped = run
        .skipped
        .iter()
        .map(|one| json!({ "step": one.step, "reason": one.reason }));
    json!({
        "run": run.run, "conversation": run.conversation, "workflow": run.workflow, "workflow_version": run.workflow_version,
        "state": state(&run), "end": end(&run), "step": run.step, "skipped": skipped.collect::<Vec<_>>(), "agent": run.agent,
        "started_at": show::rfc3339(run.started_at.as_ref()), "waits_until": show::rfc3339(run.waits_until.as_ref()),
        "ended_at": show::rfc3339(run.ended_at.as_ref()), "version": run.version,
        "steps": run.steps.into_iter().filter_map(Step::new).collect::<Vec<_>>(),
    })
}

fn table(out: &Out, runs: &[WorkflowRun]) -> Result<()> {
    let rows = runs.iter().map(|run| {
        let time =
            |at: &Option<prost_types::Timestamp>| show::rfc3339(at.as_ref()).as_str().unwrap_or_default().to_owned();
        let skipped: Vec<String> = run
            .skipped
            .iter()
            .map(|one| format!("{} {}", one.step, one.reason))
            .collect();
        vec![
            run.run.clone(),
            run.conversation.clone(),
            run.workflow.clone(),
            format!("{}/{}", run.step, run.steps.len()),
            state(run),
            end(run),
            time(&run.started_at),
            time(&run.waits_until),
            skipped.join(", "),
        ]
    });
    let head = [
        "run",
        "conversation",
        "workflow",
        "step",
        "state",
        "ended by",
        "started",
        "waits until",
        "skipped",
    ];
    out.table(&head, &rows.collect::<Vec<_>>())
}
