//! Limits that more than one service holds. Each with its why.

use std::ops::RangeInclusive;

/// A message: fits a NATS message many times over, and no person writes more.
pub const MESSAGE_BYTES: usize = 64 * 1024;

/// An ingested CloudEvents document: the message, JSON escapes and the attributes around it.
pub const INGEST_BYTES: usize = 128 * 1024;

/// Events in one `POST /v1/events` or `IngestEvents`: one database batch.
pub const INGEST_BATCH: usize = 500;

/// A foreign id or reference: longer ones are a sign of a mistake.
pub const FOREIGN_ID_BYTES: usize = 200;

/// A page URL, as long as browsers commonly keep them.
pub const PAGE_URL_BYTES: usize = 2048;

/// A raw mail with what is attached. Mail servers commonly take 10 to 25 MB.
pub const MAIL_BYTES: usize = 10 * 1024 * 1024;

/// Characters of a message that goes out as a text: Twilio takes no more, and few people read more on a phone.
pub const TEXT_CHARACTERS: usize = 1_600;

/// Milliseconds between the last answer and a text: longer debounces would look like lost messages.
pub const DEBOUNCE_MS: u32 = 600_000;

/// Milliseconds after the first unread answer at which a text goes out although more answers come: an hour.
pub const CEILING_MS: u32 = 3_600_000;

/// Milliseconds to wait for a response, or for an answer to be read: a day.
pub const WAIT_MS: u32 = 86_400_000;

/// Texts to a number, or mails to an address, a day that a channel may allow.
pub const SENDS_PER_DAY: RangeInclusive<u32> = 1..=100;
