use super::App;
use domain::{Opening, TeamId, Timestamp, WorkspaceId};
use fault::Result;

impl App {
    /// Whether a team is open at a moment (`None`: now), and until when; and the version of the hours that say so.
    pub async fn get_opening(
        &self,
        workspace: &WorkspaceId,
        team: &TeamId,
        at: Option<Timestamp>,
    ) -> Result<(Opening, u64)> {
        let (hours, version) = self.get_opening_hours(workspace, team).await?;
        let always = Opening {
            open: true,
            until: None,
        };
        let opening = hours.map_or(always, |hours| hours.at(at.unwrap_or_else(|| self.now())));
        Ok((opening, version))
    }
}
