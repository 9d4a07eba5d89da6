//! Words that every service shares. Pure: no I/O, no clock, no randomness, no parsers heavier than a loop.
//!
//! Does not own: the wire (see `events`, `rpc`), errors above the domain (see `fault`), anything that only one
//! service needs.

mod address;
mod author;
mod country;
mod id;
mod invalid;
pub mod limits;
mod money;
mod opening_hours;
mod ports;
mod presence;
mod quiet_hours;
mod slug;
pub mod sms;
mod text;
mod text_sender;
mod time_scale;
mod time_zone;

pub use address::{Email, PersonName, PhoneE164};
pub use author::AuthorRole;
pub use country::Country;
pub use id::*;
pub use invalid::Invalid;
pub use money::Pu;
pub use opening_hours::{OpenRange, Opening, OpeningHours};
pub use ports::{Clock, Entropy};
pub use presence::{PresenceCause, PresenceState};
pub use quiet_hours::QuietHours;
pub use slug::{AgentId, ChannelId, IntegrationId, TeamId, WorkspaceId};
pub use text::{Language, MessageText};
pub use text_sender::TextSender;
pub use time_scale::TimeScale;
pub use time_zone::time_zone;

/// A point in time, UTC.
pub use jiff::Timestamp;
