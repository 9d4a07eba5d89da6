//! What a form waits for: the moment at which it comes, that its time is up, or that its consents are recorded.

use super::App;
use super::record::record;
use crate::domain::conversation::Change;
use crate::domain::form::{Form, FormKind, FormState};
use crate::outbound::postgres::{conversation, form};
use domain::{FormId, WorkspaceId};
use fault::{Fault, Result};
use uuid::Uuid;

impl App {
    /// Opens a form whose moment has come, takes back one that nobody filled in in time, or records what was agreed to in one that was filled in. Repeated, it changes
    /// nothing; who crashes half-way leaves the row to the next one.
    pub async fn tend_form(&self, workspace: &WorkspaceId, id: Uuid) -> Result<()> {
        let id = FormId(id);
        let mut tx = self.store.begin(workspace).await?;
        let Some(found) = form::get(&mut tx, workspace, id).await? else {
            return Ok(());
        };
        drop(tx);
        let recorded = found.consent.clone();
        if let Some(consent) = &recorded {
            self.record_consents(workspace, &found, consent).await?;
        }
        let mut tx = self.store.begin(workspace).await?;
        let locked = conversation::lock(&mut tx, workspace, found.conversation).await?;
        let conversation = locked.ok_or_else(|| Fault::not_found("conversation"))?;
        let Some(mut found) = form::get(&mut tx, workspace, id).await? else {
            return Ok(());
        };
        // What was agreed to meanwhile is still to be recorded.
        let due = (found.consent != recorded).then(|| self.now());
        if due.is_none() {
            found.consent = None;
        }
        let before = found.state;
        if before == FormState::Due {
            let is_needed = match found.kind {
                FormKind::OfferCopy => self.may_offer_copy(&mut tx, workspace, &conversation).await?,
                _ => !conversation.reach.has_address() && conversation.resolved_at.is_none(),
            };
            if is_needed {
                found.state = FormState::Open;
                record(&mut tx, workspace, &changed(&found, self.now()), None);
            } else {
                found.withdraw();
            }
        }
        // Of input forms only those that agents offer are tended to while they are open: their time is up then.
        let is_over = before == FormState::Open && matches!(found.kind, FormKind::Input { .. });
        if is_over {
            found.withdraw();
            record(&mut tx, workspace, &changed(&found, self.now()), None);
        }
        form::update(&mut tx, workspace, &found, due).await?;
        let next = match is_over {
            true => self.offer_copy(&mut tx, workspace, &conversation).await?,
            false => None,
        };
        tx.commit().await?;
        for due in [due, next] {
            self.tell_due(due);
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
