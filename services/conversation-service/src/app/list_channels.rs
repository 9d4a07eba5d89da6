use super::App;
use crate::domain::settings::Channel;
use crate::outbound::postgres::channel;
use domain::WorkspaceId;
use fault::Result;

impl App {
    /// All channels, in order of id.
    pub async fn list_channels(&self, workspace: &WorkspaceId) -> Result<Vec<Channel>> {
        let mut tx = self.store.begin(workspace).await?;
        channel::list(&mut tx, workspace).await
    }
}
