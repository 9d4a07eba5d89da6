use ::domain::TimeScale;
use std::time::Duration;

/// How long what may last. All but `lease` and `recovery` are product durations, which a time scale divides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Without input in any tab: idle.
    pub input: Duration,
    /// All tabs hidden: hidden.
    pub hidden: Duration,
    /// From an explicit close to 'left', so that a change of page is not leaving.
    pub grace: Duration,
    /// A connection lost without a close is unknown for this long, then away.
    pub connection_lost: Duration,
    /// Visitors of a lost gateway are unknown until this long after sockets are accepted again.
    pub gateway_lost: Duration,
    /// Losses are counted over this window ...
    pub mass_window: Duration,
    /// ... and a mass loss is over this long after they stopped.
    pub mass_hold: Duration,
    /// Sockets lost within the window, at least, to be a mass loss.
    pub mass_sockets: u32,
    /// Share of all sockets, in percent, at least, to be a mass loss.
    pub mass_percent: u32,
    /// A gateway that has not been heard for this long is lost.
    pub lease: Duration,
    /// A new owner waits this long for leases and snapshots before it doubts the rows it found.
    pub recovery: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            input: Duration::from_secs(270),
            hidden: Duration::from_secs(270),
            grace: Duration::from_secs(15),
            connection_lost: Duration::from_secs(90),
            gateway_lost: Duration::from_secs(300),
            mass_window: Duration::from_secs(60),
            mass_hold: Duration::from_secs(120),
            mass_sockets: 100,
            mass_percent: 30,
            lease: Duration::from_secs(15),
            recovery: Duration::from_secs(20),
        }
    }
}

impl Limits {
    /// The same limits on the product's faster clock.
    #[must_use]
    pub fn scaled(self, scale: TimeScale) -> Self {
        Self {
            input: scale.apply(self.input),
            hidden: scale.apply(self.hidden),
            grace: scale.apply(self.grace),
            connection_lost: scale.apply(self.connection_lost),
            gateway_lost: scale.apply(self.gateway_lost),
            mass_window: scale.apply(self.mass_window),
            mass_hold: scale.apply(self.mass_hold),
            ..self
        }
    }
}
