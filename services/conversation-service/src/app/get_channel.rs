use super::App;
use crate::domain::settings::Channel;
use crate::outbound::postgres::channel;
use domain::{ChannelId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Reads one channel.
    pub async fn get_channel(&self, workspace: &WorkspaceId, id: &ChannelId) -> Result<Channel> {
        let mut tx = self.store.begin(workspace).await?;
        channel::get(&mut tx, workspace, id)
            .await?
            .ok_or_else(|| Fault::not_found("channel"))
    }
}
