//! Agents, requests, and who fits whom. Pure.

mod agent;
mod assignment;
pub(crate) mod channel_routing;
pub(crate) mod invitation;
mod kind;
pub(crate) mod launch;
mod page;
#[cfg(test)]
mod queue_tests;
mod queue_view;
mod request;
mod visited;

pub(crate) use agent::{Agent, Availability, CAPACITY, Load, Profile};
pub(crate) use assignment::{Assignee, Assignment, Cause};
pub(crate) use kind::Kind;
pub(crate) use page::PageSize;
pub(crate) use queue_view::QueueView;
pub(crate) use request::{
    About, Holder, Kept, Moved, Need, NewRequest, Pass, Place, Recipient, Refused, Request, State, VisitedPage, seconds,
};
