use super::App;
use crate::domain::token::Scope;
use crate::outbound::postgres::integration;
use domain::{IntegrationId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Replaces what an integration's token may do; `None`: nothing, the token is no valid one any more. Its scopes from
    /// now on.
    pub async fn update_integration(
        &self,
        workspace: &WorkspaceId,
        id: &IntegrationId,
        scopes: Option<Vec<Scope>>,
    ) -> Result<Vec<Scope>> {
        let scopes = scopes.map_or_else(|| Ok(Vec::new()), |scopes| self.allowed(scopes))?;
        let mut tx = self.store.begin(workspace).await?;
        if !integration::replace_scopes(&mut tx, workspace, id, &scopes).await? {
            return Err(Fault::not_found("integration"));
        }
        let reads = scopes.contains(&Scope::Facts);
        let due = self.want_facts_reader(&mut tx, workspace, id, reads).await?;
        tx.commit().await?;
        self.tell_reader(due);
        Ok(scopes)
    }
}
