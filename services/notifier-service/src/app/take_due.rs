use super::App;
use super::open_case::Cause;
use crate::outbound::postgres::follow_up;
use domain::{FollowUpId, WorkspaceId};
use fault::Result;

impl App {
    /// A follow-up's time has come.
    pub async fn take_due(&self, workspace: &WorkspaceId, id: FollowUpId) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let Some(conversation) = follow_up::conversation_of(&mut tx, workspace, id).await? else {
            return Ok(());
        };
        let mut open = self.open_case(&mut tx, workspace, conversation).await?;
        self.settle_case(&mut tx, &mut open, None, Cause::Timer).await?;
        self.commit(tx, open).await
    }
}
