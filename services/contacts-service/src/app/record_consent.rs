use super::Contacts;
use crate::domain::{Consent, KeptConsent, Reading};
use crate::outbound::postgres::{address, consent, contact, merge};
use domain::{Invalid, WorkspaceId};
use fault::{Fault, Result, codes};
use store::Tx;

impl Contacts {
    /// Records what a person agreed to, once per request. It counts unless the person took it back after it was given.
    pub async fn record_consent(
        &self,
        workspace: &WorkspaceId,
        request_id: &str,
        given: Consent,
    ) -> Result<KeptConsent> {
        let now = self.now();
        let mut given = given.check(now)?;
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        given.contact = self.lock_survivor(&mut tx, workspace, given.contact).await?;
        let owned = address::owned(&mut tx, workspace, given.contact, &given.addresses).await?;
        if owned.len() < given.addresses.len() {
            return Err(Invalid::new("addresses", "names an address that is not the contact's").into());
        }
        let id = self.store.entropy().id();
        if consent::insert(&mut tx, workspace, (id, request_id), &given, now).await? {
            contact::note_consent(&mut tx, workspace, given.contact).await?;
            let withdrawals = consent::withdrawals(&mut tx, workspace, given.contact).await?;
            tx.commit().await?;
            return Ok(KeptConsent::new(id, given, &withdrawals));
        }
        recorded(&mut tx, workspace, request_id, &given).await
    }
}

/// What the request recorded before; refused where that was something else.
async fn recorded(tx: &mut Tx, workspace: &WorkspaceId, request_id: &str, given: &Consent) -> Result<KeptConsent> {
    let taken = || Fault::new(&codes::EXISTS, "recorded another consent; use a new id").of("request_id");
    let (id, contact) = consent::of_request(tx, workspace, request_id)
        .await?
        .ok_or_else(taken)?;
    // Recorded for a contact that went into this one since, it is the same all the same.
    if merge::survivor(tx, workspace, contact).await? != Some(given.contact) {
        return Err(taken());
    }
    let same = Consent {
        contact,
        ..given.clone()
    };
    let withdrawals = consent::withdrawals(tx, workspace, contact).await?;
    let all = consent::list(tx, workspace, &[contact], &withdrawals).await?;
    let kept = all.into_iter().find(|kept| kept.id == id);
    kept.filter(|kept| kept.consent == same).ok_or_else(taken)
}
