//! What runs of workflows make of what happens in their conversations, in the transaction in which it happens.

use super::App;
use crate::domain::automatic::is_recent;
use crate::domain::conversation::{Conversation, Message};
use crate::domain::run::{Heard, Run, State};
use crate::domain::workflow::is_first;
use crate::outbound::postgres::{run, workflow};
use crate::wire;
use domain::{ConversationId, RunId, Timestamp, WorkspaceId};
use events::event::WorkflowChanged;
use events::stamp;
use fault::Result;
use store::Tx;

impl App {
    /// Begins the workflow of the channel, if this message begins its conversation. When it goes on, to be told of after the commit.
    pub(super) async fn begin_run(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        begun: &Conversation,
        message: &Message,
    ) -> Result<Option<Timestamp>> {
        let now = self.now();
        if !is_first(message) || !is_recent(message.draft.at, now) {
            return Ok(None);
        }
        let place = (workspace.clone(), begun.channel.clone());
        let found = workflow::of_first_messages(tx, std::slice::from_ref(&place)).await?;
        let Some(workflow) = found.get(&place) else {
            return Ok(None);
        };
        let id = RunId::generate(self.store.entropy());
        let mut run = Run::begin(id, workflow, begun.id, None, now);
        self.save_run(tx, workspace, &mut run, None).await
    }

    /// Tells the run that is under way in a conversation, if any, what was written there. When it goes on, as with
    /// [`Self::tell_run`].
    pub(super) async fn tell_run_of(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        message: &Message,
    ) -> Result<Option<Timestamp>> {
        match Heard::of(message.draft.author) {
            Some(heard) => self.tell_run(tx, workspace, message.conversation, heard).await,
            None => Ok(None),
        }
    }

    /// Tells the run that is under way in a conversation, if any, what happened; a form that it asks is taken back where that ends it. Who
    /// calls holds the lock on the conversation's row. When it goes on, to be told of after the commit.
    pub(super) async fn tell_run(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        id: ConversationId,
        heard: Heard,
    ) -> Result<Option<Timestamp>> {
        let place = (workspace.clone(), id);
        let found = run::active(tx, std::slice::from_ref(&place)).await?.remove(&place);
        let Some(mut run) = found else {
            return Ok(None);
        };
        if !run.hear(heard, self.now()) {
            return Ok(None);
        }
        self.take_back_form_of(tx, workspace, &run).await?;
        self.save_run(tx, workspace, &mut run, None).await
    }

    /// Takes back the form that a cancelled run was asking.
    pub(super) async fn take_back_form_of(&self, tx: &mut Tx, workspace: &WorkspaceId, run: &Run) -> Result<()> {
        match run.form.filter(|_| run.is_over()) {
            Some(form) => self.withdraw_asked(tx, workspace, run.conversation, form).await,
            None => Ok(()),
        }
    }

    /// Writes a run that changed, and tells of it. When it goes on.
    pub(super) async fn save_run(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        run: &mut Run,
        request_id: Option<&str>,
    ) -> Result<Option<Timestamp>> {
        let now = self.now();
        run.version += 1;
        run::put(tx, &[(workspace, run)], request_id, now).await?;
        record_run(tx, workspace, run, now, None);
        Ok(run.due_at(now))
    }
}

/// Tells of a run as it is stored now, in the trace that `traceparent` names or else the present one.
pub(super) fn record_run(tx: &mut Tx, workspace: &WorkspaceId, run: &Run, now: Timestamp, traceparent: Option<&str>) {
    let traceparent = match traceparent {
        Some(text) => Some(text.to_owned()),
        None => rpc::traceparent(&tracing::Span::current()),
    };
    let fact = WorkflowChanged {
        run: run.id.to_string(),
        conversation: run.conversation.to_string(),
        workflow: run.workflow.clone(),
        workflow_version: run.workflow_version,
        state: wire::run_state(run).into(),
        end: wire::run_end(run).into(),
        step: wire::step_number(run.at),
        version: run.version,
        at: Some(stamp(now)),
    };
    tx.record_in(workspace, &fact, traceparent);
    match run.state {
        State::Running | State::Waiting { .. } if run.version == 1 => metrics::workflow_moved("began"),
        State::Running | State::Waiting { .. } => {}
        State::Done => metrics::workflow_moved("done"),
        State::Cancelled(end) => metrics::workflow_moved(end.word()),
    }
}
