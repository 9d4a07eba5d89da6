use super::Contacts;
use crate::domain::{KeptConsent, Reading, Withdrawal, not_ahead};
use crate::outbound::postgres::{consent, contact};
use domain::{ContactId, WorkspaceId};
use fault::{Fault, Result};

impl Contacts {
    /// Takes back every consent for the purpose that the person gave until then, at once, also one that is told of
    /// later. Answers all consents of the contact as they are now.
    pub async fn withdraw_consent(
        &self,
        workspace: &WorkspaceId,
        contact: ContactId,
        withdrawal: Withdrawal,
    ) -> Result<Vec<KeptConsent>> {
        not_ahead("at", withdrawal.at, self.now())?;
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        if !contact::lock(&mut tx, workspace, contact).await? {
            return Err(Fault::not_found("contact"));
        }
        consent::withdraw(&mut tx, workspace, contact, withdrawal).await?;
        let consents = consent::list(&mut tx, workspace, contact).await?;
        tx.commit().await?;
        Ok(consents)
    }
}
