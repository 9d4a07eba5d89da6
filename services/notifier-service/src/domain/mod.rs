//! The two machines of a follow-up, pure: facts are folded into a [`Case`], and what to do is a function of the case,
//! the time and our own deliveries. No async, no clock, no chance, no I/O.

pub mod breaker;
mod case;
pub mod confirmation;
mod conversation;
mod delivery;
pub mod explain;
mod follow_up;
pub mod given_name;
pub mod inbound_mail;
pub mod inbound_text;
pub mod keys;
pub mod keywords;
pub mod korean;
pub mod message;
pub mod mime;
pub mod national;
mod presence;
pub mod provider;
pub mod quiet;
mod quoted;
pub mod read;
mod reason;
pub mod reminder;
pub mod render;
pub mod reply_address;
mod settings;
pub mod transcript;
mod words;
pub mod zones;

pub use case::{Case, Effect, Ids};
pub use conversation::{Answer, Continued, Conversation, Ended, Given, Reach, Started};
pub use delivery::{Move, Purpose, Receipt, Status, Turn};
pub use follow_up::{Evidence, FollowUp, History, Sent, State, Step, StepRecord, Verdict};
pub use message::Medium;
pub use presence::{Fresh, Presence};
pub use reason::{Causes, End, Why};
pub use settings::{Carries, Policy, Settings, Timing};

#[cfg(test)]
mod case_tests;
#[cfg(test)]
mod follow_up_tests;
