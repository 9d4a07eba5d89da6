use super::Billing;
use super::purse::Locked;
use crate::domain::Movement;
use crate::outbound::postgres::lot;
use domain::WorkspaceId;
use fault::Result;
use uuid::Uuid;

impl Billing {
    /// Takes what is left of an expired lot out of the available balance, by a line of the journal of its own. What is
    /// held stays held. No effect where the lot has expired already, or not yet.
    pub async fn lapse(&self, workspace: &WorkspaceId, id: Uuid) -> Result<()> {
        let now = self.now();
        let mut tx = self.store.begin(workspace).await?;
        let Some(mut locked) = Locked::take(&mut tx, workspace).await? else {
            return Ok(());
        };
        let (purse, expired) = locked.purse.expire(id);
        let Some(expired) = expired.filter(|lot| lot.expires_at <= now) else {
            return Ok(());
        };
        locked.purse = purse;
        let movement = (Movement::Lapse(expired.rest), id);
        locked.book(self, &mut tx, workspace, movement, now).await?;
        lot::close(&mut tx, workspace, id).await?;
        locked.save(self, &mut tx, workspace, now).await?;
        tx.commit().await
    }
}
