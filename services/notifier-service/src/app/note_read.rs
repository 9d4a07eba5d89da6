use super::App;
use domain::{ConversationId, WorkspaceId};
use events::event::MessageRead;
use fault::Result;

impl App {
    /// The customer read up to a sequence.
    pub async fn note_read(&self, workspace: &WorkspaceId, fact: MessageRead) -> Result<()> {
        let id = ConversationId::parse(&fact.conversation)?;
        self.fold(workspace, id, |conversation| conversation.read(fact.up_to))
            .await
    }
}
