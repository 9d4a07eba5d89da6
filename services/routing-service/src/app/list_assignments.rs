use super::App;
use crate::domain::{Assignment, PageSize};
use crate::outbound::postgres::{assignment, request};
use ::domain::{ConversationId, WorkspaceId};
use fault::Result;

impl App {
    /// Who had a conversation, oldest first, after a version; nobody if it was never in the queue or given. NOT_FOUND if there is none.
    pub(crate) async fn list_assignments(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        after_version: u64,
        page_size: PageSize,
    ) -> Result<Vec<Assignment>> {
        let mut tx = self.store.begin(workspace).await?;
        let Some(request) = request::get_by_conversation(&mut tx, workspace, id).await? else {
            drop(tx);
            self.conversations.get_conversation(workspace, id).await?;
            return Ok(Vec::new());
        };
        let limit = i64::from(page_size.get());
        assignment::list(&mut tx, workspace, request.id, after_version, limit).await
    }
}
