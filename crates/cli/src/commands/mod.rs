//! One command, one file.

pub(crate) mod account;
pub(crate) mod books;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod consent;
pub(crate) mod contact;
pub(crate) mod create;
pub(crate) mod demo;
pub(crate) mod dev;
pub(crate) mod dlq;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod export;
mod history;
pub(crate) mod integration;
pub(crate) mod links;
mod merge;
pub(crate) mod money;
mod opening_hours;
pub(crate) mod opt_out;
mod purchases;
pub(crate) mod serve_servers;
pub(crate) mod settings;
pub(crate) mod simulate;
pub(crate) mod team;
pub(crate) mod usage;
pub(crate) mod workspace;
