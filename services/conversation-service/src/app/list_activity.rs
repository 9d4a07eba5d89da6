use super::App;
use crate::outbound::postgres::retention;
use domain::{ContactId, Timestamp, WorkspaceId};
use fault::Result;

impl App {
    /// Of each of these contacts that has conversations: whether one is open, and when one was begun or resolved last.
    pub async fn list_activity(
        &self,
        workspace: &WorkspaceId,
        contacts: &[ContactId],
    ) -> Result<Vec<(ContactId, bool, Timestamp)>> {
        let mut tx = self.store.begin(workspace).await?;
        retention::activity(&mut tx, workspace, contacts).await
    }
}
