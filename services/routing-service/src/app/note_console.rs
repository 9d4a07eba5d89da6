use super::App;
use crate::outbound::postgres::agent;
use ::domain::{VisitorId, WorkspaceId};
use fault::Result;

impl App {
    /// presence-service told whether a console is connected: who went loses what they hold, who came back is offered what
    /// waits. Of visitors who are no agent's console nothing is kept. The higher `order` (epoch, version) counts.
    pub(crate) async fn note_console(
        &self,
        workspace: &WorkspaceId,
        console: VisitorId,
        is_connected: bool,
        order: (u64, u64),
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let known = agent::get_by_console(&mut tx, workspace, console).await?;
        drop(tx);
        if known.is_none() {
            return Ok(());
        }
        let mut tx = self.begin_queue(workspace).await?;
        let Some(mut agent) = agent::get_by_console(&mut tx, workspace, console).await? else {
            return Ok(());
        };
        if !agent::set_connected(&mut tx, workspace, &agent.id, is_connected, order).await? {
            return Ok(());
        }
        if agent.is_connected != is_connected {
            agent.is_connected = is_connected;
            agent::set_open(&mut tx, workspace, &agent).await?;
            self.follow_agent(&mut tx, workspace, &agent).await?;
        }
        self.commit_queue(tx, workspace).await?;
        self.board.touch(workspace);
        Ok(())
    }
}
