use super::merge_contacts::seen;
use super::write_fields::write_fields;
use super::{Contacts, denied};
use crate::domain::{Contact, Field, FieldChange, Fields, Purpose, Reading};
use crate::outbound::postgres::merge::Merge;
use crate::outbound::postgres::{address, change, contact, merge, purchase, purpose};
use domain::{ContactId, Timestamp, WorkspaceId};
use fault::{Fault, Result, codes};
use store::Tx;

impl Contacts {
    /// Takes a contact out of the one it went into: it has its addresses again, and what was filled there from it is gone,
    /// except where it was changed since. As it is then; one that is merged into none stays as it is. What was taken back
    /// while they were one stays taken back for both. Refused where the other one was merged since.
    pub async fn undo_merge(&self, workspace: &WorkspaceId, id: ContactId, by: &str) -> Result<Contact> {
        let now = self.now();
        let mut tx = self.begin(workspace, Reading::For(Purpose::Support)).await?;
        let known = merge::find(&mut tx, workspace, id).await?;
        let both: Vec<ContactId> = known.iter().map(|known| known.into).chain([id]).collect();
        let locked = merge::lock(&mut tx, workspace, &both).await?;
        let Some(standing) = merge::find(&mut tx, workspace, id).await? else {
            return seen(contact::find(&mut tx, workspace, id).await?, "contact").map(|(contact, _)| contact);
        };
        let into = standing.into;
        if !locked.contains(&(into, None)) {
            let remedy = "went into a contact that went into another one since; undo that first";
            return Err(Fault::new(&codes::CONFLICT, remedy).of("contact"));
        }
        let (_, mine) = seen(contact::find(&mut tx, workspace, into).await?, "contact")?;
        let mut next = mine.clone();
        for version in [standing.version].iter().chain(&standing.filled_later) {
            let filled = change::of_version(&mut tx, workspace, into, *version).await?;
            let filled = filled.ok_or_else(|| Fault::internal("a merge without its row of history"))?;
            next = next.without(&filled.fields);
        }
        let mut fields = mine.changes(&next);
        fields.push(FieldChange::new(Field::Merged, Some(id.to_string()), None));
        write_fields(&mut tx, workspace, into, (&next, fields), (now, by)).await?;

        purpose::say(&mut tx, Reading::Upkeep).await?;
        refill(&mut tx, workspace, &standing, (mine, next), (now, by)).await?;
        let parts = merge::members(&mut tx, workspace, into).await?;
        contact::share_consent(&mut tx, workspace, &parts).await?;
        address::move_back(&mut tx, workspace, (into, id), &standing.addresses).await?;
        let apart = merge::members(&mut tx, workspace, id).await?;
        purchase::move_back(&mut tx, workspace, (into, id), &apart).await?;
        merge::undo(&mut tx, workspace, &standing, now).await?;

        purpose::say(&mut tx, Reading::For(Purpose::Support)).await?;
        let (apart, _) = seen(contact::find(&mut tx, workspace, id).await?, "contact")?;
        tx.commit().await?;
        Ok(apart)
    }
}

/// The gaps that an undone merge leaves are filled by the contacts that still stand in the same one, the first of them first;
/// each with a row of history of its own, so that it can be undone, too.
async fn refill(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    undone: &Merge,
    (before, mut present): (Fields, Fields),
    (at, by): (Timestamp, &str),
) -> Result<()> {
    let others = merge::standing(tx, workspace, undone.into).await?;
    for other in others.into_iter().filter(|other| *other != undone.contact) {
        let stored = contact::find(tx, workspace, other).await?;
        let stored = stored.ok_or_else(|| Fault::internal("a merge of a contact that is not there"))?;
        let theirs = stored.fields(Purpose::Support).map_err(denied)?;
        let (next, fields) = present.edit(&present.refilled_by(&before, &theirs))?;
        if !fields.is_empty() {
            let version = write_fields(tx, workspace, undone.into, (&next, fields), (at, by)).await?;
            merge::fill_later(tx, workspace, other, version).await?;
            present = next;
        }
    }
    Ok(())
}
