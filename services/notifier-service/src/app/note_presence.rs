use super::App;
use crate::domain::read::read_presence;
use crate::outbound::postgres::{conversation, presence};
use domain::{VisitorId, WorkspaceId};
use events::event::VisitorPresenceChanged;
use fault::Result;

impl App {
    /// A visitor came, left or was lost. First the fact, then each conversation that waits, in transactions of their
    /// own: who read the old state holds its row until it committed, so the list misses nobody.
    pub async fn note_presence(&self, workspace: &WorkspaceId, fact: VisitorPresenceChanged) -> Result<()> {
        let visitor = VisitorId::parse(&fact.visitor)?;
        let told = read_presence(&fact)?;
        let mut tx = self.store.begin(workspace).await?;
        presence::fold_presence(&mut tx, workspace, visitor, &told, self.now()).await?;
        tx.commit().await?;
        let mut tx = self.store.begin(workspace).await?;
        let waiting = conversation::waiting_for_visitor(&mut tx, workspace, visitor).await?;
        tx.commit().await?;
        for id in waiting {
            self.fold(workspace, id, |_| {}).await?;
        }
        Ok(())
    }
}
