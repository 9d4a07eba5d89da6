use super::write_fields::write_fields;
use super::{Contacts, denied};
use crate::domain::{Contact, Edit, Fields, Purpose, PurposeDenied, Reading};
use crate::outbound::postgres::contact;
use domain::{ContactId, WorkspaceId};
use fault::{Fault, Result, codes};

impl Contacts {
    /// Changes a contact that support may see, and notes who did; as it is then. `version` is the one the caller has
    /// seen; 0: whatever it is.
    pub async fn update_contact(
        &self,
        workspace: &WorkspaceId,
        id: ContactId,
        edit: &Edit,
        version: u64,
        by: &str,
    ) -> Result<Contact> {
        let now = self.now();
        let missing = || Fault::not_found("contact");
        let mut tx = self.begin(workspace, Reading::For(Purpose::Support)).await?;
        let id = self.lock_survivor(&mut tx, workspace, id).await?;
        let stored = contact::find(&mut tx, workspace, id).await?.ok_or_else(missing)?;
        let present = stored.release(Purpose::Support).map_err(denied)?;
        if version != 0 && version != present.version {
            let remedy = format!("is {} by now; read the contact again and repeat", present.version);
            return Err(Fault::new(&codes::CONFLICT, remedy).of("version"));
        }
        let profile = present.profile.clone().ok_or_else(|| denied(PurposeDenied))?;
        let (next, fields) = Fields::new(present.name.clone(), profile).edit(edit)?;
        if fields.is_empty() {
            return Ok(present);
        }
        write_fields(&mut tx, workspace, id, (&next, fields), (now, by)).await?;
        let stored = contact::find(&mut tx, workspace, id).await?;
        let changed = stored.ok_or_else(missing)?.release(Purpose::Support).map_err(denied)?;
        tx.commit().await?;
        Ok(changed)
    }
}
