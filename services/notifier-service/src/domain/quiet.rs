//! What falls into quiet hours is put off, not dropped.

use super::Step;
use domain::{DeliveryId, QuietHours};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// What a night has put off does not go out in one second: providers take some texts a second and drop what waits too long.
const SPREAD_SECONDS: u128 = 600;
/// Hours that still follow upon each other after so many ends leave no time between them.
const ENDS: usize = 8;

/// Whether a message may go out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hush {
    /// It may.
    Over,
    /// Not before then.
    Until(Timestamp),
    /// At no time of the day.
    Always,
}

/// When to send what would go out now: within ten minutes after a moment that is in none of the hours, in any of the `zones`. A text
/// may ring for as long as its provider tries to deliver it (`validity`), so it is put off if it could ring in them.
pub fn put_off(
    hours: &[QuietHours],
    (delivery, step): (DeliveryId, Step),
    zones: &[TimeZone],
    now: Timestamp,
    validity: SignedDuration,
) -> Hush {
    let rings = match step {
        Step::Text => validity,
        Step::Mail => SignedDuration::ZERO,
    };
    let end_after = |at: Timestamp| {
        let ends = hours.iter().filter_map(|hours| {
            hours
                .end_after(at, zones)
                .or_else(|| hours.end_after(at + rings, zones))
        });
        ends.max()
    };
    let mut at = now;
    for _ in 0..ENDS {
        match end_after(at) {
            Some(end) => at = end,
            None if at == now => return Hush::Over,
            None => return Hush::Until(at + spread(delivery)),
        }
    }
    Hush::Always
}

/// The same for every check of one delivery.
fn spread(delivery: DeliveryId) -> SignedDuration {
    let seconds = delivery.0.as_u128() % SPREAD_SECONDS;
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::zones::zones_of;
    use domain::Country;
    use uuid::Uuid;

    const VALIDITY: SignedDuration = SignedDuration::from_mins(15);

    fn text(hours: &[QuietHours], country: &str, now: &str) -> Hush {
        let zones = zones_of(&Country::parse(country).expect("a country"));
        let of = (DeliveryId(Uuid::nil()), Step::Text);
        put_off(hours, of, &zones, now.parse().expect("a time"), VALIDITY)
    }

    fn hours(text: &str) -> QuietHours {
        QuietHours::parse(text).expect("hours").expect("not empty")
    }

    #[test]
    fn first_messages_have_a_time_of_day_also_in_wide_countries() {
        for country in ["PL", "US", "CA", "AU", "BR", "RU", "FR", "ID", "KZ", "MX", "CL"] {
            for day in ["2026-01-15", "2026-07-15"] {
                for hour in 0..24 {
                    let now = format!("{day}T{hour:02}:10:00Z");
                    let told = text(&[QuietHours::FIRST_MESSAGES], country, &now);
                    assert_ne!(told, Hush::Always, "{country} at {now}");
                }
            }
        }
    }

    #[test]
    fn several_hours_are_waited_out_together() {
        let first = QuietHours::FIRST_MESSAGES;
        let until = |at: &str| Hush::Until(at.parse().expect("a time"));
        let told = text(&[first, hours("08:30-12:00")], "PL", "2026-01-15T19:30:00Z");
        assert_eq!(
            told,
            until("2026-01-16T11:00:00Z"),
            "not at nine, when the next ones have begun"
        );
        assert_eq!(text(&[first], "PL", "2026-01-15T11:00:00Z"), Hush::Over);
        assert_eq!(text(&[], "PL", "2026-01-15T23:00:00Z"), Hush::Over);
        assert_eq!(
            text(&[first, hours("08:45-20:00")], "PL", "2026-01-15T11:00:00Z"),
            Hush::Always
        );
    }
}
