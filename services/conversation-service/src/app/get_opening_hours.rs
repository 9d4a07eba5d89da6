use super::App;
use crate::outbound::postgres::opening_hours;
use domain::{OpeningHours, TeamId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// A team's opening hours (`None`: always open) and their version.
    pub async fn get_opening_hours(
        &self,
        workspace: &WorkspaceId,
        team: &TeamId,
    ) -> Result<(Option<OpeningHours>, u64)> {
        let mut tx = self.store.begin(workspace).await?;
        let present = opening_hours::get(&mut tx, workspace, team).await?;
        present.ok_or_else(|| Fault::not_found("team"))
    }
}
