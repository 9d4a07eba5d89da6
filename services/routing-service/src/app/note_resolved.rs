use super::App;
use crate::outbound::postgres::{request, resolved, visitor_conversation};
use ::domain::{ConversationId, WorkspaceId};
use fault::Result;

impl App {
    /// conversation-service told that a conversation was resolved: nobody serves it any more, and what is told of it later
    /// begins nothing.
    pub(crate) async fn note_resolved(&self, workspace: &WorkspaceId, id: ConversationId) -> Result<()> {
        let mut tx = self.begin_queue(workspace).await?;
        let now = self.now();
        match request::get_by_conversation(&mut tx, workspace, id).await? {
            None => resolved::insert(&mut tx, workspace, id, now).await?,
            Some(request) => {
                if let Some(moved) = request.resolve() {
                    self.carry_out(&mut tx, workspace, moved, now).await?;
                }
            }
        }
        visitor_conversation::delete(&mut tx, workspace, id).await?;
        self.commit_queue(tx, workspace).await
    }
}
