use super::App;
use crate::domain::form::{Form, FormState};
use crate::outbound::postgres::{conversation, form};
use domain::{ConversationId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// The form that is open in a conversation.
    pub async fn get_open_form(&self, workspace: &WorkspaceId, id: ConversationId) -> Result<Option<Form>> {
        let mut tx = self.store.begin(workspace).await?;
        conversation::get(&mut tx, workspace, id)
            .await?
            .ok_or_else(|| Fault::not_found("conversation"))?;
        let found = form::get_open(&mut tx, workspace, id).await?;
        Ok(found.filter(|form| form.state == FormState::Open))
    }
}
