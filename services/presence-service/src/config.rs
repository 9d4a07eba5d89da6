use crate::domain::Limits;
use ::domain::TimeScale;
use fault::{Fault, Result};
use runtime::Millis;
use std::time::Duration;

runtime::settings! {
    /// How long what may last. The time scale divides all but the three leases and waits at the end.
    pub struct Config {
        /// Without input in any tab for this long: offline, idle.
        "HOMING_PRESENCE_INPUT_LIMIT_MS" input_limit: Millis = "270000";
        /// All tabs hidden for this long: offline, hidden.
        "HOMING_PRESENCE_HIDDEN_LIMIT_MS" hidden_limit: Millis = "270000";
        /// From an explicit close to 'left'; a change of page is not leaving.
        "HOMING_PRESENCE_GRACE_MS" grace: Millis = "15000";
        /// A connection lost without a close is unknown for this long, then offline.
        "HOMING_PRESENCE_CONNECTION_LOST_MS" connection_lost: Millis = "90000";
        /// Visitors of a lost gateway are unknown until this long after sockets are accepted again.
        "HOMING_PRESENCE_GATEWAY_LOST_MS" gateway_lost: Millis = "300000";
        /// Losses are counted over this window.
        "HOMING_PRESENCE_MASS_LOSS_WINDOW_MS" mass_loss_window: Millis = "60000";
        /// A mass loss is over this long after the losses stopped.
        "HOMING_PRESENCE_MASS_LOSS_HOLD_MS" mass_loss_hold: Millis = "120000";
        /// A mass loss is at least so many sockets within the window.
        "HOMING_PRESENCE_MASS_LOSS_SOCKETS" mass_loss_sockets: u32 = "100";
        /// A mass loss is at least this share of all sockets, in percent.
        "HOMING_PRESENCE_MASS_LOSS_PERCENT" mass_loss_percent: u32 = "30";
        /// A gateway that was not heard for this long is lost. Gateways renew every 5 s.
        "HOMING_PRESENCE_GATEWAY_LEASE_MS" gateway_lease: Millis = "15000";
        /// A new owner waits this long for leases and snapshots before it doubts the rows it found.
        "HOMING_PRESENCE_RECOVERY_MS" recovery: Millis = "20000";
        /// An owner that did not renew for this long is replaced by a waiting replica. It renews every third of it; the
        /// time is the database's.
        "HOMING_PRESENCE_OWNER_LEASE_MS" owner_lease: Millis = "5000";
        /// Days for which it is kept since when, and why, a visitor is not online. 1 to 36500.
        "HOMING_PRESENCE_RETENTION_DAYS" retention_days: u32 = "400";
    }
}

/// The shortest duration that makes sense for any of them.
const SHORTEST: Duration = Duration::from_millis(100);

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Days.
const LONGEST_RETENTION: u32 = 36_500;

impl Config {
    /// How long visitors who are gone are kept.
    pub(crate) fn retention(&self) -> Result<Duration> {
        if !(1..=LONGEST_RETENTION).contains(&self.retention_days) {
            return Err(Fault::invalid("HOMING_PRESENCE_RETENTION_DAYS", "must be 1 to 36500"));
        }
        Ok(DAY * self.retention_days)
    }

    /// Refuses impossible values by name.
    pub(crate) fn limits(&self, scale: TimeScale) -> Result<Limits> {
        let durations = [
            ("HOMING_PRESENCE_INPUT_LIMIT_MS", self.input_limit),
            ("HOMING_PRESENCE_HIDDEN_LIMIT_MS", self.hidden_limit),
            ("HOMING_PRESENCE_GRACE_MS", self.grace),
            ("HOMING_PRESENCE_CONNECTION_LOST_MS", self.connection_lost),
            ("HOMING_PRESENCE_GATEWAY_LOST_MS", self.gateway_lost),
            ("HOMING_PRESENCE_MASS_LOSS_WINDOW_MS", self.mass_loss_window),
            ("HOMING_PRESENCE_MASS_LOSS_HOLD_MS", self.mass_loss_hold),
            ("HOMING_PRESENCE_GATEWAY_LEASE_MS", self.gateway_lease),
            ("HOMING_PRESENCE_RECOVERY_MS", self.recovery),
            ("HOMING_PRESENCE_OWNER_LEASE_MS", self.owner_lease),
        ];
        if let Some((name, _)) = durations.iter().find(|(_, millis)| millis.0 < SHORTEST) {
            return Err(Fault::invalid(*name, "must be at least 100 ms"));
        }
        if !(1..=100).contains(&self.mass_loss_percent) {
            return Err(Fault::invalid("HOMING_PRESENCE_MASS_LOSS_PERCENT", "must be 1 to 100"));
        }
        let limits = Limits {
            input: self.input_limit.0,
            hidden: self.hidden_limit.0,
            grace: self.grace.0,
            connection_lost: self.connection_lost.0,
            gateway_lost: self.gateway_lost.0,
            mass_window: self.mass_loss_window.0,
            mass_hold: self.mass_loss_hold.0,
            mass_sockets: self.mass_loss_sockets,
            mass_percent: self.mass_loss_percent,
            lease: self.gateway_lease.0,
            recovery: self.recovery.0,
        };
        Ok(limits.scaled(scale))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::Settings;

    fn limits(name: &str, value: &str, scale: &str) -> Result<Limits> {
        let lookup = |asked: &str| (asked == name).then(|| value.to_owned());
        let config = Config::read(&lookup).expect("numbers");
        config.limits(TimeScale::parse(scale).expect("a scale"))
    }

    #[test]
    fn the_scale_divides_product_durations_and_no_lease() {
        let real = limits("", "", "1").expect("defaults");
        assert_eq!(real, Limits::default());
        let fast = limits("", "", "30").expect("defaults");
        assert_eq!(
            (fast.input, fast.grace),
            (Duration::from_secs(9), Duration::from_millis(500))
        );
        assert_eq!((fast.lease, fast.recovery), (real.lease, real.recovery));
    }

    #[test]
    fn an_impossible_limit_is_refused_by_name() {
        for (name, value) in [
            ("HOMING_PRESENCE_GRACE_MS", "0"),
            ("HOMING_PRESENCE_MASS_LOSS_PERCENT", "101"),
        ] {
            let fault = limits(name, value, "1").expect_err("impossible");
            assert_eq!(fault.field(), Some(name));
        }
    }
}
