use super::App;
use super::record::record;
use super::tend_form::changed;
use crate::domain::form::{Form, FormKind, FormState};
use crate::outbound::postgres::form;
use domain::{ConversationId, FormId, WorkspaceId};
use fault::Result;
use store::Tx;

impl App {
    /// Takes back the form that is open in a conversation, or comes in a moment, if it is one of these. Who calls holds the
    /// lock on the conversation's row. Answers which it was.
    pub(super) async fn withdraw_form(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        id: ConversationId,
        which: fn(&FormKind) -> bool,
    ) -> Result<Option<FormId>> {
        let open = form::get_open(tx, workspace, id).await?;
        match open.filter(|form| which(&form.kind)) {
            Some(form) => self.take_back(tx, workspace, form).await.map(Some),
            None => Ok(None),
        }
    }

    /// The same of this one form.
    pub(super) async fn withdraw_asked(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        id: ConversationId,
        asked: FormId,
    ) -> Result<()> {
        let open = form::get_open(tx, workspace, id).await?;
        match open.filter(|form| form.id == asked) {
            Some(form) => self.take_back(tx, workspace, form).await.map(drop),
            None => Ok(()),
        }
    }

    async fn take_back(&self, tx: &mut Tx, workspace: &WorkspaceId, mut form: Form) -> Result<FormId> {
        let was_shown = form.state == FormState::Open;
        form.withdraw();
        form::update(tx, workspace, &form, None).await?;
        if was_shown {
            record(tx, workspace, &changed(&form, self.now()), None);
        }
        Ok(form.id)
    }
}
