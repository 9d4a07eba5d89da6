//! Which role may see and change which fields of contacts.

mod field_group;
mod rights;
#[cfg(test)]
mod tests;

pub use field_group::{Access, FieldGroup};
pub use rights::{FieldDenied, Rights, Shown, ShownProfile};

use domain::{AgentId, IntegrationId, Invalid, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Roles of a workspace's own at most.
const OWN: usize = 50;
/// Integrations, and agents, with a role of their own at most.
const HOLDERS: usize = 1_000;
/// Characters of a role's name.
const NAME: usize = 40;

/// What a role is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RoleName(String);

impl RoleName {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let fits = text.len() <= NAME
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        match fits {
            true => Ok(Self(text.to_owned())),
            false => {
                let remedy = "needs 1 to 40 characters out of a-z, 0-9 and '_' that begin with a letter";
                Err(Invalid::new("role", remedy))
            }
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RoleName {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A role that every workspace has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuiltIn {
    /// Always may everything, so that nobody locks everybody out.
    Owner,
    Admin,
    Agent,
    LimitedAgent,
    /// Of whoever calls by an API token and has no other.
    Integration,
}

impl BuiltIn {
    pub const ALL: [Self; 5] = [
        Self::Owner,
        Self::Admin,
        Self::Agent,
        Self::LimitedAgent,
        Self::Integration,
    ];

    pub fn name(self) -> RoleName {
        let name = match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Agent => "agent",
            Self::LimitedAgent => "limited_agent",
            Self::Integration => "integration",
        };
        RoleName(name.to_owned())
    }

    fn of(name: &RoleName) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == *name)
    }

    /// What it may until somebody says otherwise.
    fn fields(self) -> RoleFields {
        let access = |field: FieldGroup| match (self, field) {
            (_, field) if !field.can_be_changed() => Access::See,
            (Self::Owner | Self::Admin | Self::Integration, _) => Access::Edit,
            (Self::Agent, FieldGroup::Purchases) => Access::See,
            (Self::Agent, _) => Access::Edit,
            (Self::LimitedAgent, FieldGroup::Tags) => Access::Edit,
            (Self::LimitedAgent, FieldGroup::Name | FieldGroup::TimeZone | FieldGroup::Stage) => Access::See,
            (Self::LimitedAgent, FieldGroup::Purchases) => Access::See,
            (Self::LimitedAgent, _) => Access::Hidden,
        };
        RoleFields(
            FieldGroup::ALL
                .into_iter()
                .map(|field| (field, access(field)))
                .collect(),
        )
    }
}

/// What a role may do with each field; with one that is not named: nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleFields(BTreeMap<FieldGroup, Access>);

impl RoleFields {
    pub fn access(&self, field: FieldGroup) -> Access {
        self.0.get(&field).copied().unwrap_or(Access::Hidden)
    }

    /// Refused where nobody can do that.
    fn with(mut self, change: &BTreeMap<FieldGroup, Access>) -> Result<Self, Invalid> {
        for (field, access) in change {
            if *access == Access::Edit && !field.can_be_changed() {
                let remedy = format!("cannot have {} changed: it comes about by itself", field.word());
                return Err(Invalid::new("fields", remedy));
            }
            self.0.insert(*field, *access);
        }
        Ok(self)
    }
}

/// The roles of a workspace, and who has which.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles {
    /// The workspace's own, and built-in ones that it changed.
    changed: BTreeMap<RoleName, RoleFields>,
    integrations: BTreeMap<IntegrationId, RoleName>,
    #[serde(default)]
    agents: BTreeMap<AgentId, RoleName>,
}

/// Who has a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    Integration(IntegrationId),
    Agent(AgentId),
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integration(integration) => write!(f, "integration {integration}"),
            Self::Agent(agent) => write!(f, "agent {agent}"),
        }
    }
}

/// Why roles are not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleRefused {
    Invalid(Invalid),
    /// There is no such role.
    Unknown,
    /// This one has it.
    Held(Holder),
}

impl From<Invalid> for RoleRefused {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl Roles {
    /// All of them by name, and whether they are built in.
    pub fn list(&self) -> Vec<(RoleName, RoleFields, bool)> {
        let mut all: BTreeMap<RoleName, (RoleFields, bool)> = BuiltIn::ALL
            .into_iter()
            .map(|one| (one.name(), (one.fields(), true)))
            .collect();
        for (name, fields) in &self.changed {
            let fields = self.fields(name).unwrap_or_else(|| fields.clone());
            all.insert(name.clone(), (fields, BuiltIn::of(name).is_some()));
        }
        all.into_iter()
            .map(|(name, (fields, built_in))| (name, fields, built_in))
            .collect()
    }

    pub fn integrations(&self) -> &BTreeMap<IntegrationId, RoleName> {
        &self.integrations
    }

    pub fn agents(&self) -> &BTreeMap<AgentId, RoleName> {
        &self.agents
    }

    pub fn fields(&self, role: &RoleName) -> Option<RoleFields> {
        let changed = self.changed.get(role).cloned();
        match BuiltIn::of(role).map(BuiltIn::fields) {
            // A field that came after the change is as it was at first.
            Some(mut fields) => {
                fields.0.extend(changed.unwrap_or_default().0);
                Some(fields)
            }
            None => changed,
        }
    }

    /// What an integration may, also where it speaks for somebody of another role. `None`: there is no such role.
    pub fn rights(&self, integration: &IntegrationId, role: Option<&RoleName>) -> Option<Rights> {
        let its = self.integrations.get(integration).cloned();
        let its = its.unwrap_or_else(|| BuiltIn::Integration.name());
        let roles = std::iter::once(its).chain(role.cloned());
        let known: Option<Vec<_>> = roles
            .map(|role| self.fields(&role).map(|fields| (role, fields)))
            .collect();
        known.map(Rights::of)
    }

    /// The role in which an agent is spoken for: the one that they were given, else the one that is named. The error is the one that they
    /// have where another one is named.
    pub fn role_of<'a>(
        &'a self,
        agent: Option<&AgentId>,
        named: Option<&'a RoleName>,
    ) -> Result<Option<&'a RoleName>, &'a RoleName> {
        match (agent.and_then(|agent| self.agents.get(agent)), named) {
            (Some(given), Some(named)) if given != named => Err(given),
            (given, named) => Ok(given.or(named)),
        }
    }

    /// With these fields of the role changed, or with a new role that may these alone.
    pub fn set(&self, role: &RoleName, fields: &BTreeMap<FieldGroup, Access>) -> Result<Self, RoleRefused> {
        if BuiltIn::of(role) == Some(BuiltIn::Owner) {
            let remedy = "owner may everything, so that nobody is locked out; change another one";
            return Err(Invalid::new("role", remedy).into());
        }
        let present = self.fields(role).unwrap_or_default();
        let mut next = self.clone();
        next.changed.insert(role.clone(), present.with(fields)?);
        let own = next.changed.keys().filter(|name| BuiltIn::of(name).is_none());
        if own.count() > OWN {
            return Err(Invalid::new("role", "would be one of more than 50; remove one").into());
        }
        Ok(next)
    }

    /// Without the role; a built-in one as it was at first.
    pub fn remove(&self, role: &RoleName) -> Result<Self, RoleRefused> {
        let mut next = self.clone();
        if next.changed.remove(role).is_none() && BuiltIn::of(role).is_none() {
            return Err(RoleRefused::Unknown);
        }
        let integration = next.integrations.iter().find(|(_, held)| *held == role);
        let agent = next.agents.iter().find(|(_, held)| *held == role);
        let holder = integration.map(|(id, _)| Holder::Integration(id.clone()));
        match holder.or(agent.map(|(id, _)| Holder::Agent(id.clone()))) {
            Some(holder) if BuiltIn::of(role).is_none() => Err(RoleRefused::Held(holder)),
            _ => Ok(next),
        }
    }

    /// With the integration or agent in the role; `None`: in none of its own.
    pub fn assign(&self, holder: &Holder, role: Option<&RoleName>) -> Result<Self, RoleRefused> {
        let mut next = self.clone();
        if role.is_some_and(|role| self.fields(role).is_none()) {
            return Err(RoleRefused::Unknown);
        }
        let (field, holders) = match holder {
            Holder::Integration(id) => ("integration", give(&mut next.integrations, id, role)),
            Holder::Agent(id) => ("agent", give(&mut next.agents, id, role)),
        };
        if holders > HOLDERS {
            let remedy = "would be one of more than 1,000 with a role of their own; take one away";
            return Err(Invalid::new(field, remedy).into());
        }
        Ok(next)
    }

    /// What is different in the next ones, a line each.
    pub fn changes(&self, next: &Self) -> Vec<String> {
        let mut told = vec![];
        let names = self.list().into_iter().chain(next.list()).map(|(name, ..)| name);
        let names: std::collections::BTreeSet<RoleName> = names.collect();
        for name in names {
            let (before, after) = (self.fields(&name), next.fields(&name));
            match (&before, &after) {
                (None, Some(_)) => told.push(format!("{name}: new")),
                (Some(_), None) => told.push(format!("{name}: removed")),
                _ => {}
            }
            let (before, Some(after)) = (before.unwrap_or_default(), after) else {
                continue;
            };
            for field in FieldGroup::ALL {
                let (was, is) = (before.access(field), after.access(field));
                if was != is {
                    told.push(format!("{name}.{}: {} > {}", field.word(), was.word(), is.word()));
                }
            }
        }
        let held = |roles: &Self, integration: &IntegrationId| {
            let held = roles.integrations.get(integration).cloned();
            held.unwrap_or_else(|| BuiltIn::Integration.name())
        };
        let integrations = self.integrations.keys().chain(next.integrations.keys());
        let integrations: std::collections::BTreeSet<&IntegrationId> = integrations.collect();
        for integration in integrations {
            let (was, is) = (held(self, integration), held(next, integration));
            if was != is {
                told.push(format!("{integration}: {was} > {is}"));
            }
        }
        let given = |roles: &Self, agent: &AgentId| {
            roles
                .agents
                .get(agent)
                .map_or_else(|| "-".to_owned(), RoleName::to_string)
        };
        let agents = self.agents.keys().chain(next.agents.keys());
        let agents: std::collections::BTreeSet<&AgentId> = agents.collect();
        for agent in agents {
            let (was, is) = (given(self, agent), given(next, agent));
            if was != is {
                told.push(format!("agent {agent}: {was} > {is}"));
            }
        }
        told
    }
}

/// How many have a role then.
fn give<T: Ord + Clone>(held: &mut BTreeMap<T, RoleName>, holder: &T, role: Option<&RoleName>) -> usize {
    match role {
        Some(role) => held.insert(holder.clone(), role.clone()),
        None => held.remove(holder),
    };
    held.len()
}

/// One version of a workspace's roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleChange {
    pub version: u64,
    pub at: Timestamp,
    pub by: String,
    pub changes: Vec<String>,
}
