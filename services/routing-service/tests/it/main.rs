//! routing-service through its front door, on real PostgreSQL and NATS.

mod agents;
mod assignments;
mod catalogue;
mod chance;
mod conversations;
mod desk;
mod door;
mod first_words;
mod hand_overs;
mod invitations;
mod isolation;
mod launches;
mod memberships;
mod opening_hours;
mod persons;
mod positions;
mod queue;
mod replicas;
mod retention;
mod shop;
mod staffing;
mod turns;
mod watches;
