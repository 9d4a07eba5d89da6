use super::enqueue::found;
use super::{App, refuse};
use crate::domain::{Refused, Request, State};
use crate::outbound::FirstWords;
use ::domain::{AgentId, MessageText, RequestId, WorkspaceId};
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
        let accepted = self.accept_alert(workspace, id, agent).await?;
        let Some(visitor) = accepted.about.visitor.filter(|_| accepted.about.invitation.is_some()) else {
            let remedy = "is a conversation already; answer in it";
            return Err(Fault::invalid("request", remedy));
        };
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
        let begun = self
            .attach_conversation(&mut tx, workspace, found, started.conversation)
            .await?;
        tx.commit().await?;
        if matches!(begun.state, State::Done | State::Resolved) {
            // The visitor went while the agent spoke.
            self.conversations
                .resolve_conversation(workspace, started.conversation)
                .await?;
            return Err(refuse(Refused::AlertOver));
        }
        Ok((begun, started.number))
    }
}
