use super::App;
use crate::domain::run::Heard;
use crate::outbound::postgres::{conversation, run};
use domain::{ConversationId, Timestamp, WorkspaceId};
use fault::Result;

impl App {
    /// routing-service told that an agent has a conversation since this moment: the run that was under way in it is over. Told again
    /// it says nothing.
    pub async fn note_taken_over(&self, workspace: &WorkspaceId, id: ConversationId, at: Timestamp) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        // Most conversations have no run: nobody who writes in them is to wait.
        let place = (workspace.clone(), id);
        if run::active(&mut tx, std::slice::from_ref(&place)).await?.is_empty() {
            return Ok(());
        }
        conversation::lock(&mut tx, workspace, id).await?;
        let heard = Heard::AgentTookOver(at);
        let due = self.tell_run(&mut tx, workspace, id, heard).await?;
        tx.commit().await?;
        self.tell_due(due);
        Ok(())
    }
}
