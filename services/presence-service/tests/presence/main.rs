//! presence-service: its rules as a pure fold, and the service through its front door.

mod fold;
mod footprint;
mod gateways;
mod properties;
mod stage;
