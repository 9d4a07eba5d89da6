use super::wire::{End, Outgoing, Wire};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// Keeps proxies from closing a silent connection, and finds out who is gone.
const PING_EVERY: Duration = Duration::from_secs(25);
const PONG_WITHIN: Duration = Duration::from_secs(8);

/// Whether the other side lives.
pub struct Pulse {
    at: Instant,
    pinged: bool,
}

impl Pulse {
    pub fn new() -> Self {
        Self {
            at: Instant::now() + PING_EVERY,
            pinged: false,
        }
    }

    /// A sign of life.
    pub fn felt(&mut self) {
        *self = Self::new();
    }

    /// Resolves when [`Pulse::beat`] is due.
    pub fn due(&self) -> Sleep {
        sleep_until(self.at)
    }

    /// Asks for a sign of life. LOST where the last question had no answer.
    pub async fn beat<F: Outgoing>(&mut self, wire: &mut Wire<F>) -> Result<(), End> {
        if self.pinged {
            return Err(End::Lost);
        }
        wire.ping().await?;
        self.pinged = true;
        self.at = Instant::now() + PONG_WITHIN;
        Ok(())
    }
}
