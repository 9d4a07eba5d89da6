use super::record::record;
use super::{App, retry};
use crate::outbound::postgres::conversation;
use domain::{ConversationId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Moves the customer's read mark forward and answers where it stands.
    pub async fn mark_read(&self, workspace: &WorkspaceId, id: ConversationId, up_to: u64) -> Result<u64> {
        retry(|| self.mark(workspace, id, up_to)).await
    }

    async fn mark(&self, workspace: &WorkspaceId, id: ConversationId, up_to: u64) -> Result<u64> {
        let mut tx = self.store.begin(workspace).await?;
        let mut conversation = conversation::lock(&mut tx, workspace, id)
            .await?
            .ok_or_else(|| Fault::not_found("conversation"))?;
        let marked = conversation.mark_read(up_to, self.now()).map_err(|beyond| {
            Fault::invalid(
                "up_to",
                format!("must be at most the newest sequence, {}", beyond.last_seq),
            )
        })?;
        if let Some(change) = marked {
            conversation::update(&mut tx, &[(workspace, &conversation)]).await?;
            record(&mut tx, workspace, &change, None);
            tx.commit().await?;
        }
        Ok(conversation.read_up_to)
    }
}
