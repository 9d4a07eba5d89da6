use super::App;
use crate::domain::Cause;
use crate::outbound::postgres::person::{self, Whose};
use ::domain::WorkspaceId;
use fault::Result;

impl App {
    /// Erases what visitors were asked, and whose requests are; how much of what. Again: nothing.
    pub(crate) async fn erase_person(
        &self,
        workspace: &WorkspaceId,
        whose: &Whose<'_>,
    ) -> Result<[(&'static str, u64); 3]> {
        let mut tx = self.begin_queue(workspace).await?;
        for request in person::list_unbegun(&mut tx, workspace, whose).await? {
            self.withdraw(&mut tx, workspace, request, Cause::VisitorLeft).await?;
        }
        let erased = [
            (
                "invitations",
                person::erase_invitations(&mut tx, workspace, whose).await?,
            ),
            ("requests", person::erase_requests(&mut tx, workspace, whose).await?),
            (
                "conversations",
                person::erase_conversations(&mut tx, workspace, whose).await?,
            ),
        ];
        self.commit_queue(tx, workspace).await?;
        Ok(erased)
    }
}
