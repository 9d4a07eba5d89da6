//! Forms that come by themselves.

use super::App;
use crate::domain::conversation::{Conversation, Served};
use crate::domain::form::{Form, FormKind};
use crate::domain::settings::{Channel, ChannelKind};
use crate::outbound::postgres::{form, staffing};
use domain::{FormId, Language, TeamId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use store::Tx;

impl App {
    /// Has a form come, in a moment, to a customer of a web channel who gave no address and whom nobody serves yet: to leave their contacts while nobody
    /// can answer, else to introduce themselves after their first message. Each once in a conversation, one at a time. When
    /// it comes, to be told of after the commit.
    pub(super) async fn consider_form(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        conversation: &Conversation,
        channel: &Channel,
        is_first: bool,
    ) -> Result<Option<Timestamp>> {
        let shown = channel.kind == ChannelKind::Web && conversation.visitor.is_some();
        let is_served = conversation.served != Served::Nobody;
        if !shown || is_served || conversation.reach.has_address() {
            return Ok(None);
        }
        let team = TeamId::parse_optional(&channel.settings.team)?;
        let nobody = staffing::is_nobody_there(tx, workspace, team.as_ref()).await?;
        let kind = match (nobody, is_first) {
            (true, _) => FormKind::LeaveContacts,
            (false, true) => FormKind::IntroduceYourself,
            (false, false) => return Ok(None),
        };
        let language = Language::parse(&channel.settings.language)?;
        let id = FormId::generate(self.store.entropy());
        let Some(due) = Form::by_itself(id, conversation.id, kind, &channel.settings, language) else {
            return Ok(None);
        };
        if due.kind == FormKind::LeaveContacts {
            let introduces = |kind: &FormKind| *kind == FormKind::IntroduceYourself;
            self.withdraw_form(tx, workspace, conversation.id, introduces).await?;
        }
        let at = self.now().checked_add(self.form_after).map_err(Fault::internal)?;
        let is_new = form::insert_due(tx, workspace, &due, at, self.now()).await?;
        Ok(is_new.then_some(at))
    }
}
