use super::App;
use crate::domain::token::ApiToken;
use crate::outbound::postgres::integration;
use domain::{IntegrationId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Gives an integration a new token; the old one stops working with the commit.
    pub async fn rotate_integration_token(&self, workspace: &WorkspaceId, id: &IntegrationId) -> Result<ApiToken> {
        let token = ApiToken::new(workspace.clone(), id.clone(), self.store.entropy().secret());
        let mut tx = self.store.begin(workspace).await?;
        let now = self.now();
        if !integration::replace_token(&mut tx, workspace, id, &token.digest(), now).await? {
            return Err(Fault::not_found("integration"));
        }
        tx.commit().await?;
        Ok(token)
    }
}
