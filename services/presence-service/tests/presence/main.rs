//! presence-service: its rules as a pure fold, and the service through its front door.

mod catalogue;
mod door;
mod fold;
mod footprint;
mod gateways;
mod owners;
mod persons;
mod properties;
mod service;
mod stage;
