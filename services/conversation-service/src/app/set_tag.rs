use super::App;
use super::record_consents::is_final;
use crate::domain::run::{Run, Skip};
use crate::outbound::postgres::conversation;
use domain::WorkspaceId;
use fault::{Fault, Kind, Result};

/// What became of a tag that a step puts on a contact.
pub(super) struct Tagged {
    /// Index of the step.
    pub step: usize,
    /// `None`: the contact has it.
    pub skip: Option<Skip>,
}

impl App {
    /// Puts a tag on the contact of a run's conversation, before the transaction that notes it; the same again changes nothing. What contacts-service refuses for good is
    /// told; what cannot be asked now is an error, and tried again.
    pub(super) async fn set_tag(&self, workspace: &WorkspaceId, run: &Run, tag: &str) -> Result<Tagged> {
        let mut tx = self.store.begin(workspace).await?;
        let found = conversation::get(&mut tx, workspace, run.conversation).await?;
        drop(tx);
        let found = found.ok_or_else(|| Fault::not_found("conversation"))?;
        let skip = match found.reach.contact {
            None => Some(Skip::NoContact),
            Some(contact) => {
                let by = format!("workflow {}", run.workflow);
                match self.contacts.put_tag(workspace, contact, tag, &by).await {
                    Ok(()) => None,
                    Err(fault) if is_final(&fault) || fault.kind() == Kind::PermissionDenied => {
                        tracing::warn!(%workspace, run = %run.id, code = fault.code().name, "a tag is refused: {}", fault.chain());
                        Some(Skip::TagRefused)
                    }
                    Err(fault) => return Err(fault),
                }
            }
        };
        Ok(Tagged { step: run.at, skip })
    }
}
