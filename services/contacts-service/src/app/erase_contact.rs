use super::{Contacts, TRIES};
use crate::domain::{Erased, Erasure, ErasureRequest, ErasureStep, Place, Reading};
use crate::outbound::postgres::{erasure, merge, person};
use domain::{ContactId, Timestamp, WorkspaceId};
use fault::{Fault, Kind, Result, codes};
use store::Tx;
use uuid::Uuid;

impl Contacts {
    /// Deletes a contact, and all that went into it, from here, and has the other services do the same: the erasure goes on
    /// by itself once what was on its way for the person is stored. The same request again answers it as it stands.
    pub async fn erase_contact(&self, workspace: &WorkspaceId, request: &ErasureRequest) -> Result<Erasure> {
        for _ in 1..TRIES {
            match self.try_erase(workspace, request).await {
                Err(fault) if fault.kind() == Kind::Conflict => {}
                answer => return answer,
            }
        }
        self.try_erase(workspace, request).await
    }

    async fn try_erase(&self, workspace: &WorkspaceId, request: &ErasureRequest) -> Result<Erasure> {
        let now = self.now();
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        if let Some(asked) = erasure::of_request(&mut tx, workspace, &request.request_id).await? {
            if asked.request == *request {
                return Ok(asked);
            }
            return Err(Fault::new(&codes::EXISTS, "named another erasure; use a new id").of("request_id"));
        }
        let due = now.checked_add(self.erasure_wait).map_err(Fault::internal)?;
        let id = self.store.entropy().id();
        let begun = begin_erasure(&mut tx, workspace, (id, request), (now, due)).await?;
        tx.commit().await?;
        self.store.due_at(due);
        Ok(begun)
    }
}

/// Deletes the person from here, and notes that the others do so from `due` on. In a transaction that sees all addresses.
pub(super) async fn begin_erasure(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    (id, request): (Uuid, &ErasureRequest),
    (now, due): (Timestamp, Timestamp),
) -> Result<Erasure> {
    let contacts = lock_person(tx, workspace, request.contact).await?;
    let traces = person::traces(tx, workspace, &contacts).await?;
    let erased = person::erase(tx, workspace, &contacts).await?;
    let step = |place: Place| ErasureStep {
        place,
        done: place == Place::Contacts,
        failures: 0,
        failure: String::new(),
        erased: match place {
            Place::Contacts => erased.clone(),
            _ => Erased::new(),
        },
    };
    let begun = Erasure {
        id,
        request: request.clone(),
        contacts,
        asked_at: now,
        looked_up_to: 0,
        done_at: None,
        steps: Place::ALL.map(step).into(),
    };
    erasure::insert(tx, workspace, &begun, due).await?;
    erasure::keep_traces(tx, workspace, begun.id, &traces).await?;
    Ok(begun)
}

/// Locks the contact and all that went into it. Refused where it went into another one, or is gone.
pub(super) async fn lock_person(tx: &mut Tx, workspace: &WorkspaceId, contact: ContactId) -> Result<Vec<ContactId>> {
    match merge::lock(tx, workspace, &[contact]).await?.first() {
        Some((_, None)) => {}
        Some((_, Some(into))) => {
            let survivor = merge::survivor(tx, workspace, *into).await?.unwrap_or(*into);
            let remedy = format!("went into contact {survivor}; erase that one, or undo the merge first");
            return Err(Fault::new(&codes::CONTACT_MERGED, remedy).of("contact"));
        }
        None => {
            let Some(known) = erasure::of_contact(tx, workspace, contact).await? else {
                return Err(Fault::not_found("contact"));
            };
            let told = format!("is erased already, or is being erased; see erasure {known}");
            return Err(Fault::new(&codes::EXISTS, told).of("contact"));
        }
    }
    // Whoever merges, or undoes that, locks this one too: nothing joins or leaves from here on.
    let members = merge::members(tx, workspace, contact).await?;
    merge::lock(tx, workspace, &members).await?;
    Ok(members)
}
