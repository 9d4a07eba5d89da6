use super::App;
use domain::{ConversationId, WorkspaceId};
use events::event::MessagePosted;
use events::{instant, role};
use fault::{Fault, Result};

impl App {
    /// A message was posted: an answer may start a follow-up, a reply ends one.
    pub async fn note_message(&self, workspace: &WorkspaceId, fact: MessagePosted) -> Result<()> {
        let id = ConversationId::parse(&fact.conversation)?;
        let author = role(fact.author).ok_or_else(|| Fault::invalid("author", "is not a known role"))?;
        let at = instant(fact.at).ok_or_else(|| Fault::invalid("at", "is missing"))?;
        self.fold(workspace, id, |conversation| {
            conversation.posted(fact.seq, author, fact.follow_up, at);
        })
        .await
    }
}
