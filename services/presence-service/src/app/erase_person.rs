use crate::outbound::postgres::visitor_presence::VisitorPresence;
use ::domain::{VisitorId, WorkspaceId};
use fault::Result;

/// Forgets when these visitors were last there; says how many were known. The owner's memory keeps who is there now, by an id
/// that names nobody once the conversations are erased.
pub(crate) async fn erase_person(
    rows: &VisitorPresence,
    workspace: &WorkspaceId,
    visitors: &[VisitorId],
) -> Result<u64> {
    rows.erase_person(workspace, visitors).await
}
