use super::App;
use crate::domain::Cause;
use crate::domain::invitation::{Answer, Follow, Invitation, State};
use crate::outbound::postgres::invitation;
use ::domain::{ConversationId, InvitationId, VisitorId, WorkspaceId};
use fault::{Fault, Result, codes};
use store::Tx;

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
        tx.commit().await?;
        self.resolve_late(workspace, (before, &found)).await?;
        found.expires_at.into_iter().for_each(|at| self.store.due_at(at));
        Ok(found)
    }

    /// Resolves the conversation of an ended invitation that an agent began after that was looked at.
    pub(super) async fn resolve_late(
        &self,
        workspace: &WorkspaceId,
        (before, ended): (Option<ConversationId>, &Invitation),
    ) -> Result<()> {
        match ended
            .conversation
            .filter(|begun| ended.state == State::Ended && before != Some(*begun))
        {
            Some(begun) => self.conversations.resolve_conversation(workspace, begun).await,
            None => Ok(()),
        }
    }

    /// Writes an invitation if it changed, and takes its request out of the queue where that follows.
    pub(super) async fn save_invitation(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        changed: &mut Invitation,
        follow: Follow,
    ) -> Result<()> {
        if !changed.untold.is_empty() {
            invitation::update(tx, workspace, changed).await?;
        }
        if let Follow::Withdraw(request) = follow {
            self.withdraw(tx, workspace, request, Cause::VisitorLeft).await?;
        }
        Ok(())
    }

    /// Resolves the conversation in which an agent spoke first, so that nothing is followed up. False: the visitor has written, so
    /// it is a conversation like any other.
    pub(super) async fn end_unanswered_chat(&self, workspace: &WorkspaceId, invitation: &Invitation) -> Result<bool> {
        let Some(conversation) = invitation.conversation else {
            return Ok(true);
        };
        let found = self.conversations.get_conversation(workspace, conversation).await?;
        if found.has_customer_written {
            return Ok(false);
        }
        // Idempotent. Whoever crashes now leaves the rest to conversation.resolved.
        self.conversations.resolve_conversation(workspace, conversation).await?;
        Ok(true)
    }
}

fn over() -> Fault {
    let remedy = "is over, or was not asked; show it no more";
    Fault::new(&codes::INVITATION_OVER, remedy).of("invitation")
}
