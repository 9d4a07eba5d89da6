use super::{App, check_version};
use crate::outbound::postgres::{opening_hours, workspace as tenant};
use domain::{OpeningHours, TeamId, WorkspaceId};
use events::event::OpeningHoursChanged;
use events::stamp;
use fault::{Fault, Result};

impl App {
    /// Replaces a team's opening hours; `None`: always open. Its version then. `version` is the one the caller has seen;
    /// 0: whatever it is.
    pub async fn set_opening_hours(
        &self,
        workspace: &WorkspaceId,
        team: &TeamId,
        hours: Option<&OpeningHours>,
        version: u64,
    ) -> Result<u64> {
        let mut tx = self.store.begin(workspace).await?;
        let missing = || Fault::not_found("workspace");
        tenant::lock(&mut tx, workspace).await?.ok_or_else(missing)?;
        let present = opening_hours::get(&mut tx, workspace, team).await?;
        let (before, at_version) = present.ok_or_else(|| Fault::not_found("team"))?;
        check_version(version, at_version, "opening hours")?;
        if before.as_ref() == hours {
            return Ok(at_version);
        }
        let version = at_version + 1;
        let now = self.now();
        opening_hours::set(&mut tx, workspace, team, hours, version, now).await?;
        let fact = OpeningHoursChanged {
            team: team.to_string(),
            version,
            at: Some(stamp(now)),
        };
        tx.record(workspace, &fact);
        tx.commit().await?;
        Ok(version)
    }
}
