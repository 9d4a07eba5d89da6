use super::record::record;
use super::{App, retry};
use crate::domain::conversation::Conversation;
use crate::domain::run::Heard;
use crate::outbound::postgres::conversation;
use domain::{ConversationId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Marks a conversation as settled; a repeated call answers the present state.
    pub async fn resolve_conversation(&self, workspace: &WorkspaceId, id: ConversationId) -> Result<Conversation> {
        retry(|| self.resolve(workspace, id)).await
    }

    async fn resolve(&self, workspace: &WorkspaceId, id: ConversationId) -> Result<Conversation> {
        let mut tx = self.store.begin(workspace).await?;
        let mut conversation = conversation::lock(&mut tx, workspace, id)
            .await?
            .ok_or_else(|| Fault::not_found("conversation"))?;
        if let Some(change) = conversation.resolve(self.now()) {
            conversation::update(&mut tx, &[(workspace, &conversation)]).await?;
            record(&mut tx, workspace, &change, None);
            // First: the form that a run asks makes room for the offer of a copy.
            self.tell_run(&mut tx, workspace, id, Heard::Resolved).await?;
            let form_due = self.end_forms(&mut tx, workspace, &conversation).await?;
            tx.commit().await?;
            self.tell_due(form_due);
        }
        Ok(conversation)
    }
}
