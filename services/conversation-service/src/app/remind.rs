use super::App;
use crate::outbound::postgres::star;
use domain::WorkspaceId;
use events::event::ReminderDue;
use events::stamp;
use fault::Result;
use uuid::Uuid;

impl App {
    /// Tells of a reminder whose time has come, once: the fact commits with the star that says so. What was moved, told or taken away
    /// meanwhile is left as it is.
    pub async fn remind(&self, workspace: &WorkspaceId, id: Uuid) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let Some(mut star) = star::lock_by_id(&mut tx, workspace, id).await? else {
            return Ok(());
        };
        let now = self.now();
        if !star.remind(now) {
            return Ok(());
        }
        star::put(&mut tx, workspace, &star).await?;
        let fact = ReminderDue {
            conversation: star.conversation.to_string(),
            agent: star.agent.to_string(),
            at: Some(stamp(now)),
            version: star.version,
        };
        tx.record(workspace, &fact);
        tx.commit().await
    }
}
