use super::App;
use super::record::record;
use super::tend_form::changed;
use crate::domain::form::{FormKind, FormState};
use crate::outbound::postgres::form;
use domain::{ConversationId, WorkspaceId};
use fault::Result;
use store::Tx;

impl App {
    /// Takes back the form that is open in a conversation, or comes in a moment, if it is one of these. Who calls holds the
    /// lock on the conversation's row.
    pub(super) async fn withdraw_form(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        id: ConversationId,
        which: fn(&FormKind) -> bool,
    ) -> Result<()> {
        let open = form::get_open(tx, workspace, id).await?;
        let Some(mut form) = open.filter(|form| which(&form.kind)) else {
            return Ok(());
        };
        let was_shown = form.state == FormState::Open;
        form.withdraw();
        form::update(tx, workspace, &form, None).await?;
        if was_shown {
            record(tx, workspace, &changed(&form, self.now()), None);
        }
        Ok(())
    }
}
