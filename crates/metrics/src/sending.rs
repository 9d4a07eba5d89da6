//! What notifier-service exports. `step` is text or mail.

use crate::catalogue::{Kind, Metric, metric};

pub const DELIVERIES: Metric = metric(
    "homing.notifier.deliveries",
    Kind::Counter,
    "{turn}",
    &["step", "purpose", "outcome"],
    "turns of deliveries: attempting, accepted, delivered, failed, refused, unknown, ...",
);
pub const ENDED: Metric = metric(
    "homing.notifier.follow_ups.ended",
    Kind::Counter,
    "{follow_up}",
    &["reason"],
    "follow-ups that ended, by their strongest reason; again when more becomes known",
);
pub const LAG: Metric = metric(
    "homing.notifier.due.lag",
    Kind::Histogram,
    "s",
    &["step"],
    "from the time a delivery was due to its committed attempt",
);
pub const CALL: Metric = metric(
    "homing.notifier.provider.call.duration",
    Kind::Histogram,
    "s",
    &["step", "provider", "outcome"],
    "calls to providers: accepted, refused, later, not_reached, unknown",
);
pub const REMINDERS: Metric = metric(
    "homing.notifier.reminders",
    Kind::Counter,
    "{reminder}",
    &["outcome"],
    "reminders of agents: sent by mail, or not: agent_there, no_address, gone, too_late, failed, unknown; undelivered is told after sent",
);
pub const BREAKER: Metric = metric(
    "homing.notifier.provider.breaker",
    Kind::Gauge,
    "1",
    &["provider"],
    "whether a provider of texts is called: 0 yes, 1 to try it again, 2 not for a while",
);
pub const BREAKER_TURNS: Metric = metric(
    "homing.notifier.provider.breaker.turns",
    Kind::Counter,
    "{turn}",
    &["provider", "state"],
    "turns of providers' breakers",
);
