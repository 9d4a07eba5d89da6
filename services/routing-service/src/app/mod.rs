//! Use cases, one file each.

pub(crate) mod list_agents;
pub(crate) mod set_agent_availability;
