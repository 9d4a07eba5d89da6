use super::{HoldState, Kind, Terms};
use domain::{Country, DeliveryId, Invalid, Pu, Timestamp};
use uuid::Uuid;

/// How usage is summed, in the workspace's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Day,
    Month,
}

/// What span of time is asked for; `to` is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: Timestamp,
    pub to: Timestamp,
}

/// A year and a bit, so that a year can be compared with the one before in two calls.
const MAX_DAYS: i64 = 400;

impl Period {
    pub fn new(from: Timestamp, to: Timestamp) -> Result<Self, Invalid> {
        let seconds = to.as_second().saturating_sub(from.as_second());
        if from >= to {
            Err(Invalid::new("to", "must be later than from"))
        } else if seconds > MAX_DAYS * 24 * 3600 {
            Err(Invalid::new("to", "must be at most 400 days later than from"))
        } else {
            Ok(Self { from, to })
        }
    }
}

/// Usage is kept by the quarter of an hour: every time zone's midnight begins one.
const QUARTER: i64 = 900;

impl Period {
    /// The whole quarters of an hour within: the first one's beginning and the last one's end. Where there is none, both
    /// are the end of the period.
    pub fn quarters(&self) -> (Timestamp, Timestamp) {
        let begun = |at: Timestamp| at.as_second().div_euclid(QUARTER) * QUARTER;
        let whole = |second| Timestamp::from_second(second).unwrap_or(self.to);
        let from = whole(begun(self.from));
        let first = if from < self.from {
            whole(begun(self.from) + QUARTER)
        } else {
            from
        };
        let last = whole(begun(self.to)).min(self.to);
        if first < last {
            (first, last)
        } else {
            (self.to, self.to)
        }
    }
}

/// One sum over captured charges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// `2026-11-21`, or `2026-11`.
    pub period: String,
    pub kind: Kind,
    /// Empty for e-mail.
    pub country: String,
    pub messages: u64,
    pub parts: u64,
    pub amount: Pu,
}

impl UsageRow {
    /// What one message cost on the average, rounded half up.
    pub fn each(&self) -> Pu {
        let messages = i64::try_from(self.messages).unwrap_or(i64::MAX).max(1);
        let (whole, rest) = (self.amount.micro() / messages, self.amount.micro() % messages);
        let each = whole + i64::from(rest >= messages - rest);
        Pu::from_micro(each).unwrap_or(Pu::ZERO)
    }
}

/// The sums of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// IANA name of the time zone whose days and months these are.
    pub time_zone: String,
    pub rows: Vec<UsageRow>,
}

impl Usage {
    /// Messages, parts and cost of all rows; `None` where that is more than can be counted.
    pub fn total(&self) -> Option<(u64, u64, Pu)> {
        self.rows
            .iter()
            .try_fold((0u64, 0u64, Pu::ZERO), |(messages, parts, amount), row| {
                Some((
                    messages.checked_add(row.messages)?,
                    parts.checked_add(row.parts)?,
                    amount.plus(row.amount)?,
                ))
            })
    }
}

/// What of the log, or of usage, is asked for; `None` asks for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filter {
    /// When it was held.
    pub period: Option<Period>,
    pub state: Option<HoldState>,
    pub kind: Option<Kind>,
    pub country: Option<Country>,
}

/// Whether a message arrived. The later one outdoes the earlier one, whichever is told first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Receipt {
    Undelivered,
    Delivered,
}

impl Receipt {
    /// The word as stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Undelivered => "undelivered",
            Self::Delivered => "delivered",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Undelivered, Self::Delivered]
            .into_iter()
            .find(|receipt| receipt.word() == word)
    }
}

/// One message in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub delivery: DeliveryId,
    pub terms: Terms,
    pub amount: Pu,
    pub state: HoldState,
    /// When it was held.
    pub at: Timestamp,
    /// When it was captured, released or expired.
    pub settled_at: Option<Timestamp>,
    /// What a receipt said, and when that was so.
    pub receipt: Option<(Receipt, Timestamp)>,
}

/// Where a page of the log, or of the journal, ended: the next begins with what is older.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub at: Timestamp,
    /// Of the message, or of the line.
    pub id: Uuid,
}

impl Cursor {
    /// `None` for the empty token, the first page.
    pub fn parse(token: &str) -> Result<Option<Self>, Invalid> {
        let read = || {
            let (micros, id) = token.split_once('.')?;
            let at = Timestamp::from_microsecond(micros.parse().ok()?).ok()?;
            Some(Self {
                at,
                id: Uuid::try_parse(id).ok()?,
            })
        };
        match token {
            "" => Ok(None),
            _ => read().map(Some).ok_or_else(|| {
                Invalid::new(
                    "page_token",
                    "is not one of ours; use next_page_token of the page before, or nothing",
                )
            }),
        }
    }

    pub fn token(&self) -> String {
        format!("{}.{}", self.at.as_microsecond(), self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_token() {
        let at = Timestamp::from_microsecond(1_700_000_000_123_456).expect("in range");
        let cursor = Cursor {
            at,
            id: Uuid::from_u128(7),
        };
        assert_eq!(Cursor::parse(&cursor.token()), Ok(Some(cursor)));
        assert_eq!(Cursor::parse(""), Ok(None));
        for bad in [
            "x",
            "1.2",
            ".",
            "99999999999999999999.00000000-0000-0000-0000-000000000007",
        ] {
            assert_eq!(Cursor::parse(bad).expect_err(bad).field, "page_token");
        }
    }

    #[test]
    fn whole_quarters_lie_within_the_period() {
        let of = |from: &str, to: &str| {
            let day = |time: &str| format!("2026-01-05T{time}Z").parse().expect("a time");
            let (first, last) = Period::new(day(from), day(to)).expect("a period").quarters();
            format!("{first} {last}").replace("2026-01-05T", "")
        };
        assert_eq!(of("12:00:00", "13:00:00"), "12:00:00Z 13:00:00Z");
        assert_eq!(of("12:00:00.5", "12:59:59"), "12:15:00Z 12:45:00Z");
        assert_eq!(of("12:14:59.999999", "12:30:00.000001"), "12:15:00Z 12:30:00Z");
        assert_eq!(of("12:01:00", "12:29:00"), "12:29:00Z 12:29:00Z");
        assert_eq!(of("12:01:00", "12:15:00"), "12:15:00Z 12:15:00Z");
    }

    #[test]
    fn the_mean_is_rounded_half_up() {
        let row = |messages, micro| UsageRow {
            period: "2026-11".into(),
            kind: Kind::Sms,
            country: "PL".into(),
            messages,
            parts: messages,
            amount: Pu::from_micro(micro).expect("an amount"),
        };
        for (messages, micro, each) in [
            (3, 10, 3),
            (3, 11, 4),
            (2, 3, 2),
            (4, 0, 0),
            (0, 0, 0),
            (1, i64::MAX, i64::MAX),
        ] {
            assert_eq!(row(messages, micro).each().micro(), each, "{micro} / {messages}");
        }
        let usage = Usage {
            time_zone: "UTC".into(),
            rows: vec![row(1, 5), row(2, 6)],
        };
        assert_eq!(usage.total(), Some((3, 3, Pu::from_micro(11).expect("an amount"))));
    }

    #[test]
    fn a_period_has_a_beginning_an_end_and_a_limit() {
        let at = |day: i64| Timestamp::from_second(day * 86_400).expect("in range");
        assert!(Period::new(at(0), at(400)).is_ok());
        assert!(Period::new(at(0), at(401)).is_err());
        assert!(Period::new(at(1), at(1)).is_err());
    }
}
