use super::App;
use crate::outbound::postgres::person::{self, PersonConversation};
use domain::{ContactId, ConversationId, WorkspaceId};
use fault::Result;

impl App {
    /// Conversations of these contacts after one of them, at most so many of theirs; none: there are no more that are not erased.
    pub async fn list_person_conversations(
        &self,
        workspace: &WorkspaceId,
        contacts: &[ContactId],
        page: (Option<ConversationId>, u64),
    ) -> Result<Vec<PersonConversation>> {
        let mut tx = self.store.begin(workspace).await?;
        person::list(&mut tx, workspace, contacts, page).await
    }
}
