//! What falls into quiet hours is put off, not dropped.

use super::Step;
use domain::{DeliveryId, QuietHours};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// What a night has put off does not go out in one second: providers take some texts a second and drop what waits too long.
const SPREAD_SECONDS: u128 = 600;

/// When to send what would go out now: within ten minutes after the end of the hours in all `zones`. `None`: now. A text may
/// ring for as long as its provider tries to deliver it (`validity`), so it is put off if it could ring in them.
pub fn put_off(
    hours: QuietHours,
    (delivery, step): (DeliveryId, Step),
    zones: &[TimeZone],
    now: Timestamp,
    validity: SignedDuration,
) -> Option<Timestamp> {
    let rings_until = match step {
        Step::Text => now + validity,
        Step::Mail => now,
    };
    let end = hours
        .end_after(now, zones)
        .or_else(|| hours.end_after(rings_until, zones));
    end.map(|end| end + spread(delivery))
}

/// The same for every check of one delivery.
fn spread(delivery: DeliveryId) -> SignedDuration {
    let seconds = delivery.0.as_u128() % SPREAD_SECONDS;
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or_default())
}
