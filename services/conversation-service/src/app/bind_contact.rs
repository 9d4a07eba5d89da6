use super::record::record;
use super::{App, not_erased, retry};
use crate::domain::conversation::{Conversation, Reach};
use crate::domain::form::FormKind;
use crate::outbound::postgres::conversation;
use domain::{ConversationId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Says whose a conversation is by a contact that is known. Addresses that were given in it stay.
    pub async fn bind_contact(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        known: Reach,
    ) -> Result<Conversation> {
        retry(|| self.bind(workspace, id, known)).await
    }

    async fn bind(&self, workspace: &WorkspaceId, id: ConversationId, known: Reach) -> Result<Conversation> {
        let mut tx = self.store.begin(workspace).await?;
        let mut conversation = conversation::lock(&mut tx, workspace, id)
            .await?
            .ok_or_else(|| Fault::not_found("conversation"))?;
        not_erased(&conversation)?;
        let reach = conversation.reach.bound_to(known);
        if let Some(change) = conversation.reach(reach, self.now()) {
            conversation::update(&mut tx, &[(workspace, &conversation)]).await?;
            record(&mut tx, workspace, &change, None);
            if reach.has_address() {
                self.withdraw_form(&mut tx, workspace, id, FormKind::asks_who).await?;
            }
            tx.commit().await?;
        }
        Ok(conversation)
    }
}
