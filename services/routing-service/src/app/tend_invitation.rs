use super::App;
use crate::outbound::postgres::invitation;
use ::domain::{InvitationId, WorkspaceId};
use fault::Result;
use uuid::Uuid;

impl App {
    /// Ends an invitation that nobody answered in time. Repeated, it changes nothing.
    pub(crate) async fn tend_invitation(&self, workspace: &WorkspaceId, id: Uuid) -> Result<()> {
        let mut tx = self.begin_queue(workspace).await?;
        let Some(mut found) = invitation::get(&mut tx, workspace, InvitationId(id)).await? else {
            return Ok(());
        };
        found.expire(self.now());
        invitation::update(&mut tx, workspace, &mut found).await?;
        tx.commit().await
    }
}
