use super::App;
use crate::domain::PageSize;
use crate::domain::invitation::Invitation;
use crate::outbound::postgres::invitation;
use ::domain::{ChannelId, InvitationId, WorkspaceId};
use fault::Result;

impl App {
    /// A page of invitations, newest first, older than the one named, and where the next page begins, if there is one.
    pub(crate) async fn list_invitations(
        &self,
        workspace: &WorkspaceId,
        channel: Option<&ChannelId>,
        page_size: PageSize,
        before: Option<InvitationId>,
    ) -> Result<(Vec<Invitation>, Option<InvitationId>)> {
        let mut tx = self.store.begin(workspace).await?;
        // One more than asked for tells whether there is a next page.
        let limit = i64::from(page_size.get()) + 1;
        let mut page = invitation::list(&mut tx, workspace, channel, before, limit).await?;
        let size = page_size.get() as usize;
        let more = page.len() > size;
        page.truncate(size);
        let next = page.last().filter(|_| more).map(|invitation| invitation.id);
        Ok((page, next))
    }
}
