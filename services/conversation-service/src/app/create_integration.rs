use super::{App, exists};
use crate::domain::token::{ApiToken, Scope};
use crate::outbound::postgres::{integration, integration::Integration, workspace};
use domain::{IntegrationId, WorkspaceId};
use fault::{Fault, Result};

/// What the creator of an integration is told, once.
#[derive(Debug)]
pub struct NewToken {
    /// `None` when the integration existed with the same scopes: its token cannot be shown again.
    pub token: Option<ApiToken>,
    pub nats_user: String,
}

impl App {
    /// Creates an integration and its token.
    pub async fn create_integration(
        &self,
        workspace: &WorkspaceId,
        id: &IntegrationId,
        scopes: Vec<Scope>,
    ) -> Result<NewToken> {
        let scopes = self.allowed(scopes)?;
        let nats_user = format!("{workspace}.{id}");
        let token = ApiToken::new(workspace.clone(), id.clone(), self.store.entropy().secret());
        let new = Integration {
            token_hash: token.digest(),
            scopes,
        };
        let mut tx = self.store.begin(workspace).await?;
        workspace::get(&mut tx, workspace)
            .await?
            .ok_or_else(|| Fault::not_found("workspace"))?;
        if integration::insert(&mut tx, workspace, id, &new, self.now()).await? {
            let reads = new.scopes.contains(&Scope::Facts);
            let due = self.want_facts_reader(&mut tx, workspace, id, reads).await?;
            tx.commit().await?;
            self.tell_reader(due);
            return Ok(NewToken {
                token: Some(token),
                nats_user,
            });
        }
        match integration::get(&mut tx, workspace, id).await? {
            Some(present) if present.scopes == new.scopes => Ok(NewToken { token: None, nats_user }),
            _ => Err(exists("integration")),
        }
    }
}

impl App {
    /// At least one scope, in order, without repetitions; facts only where this deployment gives them away.
    pub(super) fn allowed(&self, mut scopes: Vec<Scope>) -> Result<Vec<Scope>> {
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() {
            let remedy = "needs at least one of ingest, read, write, admin, contacts, facts";
            return Err(Fault::invalid("scopes", remedy));
        }
        if scopes.contains(&Scope::Facts) && !self.facts_scope {
            let remedy = "facts are not given to integrations here; an operator who trusts them like a service sets \
                          HOMING_CONVERSATION_FACTS_SCOPE=true";
            return Err(Fault::invalid("scopes", remedy));
        }
        Ok(scopes)
    }
}
