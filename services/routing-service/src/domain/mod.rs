//! Agents. Pure.

mod agent;
mod page;

pub(crate) use agent::{Agent, Availability};
pub(crate) use page::PageSize;
