use super::App;
use crate::domain::conversation::{Conversation, Message};
use crate::domain::settings::Channel;
use crate::outbound::postgres::{channel, conversation, follow_up, workspace};
use domain::{ConversationId, WorkspaceId};
use fault::{Fault, Result};

/// What the notifier needs to decide and render a send.
#[derive(Debug, Clone)]
pub struct FollowUpContext {
    pub conversation: Conversation,
    pub channel: Channel,
    /// The customer's newest message before the answers.
    pub question: Option<Message>,
    /// The newest 10 answers, in order, that the customer has neither read nor replied to.
    pub answers: Vec<Message>,
    pub answers_total: u64,
    /// IANA time zone of the workspace.
    pub time_zone: String,
}

impl App {
    /// Reads the context from the primary: a mark that was acknowledged before is in it.
    pub async fn get_follow_up_context(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        from_seq: u64,
    ) -> Result<FollowUpContext> {
        let mut tx = self.store.begin(workspace).await?;
        let home = workspace::get(&mut tx, workspace).await?;
        let conversation = conversation::get(&mut tx, workspace, id)
            .await?
            .ok_or_else(|| Fault::not_found("conversation"))?;
        let channel = channel::get(&mut tx, workspace, &conversation.channel)
            .await?
            .ok_or_else(|| Fault::internal("a conversation's channel is not there"))?;
        let first = from_seq
            .max(conversation.read_up_to + 1)
            .max(conversation.customer_up_to + 1);
        let bots = channel.settings.bot_answers_follow_up;
        let question = follow_up::question(&mut tx, workspace, &conversation, from_seq).await?;
        let (answers, answers_total) = follow_up::answers(&mut tx, workspace, &conversation, first, bots).await?;
        Ok(FollowUpContext {
            conversation,
            channel,
            question,
            answers,
            answers_total,
            time_zone: home.map(|home| home.time_zone).unwrap_or_default(),
        })
    }
}
