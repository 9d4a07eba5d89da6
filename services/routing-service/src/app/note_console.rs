use super::App;
use crate::outbound::postgres::{agent, queue};
use ::domain::{VisitorId, WorkspaceId};
use fault::Result;

impl App {
    /// presence-service told whether a console is connected; of visitors who are no agent's console nothing is kept. The
    /// higher `order` (epoch, version) counts.
    pub(crate) async fn note_console(
        &self,
        workspace: &WorkspaceId,
        console: VisitorId,
        is_connected: bool,
        order: (u64, u64),
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        queue::lock(&mut tx, workspace).await?;
        agent::set_connected(&mut tx, workspace, console, is_connected, order).await?;
        tx.commit().await
    }
}
