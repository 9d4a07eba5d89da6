use super::Contacts;
use crate::domain::{Contact, KeptConflict, Purpose, Reading, page};
use crate::outbound::postgres::{conflict, contact};
use domain::{ContactId, WorkspaceId};
use fault::{Fault, Result};
use std::collections::HashMap;
use uuid::Uuid;

/// A conflict with its contact, and the other contact if it is about one.
pub type SideBySide = (KeptConflict, Contact, Option<Contact>);

impl Contacts {
    /// A page of what a person has to settle, oldest first, as support sees it, and where the next one begins.
    pub async fn list_conflicts(
        &self,
        workspace: &WorkspaceId,
        (page_size, page_token): (u32, &str),
    ) -> Result<(Vec<SideBySide>, Option<Uuid>)> {
        let (size, after) = (page::size(page_size)?, page::after_contact(page_token)?);
        let limit = i64::try_from(size + 1).map_err(Fault::internal)?;
        let mut tx = self.begin(workspace, Reading::For(Purpose::Support)).await?;
        let mut kept = conflict::list(&mut tx, workspace, after.map(|id| id.0), limit).await?;
        let next = page::cut(&mut kept, size).map(|last| last.id);
        let ids: Vec<ContactId> = kept
            .iter()
            .flat_map(|kept| [Some(kept.contact), kept.other].into_iter().flatten())
            .collect();
        let stored = contact::find_all(&mut tx, workspace, &ids).await?;
        let released = stored
            .into_iter()
            .filter_map(|stored| stored.release(Purpose::Support).ok());
        let contacts: HashMap<ContactId, Contact> = released.map(|contact| (contact.id, contact)).collect();
        let both = |kept: KeptConflict| {
            let contact = contacts.get(&kept.contact).cloned()?;
            let other = kept.other.and_then(|other| contacts.get(&other).cloned());
            Some((kept, contact, other))
        };
        Ok((kept.into_iter().filter_map(both).collect(), next))
    }
}
