use super::App;
use super::note_taken_over::CONSUMER;
use ::domain::{ConversationId, TeamId, WorkspaceId};
use fault::{Kind, Result};

impl App {
    /// conversation-service told that a workflow gives a conversation to a team's queue: it waits there, unless somebody serves
    /// it, as one that its channel brought. Told again it changes nothing: it may have been moved since.
    pub(crate) async fn note_handed_over(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        (team, event): (&TeamId, &str),
    ) -> Result<()> {
        let new = match self.look_up(workspace, id).await {
            Err(fault) if matches!(fault.kind(), Kind::NotFound | Kind::FailedPrecondition) => return Ok(()),
            new => new?,
        };
        let mut tx = self.begin_queue(workspace).await?;
        if !tx.first_time(workspace, CONSUMER, event).await? {
            return Ok(());
        }
        let Some(request) = self.known_or(&mut tx, workspace, id, new).await? else {
            return Ok(());
        };
        let now = self.now();
        if let Some(moved) = request.hand_over(team, now) {
            self.carry_out(&mut tx, workspace, moved, now).await?;
        }
        self.commit_queue(tx, workspace).await
    }
}
