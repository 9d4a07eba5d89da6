//! What moving an invitation on brings with it, whoever or whatever moves it.

use super::App;
use crate::domain::Cause;
use crate::domain::invitation::{Follow, Invitation, State};
use crate::outbound::postgres::invitation;
use ::domain::{ConversationId, WorkspaceId};
use fault::Result;
use store::Tx;

impl App {
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
