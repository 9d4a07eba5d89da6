use super::App;
use crate::domain::token::{ApiToken, Scope};
use crate::outbound::postgres::integration;
use domain::{IntegrationId, WorkspaceId};
use fault::{Fault, Result, codes};

/// Whose token it is and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    pub workspace: WorkspaceId,
    pub integration: IntegrationId,
    pub scopes: Vec<Scope>,
}

impl App {
    /// Tells whose token this is. One answer for everything else, so that nobody learns what exists.
    pub async fn authenticate_token(&self, text: &str) -> Result<Authenticated> {
        let refused = || {
            Fault::new(
                &codes::UNAUTHENTICATED,
                "this is not a valid API token; ask for a new one",
            )
        };
        let token = ApiToken::parse(text).ok_or_else(refused)?;
        let mut tx = self.store.begin(&token.workspace).await?;
        let present = integration::get(&mut tx, &token.workspace, &token.integration).await?;
        match present {
            Some(present) if token.fits(&present.token_hash) && !present.scopes.is_empty() => Ok(Authenticated {
                workspace: token.workspace,
                integration: token.integration,
                scopes: present.scopes,
            }),
            _ => Err(refused()),
        }
    }
}
