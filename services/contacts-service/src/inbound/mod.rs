//! What reaches the service.

mod book;
mod consents;
mod grpc;
mod identity;
mod imports;
mod interactions;
mod orders;
mod privacy;
mod purchases;
mod retention;
mod roles;
mod segments;
mod words;

pub use orders::{Orders, spec};

use crate::app::Contacts;
use crate::domain::roles::{Rights, RoleName};
use crate::outbound::Persons;
use domain::{AgentId, IntegrationId, Invalid, WorkspaceId};
use fault::Result;
use rpc::Caller;
use tonic::Request;

/// Serves all eleven gRPC services, each in a file of its own.
#[derive(Debug, Clone)]
pub struct Server {
    contacts: Contacts,
    /// Who else keeps something of people.
    persons: Persons,
}

impl Server {
    pub fn new(contacts: Contacts, persons: Persons) -> Self {
        Self { contacts, persons }
    }

    /// What a call asks, of which workspace, and what its caller may see and change there.
    async fn enter<T>(&self, request: Request<T>, of: fn(&T) -> &str) -> Result<(WorkspaceId, Rights, T)> {
        let caller = Caller::read(request.metadata())?;
        let request = request.into_inner();
        let workspace = WorkspaceId::parse(of(&request))?;
        let Some(caller) = caller else {
            return Ok((workspace, Rights::all(), request));
        };
        let integration = IntegrationId::parse(&caller.integration)?;
        let role = caller.role.as_deref().map(RoleName::parse).transpose();
        let role = role.map_err(|invalid: Invalid| invalid.of("homing-role"))?;
        let agent = caller.agent.as_deref().map(AgentId::parse).transpose();
        let agent = agent.map_err(|invalid: Invalid| invalid.of("homing-agent"))?;
        let whose = (agent.as_ref(), role.as_ref());
        let rights = self.contacts.role_rights(&workspace, &integration, whose).await?;
        Ok((workspace, rights, request))
    }
}
