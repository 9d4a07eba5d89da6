use super::App;
use crate::domain::read::{read_end, read_reach, read_started};
use domain::{ConversationId, WorkspaceId};
use events::event::{ConversationReachable, ConversationResolved, ConversationStarted};
use fault::Result;

impl App {
    /// A conversation began.
    pub async fn note_started(&self, workspace: &WorkspaceId, fact: ConversationStarted) -> Result<()> {
        let id = ConversationId::parse(&fact.conversation)?;
        let (started, reach) = read_started(&fact)?;
        self.fold(workspace, id, |conversation| {
            conversation.started(started);
            conversation.reachable(reach);
        })
        .await
    }

    /// The customer gave contact data.
    pub async fn note_reachable(&self, workspace: &WorkspaceId, fact: ConversationReachable) -> Result<()> {
        let id = ConversationId::parse(&fact.conversation)?;
        let reach = read_reach(&fact)?;
        self.fold(workspace, id, |conversation| conversation.reachable(reach))
            .await
    }

    /// The conversation was settled: its customer may get a copy. An answer that is unread is followed up all the same.
    pub async fn note_resolved(&self, workspace: &WorkspaceId, fact: ConversationResolved) -> Result<()> {
        let id = ConversationId::parse(&fact.conversation)?;
        self.fold(workspace, id, |conversation| {
            conversation.resolved(fact.version, read_end(&fact))
        })
        .await
    }
}
