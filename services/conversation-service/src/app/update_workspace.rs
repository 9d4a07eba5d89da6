use super::create_workspace::check_workspace;
use super::{App, check_version};
use crate::outbound::postgres::workspace::{self, Workspace};
use domain::WorkspaceId;
use events::{event, stamp};
use fault::{Fault, Result};

/// What to change; `None`: as it is.
#[derive(Debug, Clone, Default)]
pub struct WorkspaceChange {
    pub name: Option<String>,
    pub time_zone: Option<String>,
    pub language: Option<String>,
    pub console_url: Option<String>,
}

impl App {
    /// Changes a tenant; what it is then, and its version. `version` is the one the caller has seen; 0: whatever it is.
    pub async fn update_workspace(
        &self,
        id: &WorkspaceId,
        change: WorkspaceChange,
        version: u64,
    ) -> Result<(Workspace, u64)> {
        let now = self.now();
        let mut tx = self.store.begin(id).await?;
        let missing = || Fault::not_found("workspace");
        let at_version = workspace::lock(&mut tx, id).await?.ok_or_else(missing)?;
        let present = workspace::get(&mut tx, id).await?.ok_or_else(missing)?;
        check_version(version, at_version, "workspace")?;
        let next = Workspace {
            name: change.name.unwrap_or_else(|| present.name.clone()),
            time_zone: change.time_zone.unwrap_or_else(|| present.time_zone.clone()),
            language: change.language.unwrap_or_else(|| present.language.clone()),
            console_url: change.console_url.unwrap_or_else(|| present.console_url.clone()),
        };
        check_workspace(&next)?;
        if next == present {
            return Ok((present, at_version));
        }
        let version = at_version + 1;
        workspace::update(&mut tx, id, &next, version).await?;
        let fact = event::WorkspaceChanged {
            version,
            name: next.name.clone(),
            time_zone: next.time_zone.clone(),
            language: next.language.clone(),
            at: Some(stamp(now)),
        };
        tx.record(id, &fact);
        tx.commit().await?;
        Ok((next, version))
    }
}
