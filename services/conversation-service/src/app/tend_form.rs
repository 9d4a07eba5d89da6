//! What a form waits for: the moment at which it comes, or that its consents are recorded.

use super::App;
use super::record::record;
use crate::domain::conversation::{Change, Content};
use crate::domain::form::{FieldKind, Form, FormKind, FormState};
use crate::outbound::RecordedConsent;
use crate::outbound::postgres::{channel, conversation, form, message};
use domain::{FormId, WorkspaceId};
use fault::{Fault, Result};
use uuid::Uuid;

impl App {
    /// Opens a form whose moment has come, or records what was agreed to in one that was filled in. Repeated, it changes
    /// nothing; who crashes half-way leaves the row to the next one.
    pub async fn tend_form(&self, workspace: &WorkspaceId, id: Uuid) -> Result<()> {
        let id = FormId(id);
        let mut tx = self.store.begin(workspace).await?;
        let Some(found) = form::get(&mut tx, workspace, id).await? else {
            return Ok(());
        };
        drop(tx);
        if found.state == FormState::Submitted {
            self.record_consents(workspace, &found).await?;
        }
        let mut tx = self.store.begin(workspace).await?;
        let locked = conversation::lock(&mut tx, workspace, found.conversation).await?;
        let conversation = locked.ok_or_else(|| Fault::not_found("conversation"))?;
        let Some(mut found) = form::get(&mut tx, workspace, id).await? else {
            return Ok(());
        };
        if found.state == FormState::Due {
            let is_needed = !conversation.reach.has_address() && conversation.resolved_at.is_none();
            found.state = if is_needed {
                FormState::Open
            } else {
                FormState::Withdrawn
            };
            if is_needed {
                record(&mut tx, workspace, &changed(&found, self.now()), None);
            }
        }
        form::update(&mut tx, workspace, &found, None).await?;
        tx.commit().await
    }

    /// Each consent is recorded once, by the form's id and its key.
    async fn record_consents(&self, workspace: &WorkspaceId, form: &Form) -> Result<()> {
        let FormKind::Input { name, version } = &form.kind else {
            return Ok(());
        };
        let mut tx = self.store.begin(workspace).await?;
        let found = conversation::get(&mut tx, workspace, form.conversation).await?;
        let conversation = found.ok_or_else(|| Fault::not_found("conversation"))?;
        let found = channel::get(&mut tx, workspace, &conversation.channel).await?;
        let channel = found.ok_or_else(|| Fault::not_found("channel"))?;
        let here = [form.conversation];
        let filled = message::get_by_client_id(&mut tx, workspace, &here, &form.client_id(form.page)).await?;
        drop(tx);
        let (Some(filled), Some(contact)) = (filled, conversation.reach.contact) else {
            return Ok(());
        };
        let Content::Form { answers, .. } = &filled.draft.content else {
            return Ok(());
        };
        let is_consent = |key: &str| {
            let field = form.fields.iter().find(|field| field.key == key);
            field.is_some_and(|field| field.kind == FieldKind::Consent)
        };
        for answer in answers.iter().filter(|answer| is_consent(&answer.key)) {
            let consent = RecordedConsent {
                request_id: format!("{}:{}", form.client_id(form.page), answer.key),
                contact,
                addresses: [conversation.reach.phone, conversation.reach.email]
                    .into_iter()
                    .flatten()
                    .collect(),
                form: name,
                form_version: *version,
                language: &channel.settings.language,
                conversation: form.conversation,
                given_at: filled.draft.at,
            };
            self.contacts.record_consent(workspace, consent).await?;
        }
        Ok(())
    }
}

/// A form opened, grew, or is closed.
pub(super) fn changed(form: &Form, at: domain::Timestamp) -> Change {
    Change::Form {
        conversation: form.conversation,
        form: form.id,
        page: form.shown(),
        at,
    }
}
