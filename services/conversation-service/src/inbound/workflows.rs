//! WorkflowService: from messages to use cases and back.

use super::conversations::{place, sender_id, text};
use crate::app::App;
use crate::domain::run::{Run, State};
use crate::domain::workflow::{Step, Trigger, Workflow};
use crate::wire;
use domain::{AgentId, ChannelId, ConversationId, RunId, TeamId, Timestamp, WorkspaceId};
use events::stamp;
use fault::{Fault, Result};
use rpc::conversation as proto;
use rpc::conversation::workflow_service_server::WorkflowService;
use rpc::conversation::workflow_step::Step as Wire;
use tonic::{Request, Response, Status};

type Reply<T> = Result<Response<T>, Status>;

const MAX_KEY: usize = 32;

/// The rpcs of workflows.
#[derive(Debug, Clone)]
pub struct Workflows {
    app: App,
}

impl Workflows {
    pub fn new(app: App) -> Self {
        Self { app }
    }

    async fn set_workflow(&self, request: proto::SetWorkflowRequest) -> Result<proto::SetWorkflowResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let wanted = request
            .workflow
            .ok_or_else(|| Fault::invalid("workflow", "is missing"))?;
        let trigger = match wanted.trigger() {
            proto::WorkflowTrigger::FirstMessage => Trigger::FirstMessage,
            proto::WorkflowTrigger::Agent => Trigger::Agent,
            proto::WorkflowTrigger::Unspecified => {
                return Err(Fault::invalid("trigger", "must be FIRST_MESSAGE or AGENT"));
            }
        };
        let steps = wanted.steps.into_iter().enumerate();
        let wanted = Workflow {
            key: key(wanted.key)?,
            channel: ChannelId::parse(&wanted.channel)?,
            trigger,
            on: wanted.on,
            steps: steps.map(|(index, step)| step_of(index, step)).collect::<Result<_>>()?,
            version: 0,
            changed_at: Timestamp::UNIX_EPOCH,
        };
        let version = self.app.set_workflow(&workspace, wanted, request.version).await?;
        Ok(proto::SetWorkflowResponse { version })
    }

    async fn list_workflows(&self, request: proto::ListWorkflowsRequest) -> Result<proto::ListWorkflowsResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let found = self.app.list_workflows(&workspace).await?;
        Ok(proto::ListWorkflowsResponse {
            workflows: found.into_iter().map(workflow).collect(),
        })
    }

    async fn start_workflow(&self, request: proto::StartWorkflowRequest) -> Result<proto::StartWorkflowResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let request_id = sender_id("request_id", request.request_id)?;
        let agent = match request.agent.as_str() {
            "" => None,
            slug => Some(AgentId::parse(slug)?),
        };
        let what = (request.workflow.as_str(), agent.as_ref());
        let begun = self.app.start_workflow(&workspace, id, &request_id, what).await?;
        Ok(proto::StartWorkflowResponse { run: Some(run(begun)) })
    }

    async fn cancel_workflow(&self, request: proto::CancelWorkflowRequest) -> Result<proto::CancelWorkflowResponse> {
        let (workspace, id) = (WorkspaceId::parse(&request.workspace)?, RunId::parse(&request.run)?);
        let present = self.app.cancel_workflow(&workspace, id).await?;
        Ok(proto::CancelWorkflowResponse {
            run: Some(run(present)),
        })
    }

    async fn get_run(&self, request: proto::GetRunRequest) -> Result<proto::GetRunResponse> {
        let (workspace, id) = (WorkspaceId::parse(&request.workspace)?, RunId::parse(&request.run)?);
        let found = self.app.get_run(&workspace, id).await?;
        Ok(proto::GetRunResponse { run: Some(run(found)) })
    }

    async fn list_runs(&self, request: proto::ListRunsRequest) -> Result<proto::ListRunsResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let of = ConversationId::parse_optional(&request.conversation)?;
        let which = (of, request.active_only);
        let (size, token) = (request.page_size, request.page_token);
        let (found, next) = self.app.list_runs(&workspace, which, size, &token).await?;
        Ok(proto::ListRunsResponse {
            runs: found.into_iter().map(run).collect(),
            next_page_token: next,
        })
    }
}

fn key(text: String) -> Result<String> {
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    if (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(fits) {
        Ok(text)
    } else {
        let remedy = "needs 1 to 32 characters out of a-z, 0-9 and '-'";
        Err(Fault::invalid("key", remedy))
    }
}

fn step_of(index: usize, wanted: proto::WorkflowStep) -> Result<Step> {
    let field = |name: &str| format!("steps[{index}].{name}");
    Ok(match wanted.step {
        Some(Wire::Greet(text)) => Step::Greet { text },
        Some(Wire::Message(text)) => Step::Message { text },
        Some(Wire::WaitSeconds(seconds)) => Step::Wait { seconds },
        Some(Wire::AskForm(asked)) => Step::AskForm {
            form: asked.form,
            seconds: asked.seconds,
        },
        Some(Wire::SetTag(tag)) => Step::SetTag { tag },
        Some(Wire::HandOver(team)) => Step::HandOver {
            team: TeamId::parse(&team).map_err(|invalid| Fault::invalid(field("team"), invalid.remedy))?,
        },
        None => {
            let remedy = "must be greet, message, wait, ask_form, set_tag or hand_over";
            return Err(Fault::invalid(field("kind"), remedy));
        }
    })
}

fn step(of: Step) -> proto::WorkflowStep {
    let step = match of {
        Step::Greet { text } => Wire::Greet(text),
        Step::Message { text } => Wire::Message(text),
        Step::Wait { seconds } => Wire::WaitSeconds(seconds),
        Step::AskForm { form, seconds } => Wire::AskForm(proto::WorkflowForm { form, seconds }),
        Step::SetTag { tag } => Wire::SetTag(tag),
        Step::HandOver { team } => Wire::HandOver(team.to_string()),
    };
    proto::WorkflowStep { step: Some(step) }
}

fn workflow(of: Workflow) -> proto::Workflow {
    let trigger = match of.trigger {
        Trigger::FirstMessage => proto::WorkflowTrigger::FirstMessage,
        Trigger::Agent => proto::WorkflowTrigger::Agent,
    };
    proto::Workflow {
        key: of.key,
        channel: of.channel.to_string(),
        trigger: trigger.into(),
        on: of.on,
        steps: of.steps.into_iter().map(step).collect(),
        version: of.version,
        changed_at: Some(stamp(of.changed_at)),
    }
}

fn run(of: Run) -> proto::WorkflowRun {
    let skipped = of.skipped.iter().map(|one| proto::SkippedStep {
        step: wire::step_number(one.step),
        reason: one.why.word().to_owned(),
    });
    proto::WorkflowRun {
        run: of.id.to_string(),
        conversation: of.conversation.to_string(),
        state: wire::run_state(&of).into(),
        end: wire::run_end(&of).into(),
        step: wire::step_number(of.at),
        skipped: skipped.collect(),
        waits_until: match of.state {
            State::Waiting { until } => Some(stamp(until)),
            _ => None,
        },
        workflow: of.workflow,
        workflow_version: of.workflow_version,
        steps: of.steps.into_iter().map(step).collect(),
        agent: text(of.by),
        started_at: Some(stamp(of.started_at)),
        ended_at: of.ended_at.map(stamp),
        version: of.version,
    }
}

macro_rules! answers {
    ($($rpc:ident: $request:ident -> $response:ident;)+) => {
        #[tonic::async_trait]
        impl WorkflowService for Workflows {
            $(async fn $rpc(&self, request: Request<proto::$request>) -> Reply<proto::$response> {
                rpc::answer(self.$rpc(request.into_inner()).await)
            })+
        }
    };
}

answers! {
    set_workflow: SetWorkflowRequest -> SetWorkflowResponse;
    list_workflows: ListWorkflowsRequest -> ListWorkflowsResponse;
    start_workflow: StartWorkflowRequest -> StartWorkflowResponse;
    cancel_workflow: CancelWorkflowRequest -> CancelWorkflowResponse;
    get_run: GetRunRequest -> GetRunResponse;
    list_runs: ListRunsRequest -> ListRunsResponse;
}
