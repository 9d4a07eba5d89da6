//! Workflows of channels, and their runs.

use super::conversations::{IDEMPOTENCY_KEY, client_id, of_client_id, resolve_name};
use super::extract::{Admin, Body, May, Params, Read, Write, header_text};
use super::problem::Answer;
use super::wire::{optional, time, word};
use crate::app::edge::Edge;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use fault::Fault;
use rpc::conversation as wire;
use rpc::conversation::workflow_step::Step as Wire;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// What begins a run.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The first message of a new conversation, by its customer; agents may start it too. One workflow of a channel that is on has it.
    FirstMessage,
    /// An agent, and nothing else.
    Agent,
}

/// One step.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Says this, unless an agent or a bot has written already. First step only.
    Greet { text: String },
    /// Says this: 1 to 4,000 characters, on channels of texts 1,600.
    Message { text: String },
    /// 1 to 2,592,000 (30 days).
    Wait { seconds: u32 },
    /// Shows an input form, by name, until it is answered, or for 1 to 2,592,000 s. On web channels.
    AskForm { form: String, seconds: u32 },
    /// Puts this tag (1 to 50 characters) on the conversation's contact.
    SetTag { tag: String },
    /// Puts the conversation into this team's queue. Last step only.
    HandOver { team: String },
}

/// A workflow of a channel.
#[derive(Serialize, ToSchema)]
pub struct Workflow {
    key: String,
    channel: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<Trigger>,
    on: bool,
    steps: Vec<Step>,
    /// Grows by one with each change.
    version: u64,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<String>,
}

/// All workflows of a workspace.
#[derive(Serialize, ToSchema)]
pub struct Workflows {
    /// By key.
    workflows: Vec<Workflow>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "channel": "web",
    "trigger": "first_message",
    "on": true,
    "steps": [
        { "kind": "greet", "text": "Welcome! Somebody is with you in a moment." },
        { "kind": "wait", "seconds": 60 },
        { "kind": "ask_form", "form": "news", "seconds": 600 },
        { "kind": "set_tag", "tag": "asked" },
        { "kind": "hand_over", "team": "sales" }
    ]
}))]
pub struct SetWorkflow {
    /// Slug.
    channel: String,
    trigger: Trigger,
    /// False: no run begins.
    on: bool,
    /// 1 to 20. What is wrong with one is named by its place, counted from 0, and its field, as in `steps[1].text`.
    steps: Vec<Step>,
    /// The one that was read, 0: whatever it is.
    #[serde(default)]
    version: u64,
}

/// The version that a workflow has now.
#[derive(Serialize, ToSchema)]
pub struct WorkflowVersion {
    version: u64,
}

/// A step that could not be done, or a form that nobody filled in.
#[derive(Serialize, ToSchema)]
pub struct SkippedStep {
    /// 1, 2, ...
    step: u32,
    /// served, no_contact, tag_refused, no_widget, form_off, form_open, dismissed, withdrawn or unanswered.
    reason: String,
}

/// A run of a workflow in a conversation.
#[derive(Serialize, ToSchema)]
pub struct WorkflowRun {
    /// UUID.
    run: String,
    /// UUID.
    conversation: String,
    /// Key.
    workflow: String,
    workflow_version: u64,
    /// running, waiting, done or cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// What cancelled it: customer_wrote, agent_wrote, agent_took_over, resolved, erased or by_hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    /// 1, 2, ...: the step that is under way or next; of an ended run the last one that it came to.
    step: u32,
    /// As they were when it began.
    steps: Vec<Step>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<SkippedStep>,
    /// Who started it; absent: the first message, or nobody in person.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    /// While it waits: when it goes on at the latest.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_until: Option<String>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    /// Grows by one with each change, each told as workflow.changed.
    version: u64,
}

/// A page of runs.
#[derive(Serialize, ToSchema)]
pub struct WorkflowRunPage {
    runs: Vec<WorkflowRun>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// The workflows of all channels.
#[utoipa::path(get, path = "/v1/workflows", tag = "workspace", security(("api_token" = ["read"])),
    responses((status = 200, body = Workflows),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_workflows(State(edge): State<Arc<Edge>>, May(caller, _): May<Read>) -> Answer<Json<Workflows>> {
    let request = wire::ListWorkflowsRequest {
        workspace: caller.workspace.to_string(),
    };
    let found = edge.conversations.list_workflows(request).await?.workflows;
    Ok(Json(Workflows {
        workflows: found.into_iter().map(Into::into).collect(),
    }))
}

/// Makes a workflow or replaces it; runs that are under way keep the steps that they began with.
#[utoipa::path(put, path = "/v1/workflows/{key}", tag = "workspace", request_body = SetWorkflow,
    params(("key" = String, Path)), security(("api_token" = ["admin"])), responses((status = 200, body = WorkflowVersion),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn set_workflow(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Admin>,
    Path(key): Path<String>,
    Body(body): Body<SetWorkflow>,
) -> Answer<Json<WorkflowVersion>> {
    let trigger = match body.trigger {
        Trigger::FirstMessage => wire::WorkflowTrigger::FirstMessage,
        Trigger::Agent => wire::WorkflowTrigger::Agent,
    };
    let request = wire::SetWorkflowRequest {
        workspace: caller.workspace.to_string(),
        workflow: Some(wire::Workflow {
            key,
            channel: body.channel,
            trigger: trigger.into(),
            on: body.on,
            steps: body.steps.into_iter().map(Step::into_wire).collect(),
            version: 0,
            changed_at: None,
        }),
        version: body.version,
    };
    let version = edge.conversations.set_workflow(request).await?.version;
    Ok(Json(WorkflowVersion { version }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartWorkflow {
    /// Key.
    workflow: String,
    /// Slug of who starts it.
    agent: Option<String>,
    /// The sender's own id, 1 to 100 characters: the same again answers the run. The header `Idempotency-Key` may say it instead.
    client_id: Option<String>,
}

/// Begins a run in an open conversation of the workflow's channel.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/workflow-runs", tag = "conversations",
    params(("conversation" = String, Path, description = "UUID or number"),
        ("Idempotency-Key" = Option<String>, Header, description = "In place of client_id")),
    request_body = StartWorkflow, security(("api_token" = ["write"])), responses((status = 200, body = WorkflowRun),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn start_workflow(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(body): Body<StartWorkflow>,
) -> Answer<Json<WorkflowRun>> {
    let request = wire::StartWorkflowRequest {
        request_id: client_id(body.client_id, header_text(&headers, IDEMPOTENCY_KEY))?,
        workspace: caller.workspace.to_string(),
        conversation: resolve_name(&edge, &caller, &name).await?,
        workflow: body.workflow,
        agent: body.agent.unwrap_or_default(),
    };
    answered(
        edge.conversations
            .start_workflow(request)
            .await
            .map_err(of_client_id)?
            .run,
    )
}

/// Ends a run where it stands; one that has ended stays as it is.
#[utoipa::path(post, path = "/v1/workflow-runs/{run}/cancel", tag = "conversations",
    params(("run" = String, Path)), security(("api_token" = ["write"])), responses((status = 200, body = WorkflowRun),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn cancel_workflow(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path(run): Path<String>,
) -> Answer<Json<WorkflowRun>> {
    let request = wire::CancelWorkflowRequest {
        workspace: caller.workspace.to_string(),
        run,
    };
    answered(edge.conversations.cancel_workflow(request).await?.run)
}

/// How far a run has come.
#[utoipa::path(get, path = "/v1/workflow-runs/{run}", tag = "conversations",
    params(("run" = String, Path)), security(("api_token" = ["read"])), responses((status = 200, body = WorkflowRun),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_workflow_run(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Path(run): Path<String>,
) -> Answer<Json<WorkflowRun>> {
    let request = wire::GetRunRequest {
        workspace: caller.workspace.to_string(),
        run,
    };
    answered(edge.conversations.get_run(request).await?.run)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListWorkflowRuns {
    /// Only of this conversation: UUID or number.
    conversation: Option<String>,
    /// Only those that have not ended.
    #[serde(default)]
    active: bool,
    /// 1 to 200; 50 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
}

/// Runs, newest first.
#[utoipa::path(get, path = "/v1/workflow-runs", tag = "conversations", params(ListWorkflowRuns),
    security(("api_token" = ["read"])), responses((status = 200, body = WorkflowRunPage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_workflow_runs(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Params(params): Params<ListWorkflowRuns>,
) -> Answer<Json<WorkflowRunPage>> {
    let request = wire::ListRunsRequest {
        workspace: caller.workspace.to_string(),
        conversation: match &params.conversation {
            Some(name) => resolve_name(&edge, &caller, name).await?,
            None => String::new(),
        },
        active_only: params.active,
        page_size: params.page_size,
        page_token: params.page_token,
    };
    let page = edge.conversations.list_runs(request).await?;
    Ok(Json(WorkflowRunPage {
        runs: page.runs.into_iter().map(Into::into).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}

fn answered(run: Option<wire::WorkflowRun>) -> Answer<Json<WorkflowRun>> {
    let run = run.ok_or_else(|| Fault::internal("an answer without its run"))?;
    Ok(Json(run.into()))
}

impl From<wire::Workflow> for Workflow {
    fn from(found: wire::Workflow) -> Self {
        let trigger = match found.trigger() {
            wire::WorkflowTrigger::FirstMessage => Some(Trigger::FirstMessage),
            wire::WorkflowTrigger::Agent => Some(Trigger::Agent),
            wire::WorkflowTrigger::Unspecified => None,
        };
        Self {
            key: found.key,
            channel: found.channel,
            trigger,
            on: found.on,
            steps: found.steps.into_iter().filter_map(Step::of_wire).collect(),
            version: found.version,
            changed_at: time(found.changed_at),
        }
    }
}

impl From<wire::WorkflowRun> for WorkflowRun {
    fn from(found: wire::WorkflowRun) -> Self {
        let skipped = found.skipped.iter().map(|one| SkippedStep {
            step: one.step,
            reason: one.reason.clone(),
        });
        Self {
            state: word(found.state().as_str_name(), "WORKFLOW_RUN_STATE_"),
            end: word(found.end().as_str_name(), "WORKFLOW_RUN_END_"),
            skipped: skipped.collect(),
            run: found.run,
            conversation: found.conversation,
            workflow: found.workflow,
            workflow_version: found.workflow_version,
            step: found.step,
            steps: found.steps.into_iter().filter_map(Step::of_wire).collect(),
            agent: optional(found.agent),
            started_at: time(found.started_at),
            waits_until: time(found.waits_until),
            ended_at: time(found.ended_at),
            version: found.version,
        }
    }
}

impl Step {
    fn of_wire(found: wire::WorkflowStep) -> Option<Self> {
        Some(match found.step? {
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
