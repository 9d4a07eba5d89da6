use super::edge::{Edge, lock};
use crate::domain::origin;
use domain::{ChannelId, WorkspaceId};
use fault::{Fault, Result, codes};
use rpc::conversation::{Channel, GetChannelRequest};
use std::sync::Arc;

/// A channel as it stood within the last seconds.
pub async fn get_channel(edge: &Edge, workspace: &WorkspaceId, channel: &ChannelId) -> Result<Arc<Channel>> {
    let key = (workspace.clone(), channel.clone());
    if let Some(known) = lock(&edge.channels).get(&key, edge.age()) {
        return Ok(known);
    }
    let request = GetChannelRequest {
        workspace: workspace.to_string(),
        channel: channel.to_string(),
    };
    let answer = edge.conversations.get_channel(request).await?;
    let found = Arc::new(answer.channel.ok_or_else(|| Fault::not_found("channel"))?);
    lock(&edge.channels).put(key, found.clone(), edge.age());
    Ok(found)
}

/// DENIED unless a page of this origin may use the channel.
pub async fn check_origin(
    edge: &Edge,
    workspace: &WorkspaceId,
    channel: &ChannelId,
    origin: Option<&str>,
) -> Result<()> {
    let channel = get_channel(edge, workspace, channel).await?;
    let list = channel
        .settings
        .as_ref()
        .map_or(&[][..], |settings| &settings.allowed_origins);
    if origin::allowed(origin, list, &edge.settings.public_url) {
        return Ok(());
    }
    Err(Fault::new(
        &codes::DENIED,
        "this page's origin may not use the channel; add it to the channel's allowed_origins",
    )
    .of("origin"))
}

impl Edge {
    /// A change made through this process shows at once.
    pub fn forget_channel(&self, workspace: &WorkspaceId, channel: &ChannelId) {
        lock(&self.channels).forget(&(workspace.clone(), channel.clone()));
    }
}
