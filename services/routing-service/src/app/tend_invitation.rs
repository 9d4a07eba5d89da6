use super::App;
use crate::outbound::postgres::invitation;
use ::domain::{InvitationId, WorkspaceId};
use fault::Result;
use uuid::Uuid;

impl App {
    /// Ends an invitation that nobody answered in time, or to whose visitor no agent spoke. Repeated, it changes nothing.
    pub(crate) async fn tend_invitation(&self, workspace: &WorkspaceId, id: Uuid) -> Result<()> {
        let mut tx = self.begin_queue(workspace).await?;
        let Some(mut found) = invitation::get(&mut tx, workspace, InvitationId(id)).await? else {
            return Ok(());
        };
        let follow = found.expire(self.now());
        // Also where nothing changed: the row is given back.
        invitation::update(&mut tx, workspace, &mut found).await?;
        self.save_invitation(&mut tx, workspace, &mut found, follow).await?;
        self.commit_queue(tx, workspace).await
    }
}
