use super::Contacts;
use crate::domain::{KeptConsent, Reading, Withdrawal};
use crate::outbound::postgres::{consent, merge};
use domain::{ContactId, WorkspaceId};
use fault::Result;

impl Contacts {
    /// Every consent of a contact and of those that went into it with what ended it, and everything the person took back; oldest first.
    pub async fn list_consents(
        &self,
        workspace: &WorkspaceId,
        contact: ContactId,
    ) -> Result<(Vec<KeptConsent>, Vec<Withdrawal>)> {
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        let contact = self.survivor(&mut tx, workspace, contact).await?;
        let parts = merge::members(&mut tx, workspace, contact).await?;
        let withdrawals = consent::withdrawals(&mut tx, workspace, contact).await?;
        let consents = consent::list(&mut tx, workspace, &parts, &withdrawals).await?;
        Ok((consents, withdrawals))
    }
}
