use super::send_automatic_message::is_newest;
use super::start_conversation::known_agent;
use super::{App, exists, retry};
use crate::domain::conversation::Conversation;
use crate::domain::run::Run;
use crate::domain::workflow::Workflow;
use crate::outbound::postgres::{conversation, run, workflow};
use domain::{AgentId, ConversationId, RunId, WorkspaceId};
use fault::{Fault, Result, codes};

impl App {
    /// Begins a run in an open conversation; the same request again answers it as it stands.
    pub async fn start_workflow(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        request_id: &str,
        (key, agent): (&str, Option<&AgentId>),
    ) -> Result<Run> {
        retry(|| self.start_run(workspace, id, request_id, (key, agent))).await
    }

    async fn start_run(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        request_id: &str,
        (key, agent): (&str, Option<&AgentId>),
    ) -> Result<Run> {
        let mut tx = self.store.begin(workspace).await?;
        let locked = conversation::lock(&mut tx, workspace, id).await?;
        let conversation = locked.ok_or_else(|| Fault::not_found("conversation"))?;
        if let Some(made) = run::get_by_request(&mut tx, workspace, id, request_id).await? {
            return if made.workflow == key && made.by.as_ref() == agent {
                Ok(made)
            } else {
                Err(exists("run").of("request_id"))
            };
        }
        is_newest(&conversation)?;
        if conversation.resolved_at.is_some() {
            return Err(Fault::invalid(
                "conversation",
                "is resolved; nothing runs in it any more",
            ));
        }
        known_agent(&mut tx, workspace, agent).await?;
        let found = workflow::get(&mut tx, workspace, key).await?;
        let found =
            found.ok_or_else(|| Fault::invalid("workflow", "does not exist in this workspace; set it first"))?;
        may_start(&found, &conversation)?;
        let place = (workspace.clone(), id);
        if let Some(other) = run::active(&mut tx, &[place]).await?.into_values().next() {
            let remedy = format!(
                "cannot begin while '{}' runs in the conversation ({})",
                other.workflow, other.id
            );
            return Err(Fault::new(&codes::WORKFLOW_RUNNING, remedy).of("workflow"));
        }
        let own = RunId::generate(self.store.entropy());
        let mut run = Run::begin(own, &found, id, agent.cloned(), self.now());
        let due = self.save_run(&mut tx, workspace, &mut run, Some(request_id)).await?;
        tx.commit().await?;
        self.tell_due(due);
        Ok(run)
    }
}

fn may_start(workflow: &Workflow, conversation: &Conversation) -> Result<()> {
    let remedy = match workflow {
        one if !one.on => "is switched off; switch it on first",
        one if one.channel != conversation.channel => "is of another channel than the conversation",
        _ => return Ok(()),
    };
    Err(Fault::new(&codes::WORKFLOW_OFF, remedy).of("workflow"))
}
