use super::App;
use crate::domain::agent::Agent;
use crate::domain::console;
use crate::domain::settings::Channel;
use crate::domain::star::Star;
use crate::outbound::postgres::{agent, channel, conversation, star, workspace};
use domain::{AgentId, ConversationId, WorkspaceId};
use fault::{Fault, Result};

/// What a mail about a reminder is made from.
#[derive(Debug, Clone)]
pub struct Reminder {
    pub star: Star,
    pub agent: Agent,
    pub channel: Channel,
    /// Where the agent opens the conversation; may be empty.
    pub link: String,
}

impl App {
    /// A reminder that was told, and stands.
    pub async fn get_reminder(&self, workspace: &WorkspaceId, id: ConversationId, who: &AgentId) -> Result<Reminder> {
        let mut tx = self.store.begin(workspace).await?;
        let found = star::get(&mut tx, workspace, id, who).await?;
        let told = found.filter(|star| star.reminded_at.is_some());
        let star = told.ok_or_else(|| Fault::not_found("reminder"))?;
        let conversation = conversation::get(&mut tx, workspace, id).await?;
        let conversation = conversation.ok_or_else(|| Fault::not_found("conversation"))?;
        let agent = agent::get_agent(&mut tx, workspace, who).await?;
        let channel = channel::get(&mut tx, workspace, &conversation.channel).await?;
        let tenant = workspace::get(&mut tx, workspace).await?;
        let console_url = tenant.map(|tenant| tenant.console_url).unwrap_or_default();
        Ok(Reminder {
            link: console::link(&console_url, id, star.number),
            star,
            agent: agent.ok_or_else(|| Fault::not_found("agent"))?,
            channel: channel.ok_or_else(|| Fault::internal("a conversation's channel is not there"))?,
        })
    }
}
