use super::App;
use crate::domain::channel_routing::ChannelRouting;
use crate::outbound::postgres::channel_routing;
use ::domain::{ChannelId, WorkspaceId};
use fault::Result;

impl App {
    /// How a channel starts chats and gives them out, and the version of that; the defaults, as version 0, where nobody set it.
    pub(crate) async fn get_channel_routing(
        &self,
        workspace: &WorkspaceId,
        channel: &ChannelId,
    ) -> Result<(ChannelRouting, u64)> {
        let mut tx = self.store.begin(workspace).await?;
        channel_routing::get(&mut tx, workspace, channel).await
    }
}
