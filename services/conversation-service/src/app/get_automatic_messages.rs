use super::App;
use crate::domain::automatic::AutomaticMessages;
use crate::outbound::postgres::automatic_messages;
use domain::{TeamId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// What a team says by itself, and the version of that; 0: nothing was set.
    pub async fn get_automatic_messages(
        &self,
        workspace: &WorkspaceId,
        team: &TeamId,
    ) -> Result<(AutomaticMessages, u64)> {
        let mut tx = self.store.begin(workspace).await?;
        let found = automatic_messages::get(&mut tx, workspace, team).await?;
        let (_, messages, version) = found.ok_or_else(|| Fault::not_found("team"))?;
        Ok((messages, version))
    }
}
