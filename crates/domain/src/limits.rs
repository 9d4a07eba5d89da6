//! Limits that more than one service holds. Each with its why.

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
