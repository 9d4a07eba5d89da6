use super::App;
use crate::domain::invitation::{Answer, Invitation};
use crate::outbound::postgres::invitation;
use ::domain::{InvitationId, VisitorId, WorkspaceId};
use fault::{Fault, Result, codes};

impl App {
    /// Takes a visitor's answer. The same again answers the same.
    pub(crate) async fn answer_invitation(
        &self,
        workspace: &WorkspaceId,
        id: InvitationId,
        visitor: VisitorId,
        answer: Answer,
    ) -> Result<Invitation> {
        let missing = || Fault::not_found("invitation");
        let mut tx = self.store.begin(workspace).await?;
        let found = invitation::get(&mut tx, workspace, id).await?;
        drop(tx);
        let found = found.filter(|found| found.visitor == visitor).ok_or_else(missing)?;
        let before = found.conversation;
        let ends = matches!(answer, Answer::Declined | Answer::Closed);
        if ends && found.is_unanswered_chat() && !self.end_unanswered_chat(workspace, &found).await? {
            return Ok(found);
        }
        let mut tx = self.begin_queue(workspace).await?;
        let mut found = invitation::get(&mut tx, workspace, id).await?.ok_or_else(missing)?;
        let follow = found.answer(answer, self.now()).map_err(|_| over())?;
        self.save_invitation(&mut tx, workspace, &mut found, follow).await?;
        self.commit_queue(tx, workspace).await?;
        self.resolve_late(workspace, (before, &found)).await?;
        found.expires_at.into_iter().for_each(|at| self.store.due_at(at));
        Ok(found)
    }
}

fn over() -> Fault {
    let remedy = "is over, or was not asked; show it no more";
    Fault::new(&codes::INVITATION_OVER, remedy).of("invitation")
}
