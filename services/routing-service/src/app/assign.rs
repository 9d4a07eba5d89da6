use super::{App, refuse};
use crate::domain::{About, Assignee, NewRequest, Recipient, Refused, Request};
use crate::outbound::postgres::{agent, channel_routing, request, resolved};
use ::domain::{AgentId, ConversationId, RequestId, WorkspaceId};
use fault::{Fault, Result};
use store::Tx;

/// Of conversations that nobody ranked.
pub(super) const PRIORITY: u8 = 5;

impl App {
    /// Gives a conversation to somebody, to a team's queue, or to nobody; the same again changes nothing. Refuses agents and
    /// teams that do not exist.
    pub(crate) async fn assign(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        to: Assignee,
        by: Option<&AgentId>,
    ) -> Result<Request> {
        match &to {
            Assignee::Agent(agent) | Assignee::Admin(agent) => self.check_agent(workspace, "assignee", agent).await?,
            Assignee::Team(team) => self.check_team(workspace, "assignee", team).await?,
            Assignee::Nobody => {}
        }
        let new = self.look_up(workspace, id).await?;
        let mut tx = self.begin_queue(workspace).await?;
        let request = self.known_or(&mut tx, workspace, id, new).await?;
        let (request, now) = (request.ok_or_else(|| refuse(Refused::Done))?, self.now());
        let Some(moved) = request.assign(to, by, now).map_err(refuse)? else {
            return Ok(request);
        };
        let request = self.carry_out(&mut tx, workspace, moved, now).await?;
        self.commit_queue(tx, workspace).await?;
        Ok(request)
    }

    /// Who serves a conversation passes it on; what is passed to somebody who is not there waits for everybody. Refuses agents and teams that do not exist.
    pub(crate) async fn transfer(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        agent: &AgentId,
        to: Recipient,
    ) -> Result<Request> {
        match &to {
            Recipient::Agent(agent) => self.check_agent(workspace, "to", agent).await?,
            Recipient::Team(team) => self.check_team(workspace, "to", team).await?,
        }
        let mut tx = self.begin_queue(workspace).await?;
        let found = request::get_by_conversation(&mut tx, workspace, id).await?;
        let (request, now) = (found.ok_or_else(|| refuse(Refused::NotYours))?, self.now());
        let mut moved = request.transfer(agent, to, now).map_err(refuse)?;
        if let Some(kept) = &moved.after.kept
            && agent::get(&mut tx, workspace, &kept.agent)
                .await?
                .is_none_or(|to| to.is_gone())
        {
            moved = moved.kept_for_nobody();
        }
        let request = self.carry_out(&mut tx, workspace, moved, now).await?;
        self.commit_queue(tx, workspace).await?;
        Ok(request)
    }

    /// What conversation-service knows of a conversation that has no request here; asked before a transaction. `None`: it
    /// has one.
    pub(super) async fn look_up(&self, workspace: &WorkspaceId, id: ConversationId) -> Result<Option<NewRequest>> {
        let mut tx = self.store.begin(workspace).await?;
        let known = request::get_by_conversation(&mut tx, workspace, id).await?;
        drop(tx);
        if known.is_some() {
            return Ok(None);
        }
        let found = self.conversations.get_conversation(workspace, id).await?;
        if found.is_resolved {
            return Err(refuse(Refused::Done));
        }
        let entrance = self.conversations.get_channel(workspace, &found.channel).await?;
        let entrance = entrance.of_team(found.team);
        let about = About {
            conversation: Some(id),
            visitor: found.visitor,
            contact: found.contact,
            ..About::default()
        };
        let mut tx = self.store.begin(workspace).await?;
        let (routing, _) = channel_routing::get(&mut tx, workspace, &found.channel).await?;
        Ok(Some(entrance.request(about, PRIORITY, &routing)))
    }

    /// The conversation's request, or one that nobody has yet; `None` if it was resolved.
    pub(super) async fn known_or(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        id: ConversationId,
        new: Option<NewRequest>,
    ) -> Result<Option<Request>> {
        if let Some(known) = request::get_by_conversation(tx, workspace, id).await? {
            return Ok(Some(known));
        }
        if resolved::contains(tx, workspace, id).await? {
            return Ok(None);
        }
        let new = new.ok_or_else(|| Fault::not_found("conversation"))?;
        if let Some(visitor) = new.about.visitor
            && let Some(begun) = request::get_unbegun(tx, workspace, visitor).await?
        {
            // An agent spoke first, and that was heard of before their call was answered.
            return Ok(Some(self.attach_conversation(tx, workspace, begun, id).await?));
        }
        let request = RequestId::generate(self.store.entropy());
        Ok(Some(Request::unserved(request, new, self.now())))
    }
}
