use super::App;
use crate::domain::{Cause, Kept, NewRequest, Request, seconds};
use crate::outbound::postgres::{agent, channel_routing, opening, queue, request};
use ::domain::{ConversationId, RequestId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use store::Tx;

impl App {
    /// Puts a request into the queue, and alerts an agent if one is free. The workspace's lock is held, and its conversation
    /// has no request.
    pub(crate) async fn enqueue(&self, tx: &mut Tx, workspace: &WorkspaceId, new: NewRequest) -> Result<Request> {
        let now = self.now();
        let kept = kept_for_last_agent(tx, workspace, &new, now).await?;
        let id = RequestId::generate(self.store.entropy());
        let queued = Request::queued(id, new, kept, now);
        self.carry_out(tx, workspace, queued, now).await
    }

    /// Takes a request back: nobody is asked for any more. The workspace's lock is held.
    pub(crate) async fn withdraw(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        id: RequestId,
        cause: Cause,
    ) -> Result<Request> {
        let request = found(tx, workspace, id).await?;
        match request.withdraw(cause) {
            Some(moved) => self.carry_out(tx, workspace, moved, self.now()).await,
            None => Ok(request),
        }
    }

    /// Somebody wrote to the visitor of a request: it is about this conversation from now on. The workspace's lock is held.
    pub(crate) async fn attach_conversation(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        request: Request,
        conversation: ConversationId,
    ) -> Result<Request> {
        match request.attach(conversation) {
            Some(moved) => self.carry_out(tx, workspace, moved, self.now()).await,
            None => Ok(request),
        }
    }
}

pub(super) async fn found(tx: &mut Tx, workspace: &WorkspaceId, id: RequestId) -> Result<Request> {
    let found = request::get(tx, workspace, id).await?;
    found.ok_or_else(|| Fault::not_found("request"))
}

/// For whom a returning customer waits: the agent who served them last, unless that one left or could not serve this.
async fn kept_for_last_agent(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    new: &NewRequest,
    now: Timestamp,
) -> Result<Option<Kept>> {
    if new.last_agent_seconds == 0 || is_held_back(tx, workspace, new).await? {
        return Ok(None);
    }
    let Some(last) = queue::last_agent(tx, workspace, new.about.contact, new.about.visitor).await? else {
        return Ok(None);
    };
    let last = agent::get(tx, workspace, &last).await?;
    let last = last.filter(|agent| !agent.is_gone() && agent.could_serve(&new.need));
    Ok(last.map(|agent| Kept {
        agent: agent.id,
        until: now + seconds(new.last_agent_seconds),
    }))
}

/// Whether it waits for its team to open: by then nobody waits for one agent alone.
async fn is_held_back(tx: &mut Tx, workspace: &WorkspaceId, new: &NewRequest) -> Result<bool> {
    let Some(team) = &new.need.team else { return Ok(false) };
    let opening = opening::get(tx, workspace, team).await?;
    if opening.is_none_or(|opening| opening.is_open) {
        return Ok(false);
    }
    let (routing, _) = channel_routing::get(tx, workspace, &new.need.channel).await?;
    Ok(routing.keep_opening_hours)
}
