use super::record::record;
use super::tend_form::changed;
use super::{App, retry};
use crate::domain::form::FormState;
use crate::domain::run::Heard;
use crate::outbound::postgres::{conversation, form};
use domain::{ConversationId, FormId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Closes a form for its customer; one that is not open any more stays what it is.
    pub async fn dismiss_form(&self, workspace: &WorkspaceId, id: ConversationId, form: FormId) -> Result<()> {
        retry(|| self.dismiss(workspace, id, form)).await
    }

    async fn dismiss(&self, workspace: &WorkspaceId, id: ConversationId, form: FormId) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let conversation = conversation::lock(&mut tx, workspace, id)
            .await?
            .ok_or_else(|| Fault::not_found("conversation"))?;
        let found = form::get(&mut tx, workspace, form).await?;
        let found = found.filter(|form| form.conversation == id);
        let mut present = found.ok_or_else(|| Fault::not_found("form"))?;
        if present.state != FormState::Open {
            return Ok(());
        }
        present.state = FormState::Dismissed;
        present.given_name.clear();
        form::update(&mut tx, workspace, &present, None).await?;
        record(&mut tx, workspace, &changed(&present, self.now()), None);
        let goes_on = self.tell_run(&mut tx, workspace, id, Heard::Dismissed(form)).await?;
        let due = self.offer_copy(&mut tx, workspace, &conversation).await?;
        tx.commit().await?;
        self.tell_due(goes_on.or(due));
        Ok(())
    }
}
