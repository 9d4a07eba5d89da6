//! Workflows: their documents, who starts them, and what short ways the tests of runs take.

use crate::Tested;
use crate::forms::{Forms, by_visitor, news};
use crate::world::{CUSTOMER, SOON, World, why};
use anyhow::Context;
use events::event::WorkflowRunState;
use rpc::conversation::workflow_service_client::WorkflowServiceClient;
use rpc::conversation::workflow_step::Step;
use rpc::conversation::{self as proto, Workflow, WorkflowForm, WorkflowRun, WorkflowStep, WorkflowTrigger as Trigger};
use std::ops::Deref;
use testkit::eventually;
use tonic::transport::Channel;
use tonic::{Response, Status};

/// The service with a team `sales`, a form `news`, and its workflows.
pub struct Desk {
    pub world: World,
    pub forms: Forms,
    pub workflows: WorkflowServiceClient<Channel>,
}

impl Deref for Desk {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

pub fn say(text: &str) -> Step {
    Step::Message(text.into())
}

pub fn ask(seconds: u32) -> Step {
    let form = "news".into();
    Step::AskForm(WorkflowForm { form, seconds })
}

/// A workflow of the channel `web` that is on.
pub fn workflow(key: &str, trigger: Trigger, steps: &[Step]) -> Workflow {
    let steps = steps.iter().cloned().map(|step| WorkflowStep { step: Some(step) });
    Workflow {
        key: key.into(),
        channel: "web".into(),
        trigger: trigger.into(),
        on: true,
        steps: steps.collect(),
        ..Default::default()
    }
}

pub async fn desk() -> anyhow::Result<Desk> {
    let world = World::new().await?;
    let channel = rpc::connect(&format!("http://{}", world.running.grpc))?;
    let desk = Desk {
        forms: Forms::new(channel.clone()),
        workflows: WorkflowServiceClient::new(channel),
        world,
    };
    let team = proto::CreateTeamRequest {
        workspace: "acme".into(),
        team: "sales".into(),
        name: "Sales".into(),
    };
    desk.world.workspaces.clone().create_team(team).await?;
    desk.forms.clone().set_input_form(news(0)).await?;
    Ok(desk)
}

impl Desk {
    pub async fn set(&self, workflow: Workflow, version: u64) -> Result<u64, Status> {
        let request = proto::SetWorkflowRequest {
            workspace: "acme".into(),
            workflow: Some(workflow),
            version,
        };
        let set = self.workflows.clone().set_workflow(request).await?;
        Ok(set.into_inner().version)
    }

    /// Sets what agents start, by its key, and starts it.
    pub async fn run(&self, conversation: &str, key: &str, steps: &[Step]) -> anyhow::Result<String> {
        self.set(workflow(key, Trigger::Agent, steps), 0).await?;
        Ok(self.begin(conversation, key, key).await?.run)
    }

    pub async fn begin(&self, conversation: &str, key: &str, request_id: &str) -> Result<WorkflowRun, Status> {
        let started = self
            .workflows
            .clone()
            .start_workflow(starting(conversation, key, request_id))
            .await?;
        started.into_inner().run.ok_or_else(|| Status::internal("no run"))
    }

    pub async fn get_run(&self, run: &str) -> Result<WorkflowRun, Status> {
        let request = proto::GetRunRequest {
            workspace: "acme".into(),
            run: run.into(),
        };
        let found = self.workflows.clone().get_run(request).await?.into_inner().run;
        found.ok_or_else(|| Status::internal("no run"))
    }

    pub async fn cancel(&self, run: &str) -> Result<WorkflowRun, Status> {
        let request = proto::CancelWorkflowRequest {
            workspace: "acme".into(),
            run: run.into(),
        };
        let cancelled = self.workflows.clone().cancel_workflow(request).await?.into_inner().run;
        cancelled.ok_or_else(|| Status::internal("no run"))
    }

    pub async fn runs(&self, conversation: &str) -> Result<Vec<WorkflowRun>, Status> {
        Ok(self.page(conversation, false, 0, "").await?.runs)
    }

    pub async fn page(
        &self,
        conversation: &str,
        active_only: bool,
        page_size: u32,
        page_token: &str,
    ) -> Result<proto::ListRunsResponse, Status> {
        let request = proto::ListRunsRequest {
            workspace: "acme".into(),
            conversation: conversation.into(),
            active_only,
            page_size,
            page_token: page_token.into(),
        };
        self.workflows
            .clone()
            .list_runs(request)
            .await
            .map(Response::into_inner)
    }

    /// The newest run of a conversation, once it stands so.
    pub async fn comes_to(&self, conversation: &str, state: WorkflowRunState) -> anyhow::Result<WorkflowRun> {
        let found = async || {
            let newest = self.runs(conversation).await.ok()?.into_iter().next()?;
            (newest.state() == state).then_some(newest)
        };
        Ok(eventually(format!("a run that is {state:?}"), SOON, found).await?)
    }

    /// What was said in a conversation, other than by its customer.
    pub async fn said(&self, conversation: &str) -> anyhow::Result<Vec<String>> {
        let mut messages = self.messages(conversation).await?;
        messages.retain(|message| message.author != CUSTOMER);
        Ok(messages.into_iter().map(|message| message.text).collect())
    }

    /// A conversation that a visitor starts who gives an e-mail address.
    pub async fn known(&self, request_id: &str) -> anyhow::Result<String> {
        let request = proto::StartConversationRequest {
            contact: Some(proto::GivenContact {
                email: "ann@example.com".into(),
                ..Default::default()
            }),
            ..by_visitor(request_id)
        };
        let started = self
            .conversations
            .clone()
            .start_conversation(request)
            .await?
            .into_inner();
        Ok(started.conversation.context("a conversation")?.conversation)
    }
}

pub fn starting(conversation: &str, key: &str, request_id: &str) -> proto::StartWorkflowRequest {
    proto::StartWorkflowRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
        request_id: request_id.into(),
        workflow: key.into(),
        agent: "anna".into(),
    }
}

#[tokio::test]
async fn workflows_are_set_as_a_whole_with_a_version_and_listed() -> Tested {
    let desk = desk().await?;
    let steps = [
        Step::Greet("Hello".into()),
        Step::WaitSeconds(60),
        say("Still there?"),
        ask(600),
    ];
    let tail = [Step::SetTag("asked".into()), Step::HandOver("sales".into())];
    let wanted = workflow("welcome", Trigger::FirstMessage, &[&steps[..], &tail].concat());
    assert_eq!(desk.set(wanted.clone(), 0).await?, 1);
    assert_eq!(desk.set(wanted.clone(), 1).await?, 1, "nothing changed");
    let off = Workflow {
        on: false,
        ..wanted.clone()
    };
    assert_eq!(
        why(desk.set(off.clone(), 7).await),
        ("conversation.version", "version".into())
    );
    assert_eq!(desk.set(off.clone(), 1).await?, 2);
    desk.set(workflow("again", Trigger::Agent, &steps[1..]), 0).await?;
    let list = proto::ListWorkflowsRequest {
        workspace: "acme".into(),
    };
    let listed = desk
        .workflows
        .clone()
        .list_workflows(list)
        .await?
        .into_inner()
        .workflows;
    assert_eq!(
        listed.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(),
        ["again", "welcome"]
    );
    let kept = Workflow {
        changed_at: listed[1].changed_at,
        version: 2,
        ..off
    };
    assert_eq!(listed[1], kept);
    desk.world.set_up("bolt").await?;
    let foreign = proto::ListWorkflowsRequest {
        workspace: "bolt".into(),
    };
    assert!(
        desk.workflows
            .clone()
            .list_workflows(foreign)
            .await?
            .into_inner()
            .workflows
            .is_empty()
    );
    desk.world.end().await;
    Ok(())
}

#[tokio::test]
async fn a_workflow_that_could_not_run_is_refused_by_its_step_and_field() -> Tested {
    let desk = desk().await?;
    let agent = |steps: &[Step]| workflow("w", Trigger::Agent, steps);
    let unknown_form = WorkflowForm {
        form: "shoes".into(),
        seconds: 60,
    };
    for (wanted, field) in [
        (agent(&[]), "steps"),
        (agent(&[say(" ")]), "steps[0].text"),
        (agent(&[say("x"), Step::WaitSeconds(0)]), "steps[1].seconds"),
        (agent(&[say("x"), Step::Greet("x".into())]), "steps[1].greet"),
        (agent(&[ask(0)]), "steps[0].seconds"),
        (agent(&[Step::AskForm(unknown_form)]), "steps[0].form"),
        (agent(&[Step::SetTag(String::new())]), "steps[0].tag"),
        (agent(&[Step::HandOver("sales".into()), say("x")]), "steps[0].hand_over"),
        (agent(&[Step::HandOver("nobody".into())]), "steps[0].team"),
        (agent(&[Step::HandOver("No Slug".into())]), "steps[0].team"),
        (workflow("W", Trigger::Agent, &[say("x")]), "key"),
        (workflow("w", Trigger::Unspecified, &[say("x")]), "trigger"),
        (
            Workflow {
                channel: "gone".into(),
                ..agent(&[say("x")])
            },
            "channel",
        ),
        (
            Workflow {
                steps: vec![WorkflowStep { step: None }],
                ..agent(&[])
            },
            "steps[0].kind",
        ),
    ] {
        assert_eq!(why(desk.set(wanted, 0).await), ("request.invalid", field.into()));
    }
    // One of a channel begins by itself; one that is off, or that agents start, does not.
    let first = |key: &str| workflow(key, Trigger::FirstMessage, &[say("x")]);
    desk.set(first("one"), 0).await?;
    assert_eq!(
        why(desk.set(first("two"), 0).await),
        ("request.invalid", "trigger".into())
    );
    let off = |key: &str| Workflow {
        on: false,
        ..first(key)
    };
    desk.set(off("two"), 0).await?;
    desk.set(off("one"), 0).await?;
    desk.set(first("two"), 0).await?;
    desk.world.end().await;
    Ok(())
}

#[tokio::test]
async fn an_agent_starts_one_run_at_a_time_and_the_same_request_starts_no_other() -> Tested {
    let desk = desk().await?;
    let conversation = desk.start("r-1").await?.conversation;
    for key in ["one", "two"] {
        desk.set(workflow(key, Trigger::Agent, &[Step::WaitSeconds(60)]), 0)
            .await?;
    }
    let run = desk.begin(&conversation, "one", "s-1").await?;
    assert_eq!(
        (run.workflow.as_str(), run.agent.as_str(), run.version),
        ("one", "anna", 1)
    );
    let again = desk.begin(&conversation, "one", "s-1").await?;
    assert_eq!(again.run, run.run);
    let other = desk.begin(&conversation, "two", "s-1").await;
    assert_eq!(why(other), ("request.exists", "request_id".into()));
    let second = desk.begin(&conversation, "two", "s-2").await;
    assert_eq!(why(second), ("workflow.running", "workflow".into()));
    assert_eq!(desk.cancel(&run.run).await?.state(), WorkflowRunState::Cancelled);
    desk.begin(&conversation, "two", "s-2").await?;

    let off = Workflow {
        on: false,
        ..workflow("off", Trigger::Agent, &[say("x")])
    };
    desk.set(off, 0).await?;
    let sms = proto::CreateChannelRequest {
        workspace: "acme".into(),
        channel: "sms".into(),
        kind: events::common::ChannelKind::Sms.into(),
        ..Default::default()
    };
    desk.workspaces.clone().create_channel(sms).await?;
    let elsewhere = Workflow {
        channel: "sms".into(),
        ..workflow("elsewhere", Trigger::Agent, &[say("x")])
    };
    desk.set(elsewhere, 0).await?;
    let open = desk.start("r-2").await?.conversation;
    let nobody = proto::StartWorkflowRequest {
        agent: "nobody".into(),
        ..starting(&open, "one", "s-1")
    };
    for (request, code, field) in [
        (starting(&open, "off", "s-1"), "workflow.off", "workflow"),
        (starting(&open, "elsewhere", "s-1"), "workflow.off", "workflow"),
        (starting(&open, "gone", "s-1"), "request.invalid", "workflow"),
        (starting(&open, "one", ""), "request.invalid", "request_id"),
        (nobody, "request.invalid", "agent"),
    ] {
        let refused = desk.workflows.clone().start_workflow(request).await;
        assert_eq!(why(refused), (code, field.into()));
    }
    desk.world.set_up("bolt").await?;
    let foreign = proto::StartWorkflowRequest {
        workspace: "bolt".into(),
        ..starting(&open, "one", "s-1")
    };
    let refused = desk.workflows.clone().start_workflow(foreign).await;
    assert_eq!(why(refused), ("request.not_found", "conversation".into()));
    let foreign = proto::GetRunRequest {
        workspace: "bolt".into(),
        run: run.run.clone(),
    };
    let refused = desk.workflows.clone().get_run(foreign).await;
    assert_eq!(why(refused), ("request.not_found", "run".into()));
    let resolve = proto::ResolveConversationRequest {
        workspace: "acme".into(),
        conversation: open.clone(),
    };
    desk.conversations.clone().resolve_conversation(resolve).await?;
    let refused = desk.begin(&open, "one", "s-1").await;
    assert_eq!(why(refused), ("request.invalid", "conversation".into()));
    desk.world.end().await;
    Ok(())
}

#[tokio::test]
async fn runs_are_listed_newest_first_in_pages_and_old_ones_are_forgotten() -> Tested {
    let desk = desk().await?;
    desk.set(workflow("one", Trigger::Agent, &[Step::WaitSeconds(2_592_000)]), 0)
        .await?;
    let mut conversations = Vec::new();
    for n in 1..=3 {
        let conversation = desk.start(&format!("r-{n}")).await?.conversation;
        desk.begin(&conversation, "one", "s-1").await?;
        desk.comes_to(&conversation, WorkflowRunState::Waiting).await?;
        conversations.push(conversation);
    }
    let ended = desk.runs(&conversations[0]).await?.remove(0).run;
    desk.cancel(&ended).await?;
    let first = desk.page("", false, 2, "").await?;
    let rest = desk.page("", false, 2, &first.next_page_token).await?;
    let listed: Vec<_> = first
        .runs
        .iter()
        .chain(&rest.runs)
        .map(|run| &run.conversation)
        .collect();
    assert_eq!(listed, conversations.iter().rev().collect::<Vec<_>>());
    assert_eq!(rest.next_page_token, "");
    assert_eq!(desk.page("", true, 0, "").await?.runs.len(), 2);
    assert_eq!(desk.page(&conversations[0], true, 0, "").await?.runs.len(), 0);
    let refused = desk.page("018f4e3a-0000-7000-8000-00000000dead", false, 0, "").await;
    assert_eq!(why(refused), ("request.not_found", "conversation".into()));
    // Waits of 30 days are over by then, so those end too, just now: they stay.
    desk.clock.advance(std::time::Duration::from_secs(91 * 24 * 3_600));
    let forgotten = async || {
        let left = desk.runs("").await.ok()?;
        let kept = left.iter().all(|run| run.state() == WorkflowRunState::Done);
        (left.len() == 2 && kept).then_some(())
    };
    eventually("the old run is forgotten", SOON, forgotten).await?;
    assert_eq!(why(desk.get_run(&ended).await), ("request.not_found", "run".into()));
    desk.world.end().await;
    Ok(())
}
