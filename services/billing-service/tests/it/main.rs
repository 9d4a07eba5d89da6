//! Billing through its front door: gRPC and facts in, answers and facts out, on a real PostgreSQL and NATS.

mod batches;
mod books;
mod facts;
mod harness;
mod holds;
mod isolation;
mod killed;
mod metrics;
mod prepaid;
mod price_sheets;
mod prices;
mod settlements;
mod statements;
mod tls;
mod usage;
