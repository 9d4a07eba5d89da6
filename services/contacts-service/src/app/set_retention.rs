use super::Contacts;
use crate::domain::{Period, Retention};
use crate::outbound::postgres::retention;
use domain::WorkspaceId;
use fault::{Fault, Result, codes};

impl Contacts {
    /// How long contacts are kept, and how far that was applied.
    pub async fn get_retention(&self, workspace: &WorkspaceId) -> Result<Retention> {
        let mut tx = self.store.begin(workspace).await?;
        Ok(retention::lock(&mut tx, workspace).await?.unwrap_or_default())
    }

    /// Sets how long contacts are kept; what is over already is erased from now on. `version` is the one the caller has seen;
    /// 0: whatever it is.
    pub async fn set_retention(
        &self,
        workspace: &WorkspaceId,
        period: Period,
        version: u64,
        by: &str,
    ) -> Result<Retention> {
        let now = self.now();
        let mut tx = self.store.begin(workspace).await?;
        let present = retention::lock(&mut tx, workspace).await?.unwrap_or_default();
        if version != 0 && version != present.version {
            let remedy = format!("is {} by now; read it again and repeat", present.version);
            return Err(Fault::new(&codes::CONFLICT, remedy).of("version"));
        }
        if period == present.period {
            return Ok(present);
        }
        let next = Retention {
            period,
            version: present.version + 1,
            by: by.to_owned(),
            set_at: Some(now),
            looked_up_to: None,
            ..present
        };
        let due = (period != Period::ForEver).then_some(now);
        let id = self.store.entropy().id();
        if !retention::set(&mut tx, workspace, (id, &next), due).await? {
            let remedy = "was changed meanwhile; read it again and repeat";
            return Err(Fault::new(&codes::CONFLICT, remedy).of("version"));
        }
        tx.commit().await?;
        self.store.due_at(now);
        Ok(next)
    }
}
