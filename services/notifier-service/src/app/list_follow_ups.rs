use super::App;
use crate::outbound::postgres::follow_up::{self, Row};
use domain::{ConversationId, FollowUpId, WorkspaceId};
use fault::Result;

impl App {
    /// Follow-ups, newest first, older than `before`.
    pub async fn list_follow_ups(
        &self,
        workspace: &WorkspaceId,
        conversation: Option<ConversationId>,
        before: Option<FollowUpId>,
        limit: u32,
    ) -> Result<Vec<Row>> {
        let mut tx = self.store.begin(workspace).await?;
        let rows = follow_up::list_follow_ups(&mut tx, workspace, conversation, before, limit.into()).await?;
        tx.commit().await?;
        Ok(rows)
    }
}
