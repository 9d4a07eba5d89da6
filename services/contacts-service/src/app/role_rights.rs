use super::Contacts;
use crate::domain::roles::{FieldDenied, Rights, RoleName, RoleRefused};
use crate::outbound::postgres::roles;
use domain::{AgentId, IntegrationId, WorkspaceId};
use fault::{Fault, Result, codes};

impl Contacts {
    /// What an integration may see and change, also where it speaks for somebody: in the role that this agent was given, else in the one that is
    /// named. Refused where another one is named than they were given.
    pub async fn role_rights(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        (agent, named): (Option<&AgentId>, Option<&RoleName>),
    ) -> Result<Rights> {
        let mut tx = self.store.begin(workspace).await?;
        let (known, _) = roles::get(&mut tx, workspace).await?;
        let unknown = || {
            Fault::new(
                &codes::FIELD_DENIED,
                "is none of the workspace; name one that is, or none",
            )
            .of("role")
        };
        let role = known.role_of(agent, named).map_err(|given| {
            let remedy = format!("is not the role of the agent, who has '{given}'; name that one, or none");
            Fault::new(&codes::FIELD_DENIED, remedy).of("role")
        })?;
        known.rights(integration, role).ok_or_else(unknown)
    }
}

impl From<FieldDenied> for Fault {
    fn from(denied: FieldDenied) -> Self {
        Self::new(&codes::FIELD_DENIED, denied.to_string()).of(denied.field.word())
    }
}

impl From<RoleRefused> for Fault {
    fn from(refused: RoleRefused) -> Self {
        match refused {
            RoleRefused::Invalid(invalid) => invalid.into(),
            RoleRefused::Unknown => Self::not_found("role"),
            RoleRefused::Held(holder) => {
                let remedy = format!("is the role of {holder}; give that another one first");
                Self::new(&codes::ROLE_HELD, remedy).of("role")
            }
        }
    }
}
