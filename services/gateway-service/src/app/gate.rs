use super::edge::lock;
use crate::domain::bucket::{Buckets, Rate};
use fault::{Fault, Result, codes};
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

/// What is counted per address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// Any request.
    Request,
    /// New sessions: each costs a row.
    Session,
    /// New conversations: each may cost a text.
    Start,
    /// Provider callbacks, which come from few addresses in waves.
    Callback,
}

/// Rates per address.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    pub request: Rate,
    pub session: Rate,
    pub start: Rate,
    pub callback: Rate,
}

/// Who is too fast.
pub struct Gate {
    request: Mutex<Buckets<IpAddr>>,
    session: Mutex<Buckets<IpAddr>>,
    start: Mutex<Buckets<IpAddr>>,
    callback: Mutex<Buckets<IpAddr>>,
}

impl Gate {
    pub fn new(rates: Rates) -> Self {
        let buckets = |rate| Mutex::new(Buckets::new(rate));
        Self {
            request: buckets(rates.request),
            session: buckets(rates.session),
            start: buckets(rates.start),
            callback: buckets(rates.callback),
        }
    }

    /// `age` is the process's. RATE_LIMITED for who is too fast.
    pub fn pass(&self, door: Door, address: IpAddr, age: Duration) -> Result<()> {
        let buckets = match door {
            Door::Request => &self.request,
            Door::Session => &self.session,
            Door::Start => &self.start,
            Door::Callback => &self.callback,
        };
        if lock(buckets).take(address, age) {
            Ok(())
        } else {
            Err(Fault::new(
                &codes::RATE_LIMITED,
                "too many from this address; wait a few seconds and try again",
            ))
        }
    }
}
