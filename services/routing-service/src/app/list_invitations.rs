use super::App;
use crate::domain::PageSize;
use crate::domain::invitation::Invitation;
use crate::outbound::postgres::invitation;
use ::domain::{ChannelId, InvitationId, VisitorId, WorkspaceId};
use fault::Result;

impl App {
    /// A page of invitations, of a channel and a visitor where they are named, newest first, older than the one named, and where the next page begins, if there is one.
    pub(crate) async fn list_invitations(
        &self,
        workspace: &WorkspaceId,
        of: (Option<&ChannelId>, Option<VisitorId>),
        page_size: PageSize,
        before: Option<InvitationId>,
    ) -> Result<(Vec<Invitation>, Option<InvitationId>)> {
        let mut tx = self.store.begin(workspace).await?;
        let mut page = invitation::list(&mut tx, workspace, of, before, page_size.limit()).await?;
        let next = page_size.cut(&mut page).map(|invitation| invitation.id);
        Ok((page, next))
    }
}
