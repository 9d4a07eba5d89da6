use super::edge::Edge;
use crate::domain::session::Session;
use fault::{Fault, Result};
use rpc::conversation::MarkReadRequest;

/// Moves the customer's read mark forward; answers where it stands. `pushed`: what this socket was given, since nobody
/// reads what never reached them.
pub async fn mark_read(edge: &Edge, session: &Session, up_to: u64, pushed: u64) -> Result<u64> {
    if up_to > pushed {
        return Err(Fault::invalid(
            "up_to",
            "is beyond the newest message sent to this socket",
        ));
    }
    let request = MarkReadRequest {
        workspace: session.workspace.to_string(),
        conversation: session.conversation()?.to_string(),
        up_to,
    };
    Ok(edge.conversations.mark_read(request).await?.read_up_to)
}
