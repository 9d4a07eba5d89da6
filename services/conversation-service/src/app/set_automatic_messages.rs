use super::{App, check_version};
use crate::domain::automatic::AutomaticMessages;
use crate::outbound::postgres::{automatic_messages, workspace as tenant};
use domain::{TeamId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Replaces what a team says by itself. Its version then. `version` is the one the caller has seen; 0: whatever it is.
    pub async fn set_automatic_messages(
        &self,
        workspace: &WorkspaceId,
        team: &TeamId,
        messages: &AutomaticMessages,
        version: u64,
    ) -> Result<u64> {
        messages.check()?;
        let mut tx = self.store.begin(workspace).await?;
        let missing = || Fault::not_found("workspace");
        tenant::lock(&mut tx, workspace).await?.ok_or_else(missing)?;
        let present = automatic_messages::get(&mut tx, workspace, team).await?;
        let (_, before, at_version) = present.ok_or_else(|| Fault::not_found("team"))?;
        check_version(version, at_version, "automatic messages")?;
        if before == *messages {
            return Ok(at_version);
        }
        let version = at_version + 1;
        automatic_messages::set(&mut tx, workspace, team, messages, version, self.now()).await?;
        tx.commit().await?;
        Ok(version)
    }
}
