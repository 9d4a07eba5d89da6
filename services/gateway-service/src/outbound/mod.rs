//! What the gateway asks and tells: its own tables, the services behind it, presence signals.

pub mod billing;
mod calls;
pub mod contacts;
pub mod conversation;
pub mod notifier;
pub mod postgres;
pub mod routing;
pub mod signals;
pub mod watch;
