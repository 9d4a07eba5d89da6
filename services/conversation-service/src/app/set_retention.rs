use super::{App, check_version};
use crate::domain::retention::Retention;
use crate::outbound::postgres::{retention, workspace as workspaces};
use domain::WorkspaceId;
use fault::{Fault, Result, codes};

impl App {
    /// How long what was said is kept, and how far that was applied.
    pub async fn get_retention(&self, workspace: &WorkspaceId) -> Result<Retention> {
        let mut tx = self.store.begin(workspace).await?;
        Ok(retention::lock(&mut tx, workspace).await?.unwrap_or_default())
    }

    /// Sets how long what was said is kept; what is over already is erased from now on. `version` is the one the caller has
    /// seen; 0: whatever it is.
    pub async fn set_retention(&self, workspace: &WorkspaceId, days: u32, version: u64, by: &str) -> Result<Retention> {
        let (now, days) = (self.now(), Retention::days(days)?);
        let mut tx = self.store.begin(workspace).await?;
        let missing = || Fault::not_found("workspace");
        workspaces::get(&mut tx, workspace).await?.ok_or_else(missing)?;
        let present = retention::lock(&mut tx, workspace).await?.unwrap_or_default();
        check_version(version, present.version, "period")?;
        if days == present.days {
            return Ok(present);
        }
        let next = Retention {
            days,
            version: present.version + 1,
            by: by.to_owned(),
            set_at: Some(now),
            ..present
        };
        let id = self.store.entropy().id();
        if !retention::set(&mut tx, workspace, (id, &next), (days > 0).then_some(now)).await? {
            let remedy = "was changed meanwhile; read the period again and repeat";
            return Err(Fault::new(&codes::VERSION, remedy).of("version"));
        }
        tx.commit().await?;
        self.store.due_at(now);
        Ok(next)
    }
}
