use super::App;
use super::report_delivery::note;
use crate::domain::delivery::Outcome;
use crate::outbound::postgres::conversation;
use domain::{ConversationId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Takes what notifier-service tells of a message that it delivers.
    pub async fn note_delivery(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        seq: u64,
        told: Outcome,
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        conversation::lock(&mut tx, workspace, id)
            .await?
            .ok_or_else(|| Fault::not_found("conversation"))?;
        note(&mut tx, workspace, id, seq, told).await?;
        tx.commit().await
    }
}
