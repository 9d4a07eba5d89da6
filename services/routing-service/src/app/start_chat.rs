use super::enqueue::found;
use super::{App, refuse};
use crate::domain::channel_routing::Mode;
use crate::domain::{Refused, Request, State};
use crate::outbound::FirstWords;
use crate::outbound::postgres::invitation;
use ::domain::{AgentId, MessageText, RequestId, VisitorId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// An agent speaks first to a visitor whom they are alerted to: accepts the alert, and opens the conversation. The same again
    /// answers the same. With the number of the conversation.
    pub(crate) async fn start_chat(
        &self,
        workspace: &WorkspaceId,
        id: RequestId,
        agent: &AgentId,
        text: &MessageText,
    ) -> Result<(Request, u64)> {
        let visitor = self.unasked(workspace, id).await?;
        let accepted = self.accept_alert(workspace, id, agent).await?;
        let words = FirstWords {
            request: id,
            channel: &accepted.need.channel,
            visitor,
            agent,
            text,
        };
        let started = self.conversations.start_chat(workspace, words).await?;
        let mut tx = self.begin_queue(workspace).await?;
        let found = found(&mut tx, workspace, id).await?;
        if matches!(found.state, State::Done | State::Resolved) {
            // The visitor went while the agent spoke. Nobody waits for the queue while another service is asked.
            drop(tx);
            self.conversations
                .resolve_conversation(workspace, started.conversation)
                .await?;
            return Err(refuse(Refused::AlertOver));
        }
        let begun = self
            .attach_conversation(&mut tx, workspace, found, started.conversation)
            .await?;
        self.commit_queue(tx, workspace).await?;
        Ok((begun, started.number))
    }

    /// The visitor of a request to whom an agent may speak first; whoever has asked something is answered in their conversation.
    async fn unasked(&self, workspace: &WorkspaceId, id: RequestId) -> Result<VisitorId> {
        let mut tx = self.store.begin(workspace).await?;
        let about = found(&mut tx, workspace, id).await?.about;
        let invited = match about.invitation {
            Some(id) => invitation::get(&mut tx, workspace, id).await?,
            None => None,
        };
        let is_unasked = invited.is_some_and(|invited| invited.mode == Mode::WithoutInvitation);
        about
            .visitor
            .filter(|_| is_unasked)
            .ok_or_else(|| Fault::invalid("request", "is a conversation already; answer in it"))
    }
}
