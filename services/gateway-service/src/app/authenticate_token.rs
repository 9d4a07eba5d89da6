use super::edge::{Edge, lock};
use crate::domain::token;
use domain::{AgentId, IntegrationId, WorkspaceId};
use fault::{Fault, Result, codes};
use rpc::conversation::{AuthenticateTokenRequest, Scope};

/// Longer than any token of ours.
const LONGEST: usize = 200;

/// The integration that calls, and what it may do.
#[derive(Debug, Clone)]
pub struct Caller {
    pub workspace: WorkspaceId,
    pub integration: IntegrationId,
    pub scopes: Vec<Scope>,
    /// For whom the integration says that it calls; nobody checks that but itself.
    pub agent: Option<AgentId>,
    /// The role that it says they have. It may narrow what the integration sees of contacts, and adds nothing.
    pub role: Option<String>,
}

impl Caller {
    /// Who is noted beside what is changed: the integration, and for whom it spoke.
    pub fn by(&self) -> String {
        match &self.agent {
            Some(agent) => format!("{}/{agent}", self.integration),
            None => self.integration.to_string(),
        }
    }

    /// As the services behind learn of it.
    pub fn told(&self) -> rpc::Caller {
        rpc::Caller {
            integration: self.integration.to_string(),
            agent: self.agent.as_ref().map(AgentId::to_string),
            role: self.role.clone(),
        }
    }

    /// DENIED if the token lacks the scope.
    pub fn must(&self, scope: Scope) -> Result<()> {
        if self.scopes.contains(&scope) {
            return Ok(());
        }
        let name = match scope {
            Scope::Ingest => "ingest",
            Scope::Read => "read",
            Scope::Write => "write",
            Scope::Admin => "admin",
            Scope::Contacts => "contacts",
            Scope::Facts => "facts",
            Scope::Privacy => "privacy",
            Scope::Unspecified => "unspecified",
        };
        Err(Fault::new(
            &codes::DENIED,
            format!("the token lacks the scope '{name}'; give the integration that scope"),
        ))
    }
}

/// Whose API token this is; remembered for a few seconds.
pub async fn authenticate_token(edge: &Edge, token: &str) -> Result<Caller> {
    if token.len() > LONGEST {
        return Err(Fault::new(&codes::UNAUTHENTICATED, "the token is not valid"));
    }
    let key = token::hash(token);
    if let Some(caller) = lock(&edge.callers).get(&key, edge.age()) {
        return Ok(caller);
    }
    let request = AuthenticateTokenRequest { token: token.into() };
    let answer = edge.conversations.authenticate_token(request).await?;
    let caller = Caller {
        workspace: WorkspaceId::parse(&answer.workspace)?,
        integration: IntegrationId::parse(&answer.integration)?,
        scopes: answer.scopes().collect(),
        agent: None,
        role: None,
    };
    lock(&edge.callers).put(key, caller.clone(), edge.age());
    Ok(caller)
}
