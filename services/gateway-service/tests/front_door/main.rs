//! The gateway through its front door: real PostgreSQL and NATS, the services behind it played by `peers`.

mod contracts;
mod gateway;
mod http;
mod peers;
mod presence;
mod problems;
mod socket;
