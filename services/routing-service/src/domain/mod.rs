//! Agents, requests, and who fits whom. Pure.

mod agent;
mod assignment;
pub(crate) mod channel_routing;
pub(crate) mod invitation;
mod kind;
pub(crate) mod launch;
mod new_request;
mod opening;
mod pace;
mod page;
#[cfg(test)]
mod queue_tests;
mod queue_view;
mod request;
mod staffing;
mod visited;

pub(crate) use agent::{Agent, Availability, CAPACITY, Load, Membership, Profile};
pub(crate) use assignment::{Assignee, Assignment, Cause};
pub(crate) use kind::Kind;
pub(crate) use new_request::{About, Need, NewRequest};
pub(crate) use opening::Opening;
pub(crate) use pace::Pace;
pub(crate) use page::PageSize;
pub(crate) use queue_view::QueueView;
pub(crate) use request::{Holder, Kept, Moved, Pass, Place, Recipient, Refused, Request, State, seconds};
pub(crate) use staffing::Staffing;
pub(crate) use visited::VisitedPage;
