//! What was agreed to in a form, handed over until contacts-service has it.

use super::App;
use crate::domain::form::{Consent, Form, FormKind};
use crate::outbound::RecordedConsent;
use crate::outbound::postgres::{channel, conversation};
use domain::WorkspaceId;
use fault::{Fault, Kind, Result};

impl App {
    /// Each consent is recorded once, by the form's id and its key. What contacts-service refuses for good, because the person
    /// was erased meanwhile for example, is given up; what cannot be handed over now is an error, and tried again.
    pub(super) async fn record_consents(&self, workspace: &WorkspaceId, form: &Form, consent: &Consent) -> Result<()> {
        let FormKind::Input { name, version } = &form.kind else {
            return Ok(());
        };
        let mut tx = self.store.begin(workspace).await?;
        let found = conversation::get(&mut tx, workspace, form.conversation).await?;
        let conversation = found.ok_or_else(|| Fault::not_found("conversation"))?;
        let found = channel::get(&mut tx, workspace, &conversation.channel).await?;
        let channel = found.ok_or_else(|| Fault::not_found("channel"))?;
        drop(tx);
        for key in &consent.keys {
            let recorded = RecordedConsent {
                request_id: format!("{}:{key}", form.client_id(form.page)),
                contact: consent.contact,
                addresses: consent.addresses.clone(),
                form: name,
                form_version: *version,
                language: &channel.settings.language,
                conversation: form.conversation,
                given_at: consent.given_at,
            };
            match self.contacts.record_consent(workspace, recorded).await {
                Err(fault) if is_final(&fault) => {
                    tracing::error!(%workspace, form = %form.id, code = fault.code().name, "a consent is refused: {}", fault.chain());
                }
                outcome => outcome?,
            }
        }
        Ok(())
    }
}

/// Asked again, it would be refused again.
pub(super) fn is_final(fault: &Fault) -> bool {
    matches!(
        fault.kind(),
        Kind::InvalidArgument | Kind::NotFound | Kind::FailedPrecondition | Kind::AlreadyExists
    )
}
