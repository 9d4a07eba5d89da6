use super::App;
use crate::outbound::postgres::person::{self, PersonConversation};
use domain::{ContactId, WorkspaceId};
use fault::Result;

/// Conversations that bear one of the contacts; those that hang on them come beside.
const PAGE: u64 = 50;

impl App {
    /// Some conversations of these contacts that are not erased; none: all are.
    pub async fn list_person_conversations(
        &self,
        workspace: &WorkspaceId,
        contacts: &[ContactId],
    ) -> Result<Vec<PersonConversation>> {
        let mut tx = self.store.begin(workspace).await?;
        person::list(&mut tx, workspace, contacts, PAGE).await
    }
}
