use super::App;
use crate::outbound::postgres::interaction::{self, Interaction};
use domain::{ContactId, ConversationId, WorkspaceId};
use fault::Result;

impl App {
    /// Conversations of these contacts that are older than one, the newest first, with the agents who talked in them.
    pub async fn list_interactions(
        &self,
        workspace: &WorkspaceId,
        contacts: &[ContactId],
        page: (Option<ConversationId>, u64),
    ) -> Result<Vec<Interaction>> {
        let mut tx = self.store.begin(workspace).await?;
        interaction::list(&mut tx, workspace, contacts, page).await
    }
}
