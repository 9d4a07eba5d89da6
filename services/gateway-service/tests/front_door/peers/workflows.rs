//! conversation-service's workflows; the only run is of whatever was started last.

use super::{Answer, Peers, answer};
use events::event::{WorkflowRunEnd, WorkflowRunState};
use rpc::conversation::workflow_service_server::WorkflowService;
use rpc::conversation::*;
use tonic::{Request, Status};

/// The id of the only run.
pub const RUN: &str = "018f4e3a-0000-7000-8000-0000000000f1";

impl Peers {
    fn run(&self, state: WorkflowRunState, end: WorkflowRunEnd) -> Result<WorkflowRun, Status> {
        let memory = self.memory();
        let started = memory.started_workflows.last();
        let started = started.ok_or_else(|| rpc::to_status(&fault::Fault::not_found("run")))?;
        let workflow = memory.workflows.iter().find(|one| one.key == started.workflow);
        Ok(WorkflowRun {
            run: RUN.into(),
            conversation: started.conversation.clone(),
            workflow: started.workflow.clone(),
            workflow_version: 1,
            state: state.into(),
            end: end.into(),
            step: 2,
            steps: workflow.map(|one| one.steps.clone()).unwrap_or_default(),
            skipped: vec![SkippedStep {
                step: 1,
                reason: "served".into(),
            }],
            agent: started.agent.clone(),
            version: 2,
            ..Default::default()
        })
    }
}

#[tonic::async_trait]
impl WorkflowService for Peers {
    async fn set_workflow(&self, request: Request<SetWorkflowRequest>) -> Answer<SetWorkflowResponse> {
        let request = request.into_inner();
        let version = request.version + 1;
        let workflow = request.workflow.map(|workflow| Workflow { version, ..workflow });
        self.memory().workflows.extend(workflow);
        answer(SetWorkflowResponse { version })
    }

    async fn list_workflows(&self, _: Request<ListWorkflowsRequest>) -> Answer<ListWorkflowsResponse> {
        let workflows = self.memory().workflows.clone();
        answer(ListWorkflowsResponse { workflows })
    }

    async fn start_workflow(&self, request: Request<StartWorkflowRequest>) -> Answer<StartWorkflowResponse> {
        self.memory().started_workflows.push(request.into_inner());
        let run = self.run(WorkflowRunState::Waiting, WorkflowRunEnd::Unspecified)?;
        answer(StartWorkflowResponse { run: Some(run) })
    }

    async fn cancel_workflow(&self, _: Request<CancelWorkflowRequest>) -> Answer<CancelWorkflowResponse> {
        let run = self.run(WorkflowRunState::Cancelled, WorkflowRunEnd::ByHand)?;
        answer(CancelWorkflowResponse { run: Some(run) })
    }

    async fn get_run(&self, _: Request<GetRunRequest>) -> Answer<GetRunResponse> {
        let run = self.run(WorkflowRunState::Waiting, WorkflowRunEnd::Unspecified)?;
        answer(GetRunResponse { run: Some(run) })
    }

    async fn list_runs(&self, request: Request<ListRunsRequest>) -> Answer<ListRunsResponse> {
        let request = request.into_inner();
        let run = self.run(WorkflowRunState::Waiting, WorkflowRunEnd::Unspecified)?;
        let is_wanted = request.conversation.is_empty() || request.conversation == run.conversation;
        answer(ListRunsResponse {
            runs: is_wanted.then_some(run).into_iter().collect(),
            next_page_token: String::new(),
        })
    }
}
