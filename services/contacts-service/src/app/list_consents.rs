use super::Contacts;
use crate::domain::{KeptConsent, Reading, Withdrawal};
use crate::outbound::postgres::{consent, contact};
use domain::{ContactId, WorkspaceId};
use fault::{Fault, Result};

impl Contacts {
    /// Every consent of a contact with what ended it, and everything the person took back; oldest first.
    pub async fn list_consents(
        &self,
        workspace: &WorkspaceId,
        contact: ContactId,
    ) -> Result<(Vec<KeptConsent>, Vec<Withdrawal>)> {
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        if !contact::exists(&mut tx, workspace, contact).await? {
            return Err(Fault::not_found("contact"));
        }
        let withdrawals = consent::withdrawals(&mut tx, workspace, contact).await?;
        let consents = consent::list(&mut tx, workspace, contact, &withdrawals).await?;
        Ok((consents, withdrawals))
    }
}
