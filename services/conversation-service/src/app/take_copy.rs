//! The offer of a copy that was filled in.

use super::App;
use super::record::record;
use super::submit_form::{Page, Submitted, closed};
use super::tend_form::changed;
use crate::domain::form::{FieldError, Form, FormState};
use crate::outbound::postgres::{conversation, form};
use domain::{ConversationId, Language, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Whether one more copy may be asked for, before an address is kept for it.
    pub(super) async fn may_copy(&self, workspace: &WorkspaceId, id: ConversationId) -> Result<bool> {
        let mut tx = self.store.begin(workspace).await?;
        self.may_ask(&mut tx, workspace, id).await
    }

    /// Asks for the copy, at the address that was filled in. It is no message: the conversation has ended, and stays so.
    pub(super) async fn take_copy(&self, id: ConversationId, page: &Page<'_>) -> Result<Submitted> {
        let workspace = page.workspace;
        let mut tx = self.store.begin(workspace).await?;
        let locked = conversation::lock(&mut tx, workspace, id).await?;
        let mut conversation = locked.ok_or_else(|| Fault::not_found("conversation"))?;
        let found = form::get(&mut tx, workspace, page.form).await?;
        let mut form = found.ok_or_else(|| Fault::not_found("form"))?;
        if form.state != FormState::Open || form.page != page.number {
            drop(tx);
            let taken = self.taken_before(workspace, &form, page.number).await?;
            return taken.ok_or_else(closed);
        }
        if !self.may_ask(&mut tx, workspace, id).await? {
            return Ok(too_often(&form, page.language));
        }
        form.go_on(&page.filled, &page.channel.settings, page.language);
        form::update(&mut tx, workspace, &form, None).await?;
        let request_id = form.client_id(page.number);
        self.ask_for_copy(&mut tx, workspace, &mut conversation, &request_id, page.reach)
            .await?;
        record(&mut tx, workspace, &changed(&form, self.now()), None);
        tx.commit().await?;
        Ok(Submitted::Taken(None, Box::new(form)))
    }
}

/// Nothing is wrong with the address: as many copies as may be were asked for today.
pub(super) fn too_often(form: &Form, language: Language) -> Submitted {
    let error = |key: &str| FieldError {
        key: key.to_owned(),
        detail: "asks for one copy too many of this conversation today; ask again tomorrow (UTC)".to_owned(),
        word: "wrong-copies",
    };
    let errors = form.fields.iter().map(|field| error(&field.key)).collect();
    Submitted::Refused(errors, language)
}
