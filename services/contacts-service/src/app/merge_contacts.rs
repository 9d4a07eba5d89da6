use super::write_fields::write_fields;
use super::{Contacts, denied};
use crate::domain::{Contact, Field, FieldChange, Fields, Purpose, PurposeDenied, Reading, StoredContact};
use crate::outbound::postgres::merge::Merge;
use crate::outbound::postgres::{address, conflict, contact, merge, purchase, purpose};
use domain::{ContactId, Invalid, WorkspaceId};
use fault::{Fault, Result, codes};
use store::Tx;

impl Contacts {
    /// Makes one of two contacts: `other` goes into `into`, which keeps what it has and gets what it has not. As it is then;
    /// the same again changes nothing. Refused where one of them went into a contact already.
    pub async fn merge_contacts(
        &self,
        workspace: &WorkspaceId,
        into: ContactId,
        other: ContactId,
        by: &str,
    ) -> Result<Contact> {
        let now = self.now();
        let mut tx = self.begin(workspace, Reading::For(Purpose::Support)).await?;
        if !can_merge(&mut tx, workspace, into, other).await? {
            return seen(contact::find(&mut tx, workspace, into).await?, "contact").map(|(contact, _)| contact);
        }
        let (_, mine) = seen(contact::find(&mut tx, workspace, into).await?, "contact")?;
        let (_, theirs) = seen(contact::find(&mut tx, workspace, other).await?, "other")?;
        let (next, mut fields) = mine.edit(&mine.filled_by(&theirs)).map_err(|_| too_much())?;
        fields.push(FieldChange::new(Field::Merged, None, Some(other.to_string())));
        let version = write_fields(&mut tx, workspace, into, (&next, fields), (now, by)).await?;

        purpose::say(&mut tx, Reading::Upkeep).await?;
        let done = Merge {
            id: self.store.entropy().id(),
            contact: other,
            into,
            version,
            filled_later: vec![],
            addresses: address::move_all(&mut tx, workspace, other, into).await?,
        };
        purchase::move_all(&mut tx, workspace, other, into).await?;
        merge::insert(&mut tx, workspace, &done, (now, by)).await?;
        let parts = merge::members(&mut tx, workspace, into).await?;
        contact::share_consent(&mut tx, workspace, &parts).await?;
        merge::share_withdrawals(&mut tx, workspace, &parts).await?;
        conflict::settle_between(&mut tx, workspace, (into, other), (now, by)).await?;

        purpose::say(&mut tx, Reading::For(Purpose::Support)).await?;
        let (merged, _) = seen(contact::find(&mut tx, workspace, into).await?, "contact")?;
        tx.commit().await?;
        Ok(merged)
    }
}

fn too_much() -> Invalid {
    let remedy =
        "has more tags (50) or keys of data (50) together with the contact than one may have; remove some first";
    Invalid::new("other", remedy)
}

/// Locks both; false where this merge stands already.
async fn can_merge(tx: &mut Tx, workspace: &WorkspaceId, into: ContactId, other: ContactId) -> Result<bool> {
    if into == other {
        return Err(Invalid::new("other", "must be another contact").into());
    }
    let locked = merge::lock(tx, workspace, &[into, other]).await?;
    let of = |id: ContactId, field: &'static str| {
        let found = locked.iter().find(|(known, _)| *known == id);
        found.map(|(_, into)| *into).ok_or_else(|| Fault::not_found(field))
    };
    let gone = |field: &'static str| {
        let remedy = "went into another contact; name that one, or undo it first";
        Err(Fault::new(&codes::CONFLICT, remedy).of(field))
    };
    match (of(into, "contact")?, of(other, "other")?) {
        (None, None) => Ok(true),
        (None, Some(known)) if known == into => Ok(false),
        (Some(_), _) => gone("contact"),
        (None, Some(_)) => gone("other"),
    }
}

/// A contact as support sees it, and its fields.
pub(super) fn seen(stored: Option<StoredContact>, field: &'static str) -> Result<(Contact, Fields)> {
    let found = stored.ok_or_else(|| Fault::not_found(field))?;
    let contact = found.release(Purpose::Support).map_err(denied)?;
    let profile = contact.profile.clone().ok_or_else(|| denied(PurposeDenied))?;
    let fields = Fields::new(contact.name.clone(), profile);
    Ok((contact, fields))
}
