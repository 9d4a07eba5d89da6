use super::Contacts;
use crate::domain::{By, KeptConsent, Purpose, Reading, Withdrawal, not_ahead};
use crate::outbound::postgres::{consent, merge};
use domain::{ContactId, Timestamp, WorkspaceId};
use fault::Result;

impl Contacts {
    /// Takes back every consent for the purpose that the person gave until `at`, at once, also one that is told of
    /// later. `at` left out: all that were told of, even by a clock that runs ahead of ours. Answers all consents of the
    /// contact as they are now.
    pub async fn withdraw_consent(
        &self,
        workspace: &WorkspaceId,
        contact: ContactId,
        (purpose, at, by): (Purpose, Option<Timestamp>, By),
    ) -> Result<Vec<KeptConsent>> {
        let now = self.now();
        not_ahead("at", at.unwrap_or(now), now)?;
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        let contact = self.lock_survivor(&mut tx, workspace, contact).await?;
        let parts = merge::members(&mut tx, workspace, contact).await?;
        let given = consent::list(&mut tx, workspace, &parts, &[]).await?;
        let newest = given.iter().map(|kept| kept.consent.given_at).max();
        let withdrawal = Withdrawal {
            purpose,
            at: at.unwrap_or_else(|| newest.map_or(now, |newest| newest.max(now))),
            by,
        };
        consent::withdraw(&mut tx, workspace, &parts, withdrawal).await?;
        let withdrawals = consent::withdrawals(&mut tx, workspace, contact).await?;
        tx.commit().await?;
        let ended = |kept: KeptConsent| KeptConsent::new(kept.id, kept.consent, &withdrawals);
        Ok(given.into_iter().map(ended).collect())
    }
}
