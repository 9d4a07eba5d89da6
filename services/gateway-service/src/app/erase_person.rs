use super::edge::Edge;
use crate::outbound::postgres::session::erase_sessions;
use domain::{ConversationId, VisitorId, WorkspaceId};
use fault::Result;

/// Ends the sessions of these visitors, and those out of return links to these conversations, with their tickets; says how many.
pub async fn erase_person(
    edge: &Edge,
    workspace: &WorkspaceId,
    visitors: &[VisitorId],
    conversations: &[ConversationId],
) -> Result<u64> {
    let mut tx = edge.store.begin(workspace).await?;
    let erased = erase_sessions(&mut tx, workspace, visitors, conversations).await?;
    tx.commit().await?;
    Ok(erased)
}
