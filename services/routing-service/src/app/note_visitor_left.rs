use super::App;
use crate::outbound::postgres::invitation;
use ::domain::{Timestamp, VisitorId, WorkspaceId};
use fault::Result;

impl App {
    /// A visitor left the site: what they were asked is over, they leave the queue, and a chat in which only the agent has spoken ends.
    /// What is told late, of before they were asked, says nothing of now.
    pub(crate) async fn note_visitor_left(
        &self,
        workspace: &WorkspaceId,
        visitor: VisitorId,
        since: Timestamp,
    ) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let Some(found) = invitation::get_open(&mut tx, workspace, visitor).await? else {
            return Ok(());
        };
        drop(tx);
        if since < found.offered_at {
            return Ok(());
        }
        let before = found.conversation;
        if found.is_unanswered_chat() && !self.end_unanswered_chat(workspace, &found).await? {
            return Ok(());
        }
        let mut tx = self.begin_queue(workspace).await?;
        let Some(mut found) = invitation::get(&mut tx, workspace, found.id).await? else {
            return Ok(());
        };
        let follow = found.visitor_left(self.now());
        self.save_invitation(&mut tx, workspace, &mut found, follow).await?;
        self.commit_queue(tx, workspace).await?;
        self.resolve_late(workspace, (before, &found)).await
    }
}
