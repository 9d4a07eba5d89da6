use super::edge::{Edge, lock};
use crate::domain::origin;
use crate::domain::session::Session;
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
    if origin::allowed(origin, origins(&channel), &edge.settings.public_url) {
        return Ok(());
    }
    Err(Fault::new(
        &codes::DENIED,
        "this page's origin may not use the channel; add it to the channel's allowed_origins",
    )
    .of("origin"))
}

/// Refuses a page on which a customer of the session's channel cannot be; `origin` is the browser's word, if it gave one.
pub async fn check_page(edge: &Edge, session: &Session, page_url: Option<&str>, origin: Option<&str>) -> Result<()> {
    let channel = get_channel(edge, &session.workspace, &session.channel).await?;
    let own = &edge.settings.public_url;
    Ok(origin::check_page(page_url, origin, origins(&channel), own)?)
}

fn origins(channel: &Channel) -> &[String] {
    let settings = channel.settings.as_ref();
    settings.map_or(&[], |settings| &settings.allowed_origins)
}

impl Edge {
    /// A change made through this process shows at once.
    pub fn forget_channel(&self, workspace: &WorkspaceId, channel: &ChannelId) {
        lock(&self.channels).forget(&(workspace.clone(), channel.clone()));
    }
}
