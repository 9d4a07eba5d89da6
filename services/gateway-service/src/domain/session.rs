//! What a session may do.

use super::token::TokenHash;
use domain::{ChannelId, ContactId, ConversationId, Invalid, Timestamp, VisitorId, WorkspaceId};

/// A visitor's browser, known by its token.
#[derive(Clone)]
pub struct Session {
    pub workspace: WorkspaceId,
    pub hash: TokenHash,
    pub visitor: VisitorId,
    pub channel: ChannelId,
    /// The conversation it is in; none before the first message.
    pub conversation: Option<ConversationId>,
    /// Set for a session out of a return link: it began with this conversation and opens no other.
    pub scope: Option<ConversationId>,
    /// Who the visitor is by the word of the workspace's own site.
    pub contact: Option<ContactId>,
    pub expires_at: Timestamp,
}

impl Session {
    /// True while it may be used.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// A session out of a return link sees one conversation and opens no other.
    pub fn may_start(&self) -> bool {
        self.scope.is_none()
    }

    /// Links are forwarded: who holds one may talk, but not lead what is sent elsewhere.
    pub fn may_add_contact(&self) -> bool {
        self.scope.is_none()
    }

    /// The conversation that frames other than `start` are about.
    pub fn conversation(&self) -> Result<ConversationId, Invalid> {
        self.conversation
            .ok_or_else(|| Invalid::new("type", "needs a conversation: send a start frame first"))
    }
}
