//! Conversations that began, as conversation-service tells of them.

use super::assign::PRIORITY;
use super::{App, refuse};
use crate::domain::invitation::{Follow, State};
use crate::domain::{About, Assignee, NewRequest, Request};
use crate::outbound::postgres::{channel_routing, invitation, request, resolved, visitor_conversation};
use ::domain::{AgentId, ChannelId, ContactId, ConversationId, RequestId, TeamId, VisitorId, WorkspaceId};
use fault::Result;
use store::Tx;

/// A conversation that began.
pub(crate) struct Started {
    pub(crate) conversation: ConversationId,
    pub(crate) channel: ChannelId,
    pub(crate) visitor: Option<VisitorId>,
    pub(crate) contact: Option<ContactId>,
    /// Whom it is for, where that was named; else the channel's.
    pub(crate) team: Option<TeamId>,
    pub(crate) by_customer: bool,
}

impl App {
    /// Who is in a conversation is not asked. One that a customer began goes into the queue where they were asked for their data
    /// before, and where the channel wants that of every conversation; it is served by the agent who has just spoken to them
    /// first, if one has. Told again, it changes nothing.
    pub(crate) async fn note_started(&self, workspace: &WorkspaceId, started: &Started) -> Result<()> {
        // Under the lock where there is a visitor: they may be asked at this moment.
        let mut tx = match started.visitor {
            Some(_) => self.begin_queue(workspace).await?,
            None => self.store.begin(workspace).await?,
        };
        let is_resolved = resolved::contains(&mut tx, workspace, started.conversation).await?;
        let mut invited = None;
        if let Some(visitor) = started.visitor {
            if !is_resolved {
                visitor_conversation::insert(&mut tx, workspace, started.conversation, visitor).await?;
            }
            invited = invitation::get_open(&mut tx, workspace, visitor).await?;
        }
        let (routing, _) = channel_routing::get(&mut tx, workspace, &started.channel).await?;
        tx.commit().await?;
        if !started.by_customer || (invited.is_none() && !routing.queue_conversations) {
            return Ok(());
        }
        let entrance = self.conversations.get_channel(workspace, &started.channel).await?;
        let entrance = entrance.of_team(started.team.clone());
        let mut tx = self.begin_queue(workspace).await?;
        let mut about = About {
            conversation: Some(started.conversation),
            visitor: started.visitor,
            contact: started.contact,
            ..About::default()
        };
        let mut server = None;
        if let Some(invited) = invited
            && let Some(mut found) = invitation::get(&mut tx, workspace, invited.id).await?
        {
            server = found.serves_beside(started.conversation).cloned();
            let follow = found.chat_began(started.conversation, self.now());
            if is_resolved {
                found.follow(State::Ended, None, None, self.now());
            }
            self.save_invitation(&mut tx, workspace, &mut found, follow).await?;
            about.invitation = (follow == Follow::Enqueue).then_some(found.id);
        }
        if server.is_some() || about.invitation.is_some() || routing.queue_conversations {
            self.enqueue_begun(&mut tx, workspace, entrance.request(about, PRIORITY, &routing), server)
                .await?;
        }
        self.commit_queue(tx, workspace).await
    }

    /// Puts a conversation into the queue, or gives it to whom the visitor talks with, unless it has a request, or is resolved.
    async fn enqueue_begun(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        new: NewRequest,
        server: Option<AgentId>,
    ) -> Result<()> {
        let Some(conversation) = new.about.conversation else {
            return Ok(());
        };
        if resolved::contains(tx, workspace, conversation).await? {
            return Ok(());
        }
        let now = self.now();
        match (request::get_by_conversation(tx, workspace, conversation).await?, server) {
            (None, None) => self.enqueue(tx, workspace, new).await.map(drop),
            (None, Some(agent)) => {
                let request = Request::unserved(RequestId::generate(self.store.entropy()), new, now);
                match request.assign(Assignee::Agent(agent), None, now).map_err(refuse)? {
                    Some(moved) => self.carry_out(tx, workspace, moved, now).await.map(drop),
                    None => Ok(()),
                }
            }
            (Some(mut known), _) if known.about.invitation.is_none() && new.about.invitation.is_some() => {
                // An agent was faster than this.
                known.about.invitation = new.about.invitation;
                request::set_invitation(tx, workspace, &known).await?;
                self.follow_request(tx, workspace, &known).await
            }
            (Some(_), _) => Ok(()),
        }
    }
}
