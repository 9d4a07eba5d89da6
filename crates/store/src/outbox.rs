//! Rows of the outbox: written with the state they tell of, read and marked by the relay.

use domain::{EventId, Timestamp, WorkspaceId};
use events::Outgoing;
use jiff_sqlx::ToSqlx;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// How long a published row stays: the window that can be published again after a stream lost its tail.
const KEEP: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);
/// How long an inbox row stays: longer than outbox, stream (7 days) and dead letters (14 days) can bring an event back.
const KEEP_INBOX: jiff::SignedDuration = jiff::SignedDuration::from_hours(30 * 24);
/// Rows deleted at a time: short transactions.
pub(crate) const PRUNE: u64 = 5_000;

/// One statement for all of a transaction's facts.
pub(crate) async fn append(connection: &mut PgConnection, facts: &[Outgoing]) -> Result<(), sqlx::Error> {
    if facts.is_empty() {
        return Ok(());
    }
    // Arrays of arrays must be rectangular in PostgreSQL, so headers travel as one text with line breaks.
    let headers: Vec<String> = facts
        .iter()
        .map(|fact| {
            fact.headers
                .iter()
                .flat_map(|(name, value)| [name.as_str(), value.as_str()])
                .collect::<Vec<_>>()
                .join("\n")
        })
        .collect();
    sqlx::query(
        "INSERT INTO outbox (workspace_id, id, subject, headers, payload, created_at)
         SELECT w, i, s, string_to_array(h, E'\\n'), p, c
         FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::timestamptz[])
              AS t (w, i, s, h, p, c)",
    )
    .bind(facts.iter().map(|fact| fact.workspace.to_string()).collect::<Vec<_>>())
    .bind(facts.iter().map(|fact| fact.id.0).collect::<Vec<_>>())
    .bind(facts.iter().map(|fact| fact.subject.clone()).collect::<Vec<_>>())
    .bind(headers)
    .bind(facts.iter().map(|fact| fact.payload.clone()).collect::<Vec<_>>())
    .bind(facts.iter().map(|fact| fact.at.to_sqlx()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Locks and reads unpublished rows, oldest first; rows that another relay holds are passed over.
pub(crate) async fn take(connection: &mut PgConnection, limit: i64) -> Result<Vec<Outgoing>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT workspace_id, id, subject, headers, payload, created_at FROM outbox
         WHERE published_at IS NULL ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED",
    )
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let workspace: String = row.try_get("workspace_id")?;
            let headers: Vec<String> = row.try_get("headers")?;
            let at: jiff_sqlx::Timestamp = row.try_get("created_at")?;
            Ok(Outgoing {
                id: EventId(row.try_get("id")?),
                workspace: WorkspaceId::parse(&workspace).map_err(|error| sqlx::Error::Decode(error.into()))?,
                subject: row.try_get("subject")?,
                headers: headers
                    .chunks_exact(2)
                    .map(|pair| (pair[0].clone(), pair[1].clone()))
                    .collect(),
                payload: row.try_get("payload")?,
                at: at.to_jiff(),
            })
        })
        .collect()
}

/// Marks rows as published under the sequences that the stream acknowledged.
pub(crate) async fn mark(
    connection: &mut PgConnection,
    published: &[(&Outgoing, u64)],
    stream_created: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let sequences = published
        .iter()
        .map(|(_, seq)| i64::try_from(*seq).unwrap_or(i64::MAX))
        .collect::<Vec<_>>();
    sqlx::query(
        "UPDATE outbox o SET published_at = $4, stream_created = $5, stream_seq = t.s
         FROM UNNEST($1::text[], $2::uuid[], $3::bigint[]) AS t (w, i, s)
         WHERE o.workspace_id = t.w AND o.id = t.i",
    )
    .bind(
        published
            .iter()
            .map(|(fact, _)| fact.workspace.to_string())
            .collect::<Vec<_>>(),
    )
    .bind(published.iter().map(|(fact, _)| fact.id.0).collect::<Vec<_>>())
    .bind(sequences)
    .bind(now.to_sqlx())
    .bind(stream_created)
    .execute(connection)
    .await?;
    Ok(())
}

/// Rows counted at most.
const COUNTED: i64 = 10_000;

/// How many rows wait, and since when the oldest does.
pub(crate) async fn waiting(connection: &mut PgConnection) -> Result<(u64, Option<Timestamp>), sqlx::Error> {
    let row = sqlx::query(
        "SELECT count(*) AS depth, min(created_at) AS oldest
         FROM (SELECT created_at FROM outbox WHERE published_at IS NULL ORDER BY created_at LIMIT $1) AS waiting",
    )
    .bind(COUNTED)
    .fetch_one(connection)
    .await?;
    let depth: i64 = row.try_get("depth")?;
    let oldest: Option<jiff_sqlx::Timestamp> = row.try_get("oldest")?;
    Ok((depth.unsigned_abs(), oldest.map(|oldest| oldest.to_jiff())))
}

/// A published row, newest sequence first, `skip` rows from the top; of this stream only.
pub(crate) async fn published(
    connection: &mut PgConnection,
    stream_created: &str,
    skip: i64,
) -> Result<Option<(u64, Uuid)>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT stream_seq, id FROM outbox WHERE published_at IS NOT NULL AND stream_created = $1
         ORDER BY stream_seq DESC OFFSET $2 LIMIT 1",
    )
    .bind(stream_created)
    .bind(skip)
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        let sequence: i64 = row.try_get("stream_seq")?;
        Ok((u64::try_from(sequence).unwrap_or(0), row.try_get("id")?))
    })
    .transpose()
}

/// Makes rows unpublished again: those of other streams, and those after `sequence` of this one.
pub(crate) async fn republish(
    connection: &mut PgConnection,
    stream_created: &str,
    sequence: u64,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE outbox SET published_at = NULL, stream_created = NULL, stream_seq = NULL
         WHERE published_at IS NOT NULL AND (stream_created <> $1 OR stream_seq > $2)",
    )
    .bind(stream_created)
    .bind(i64::try_from(sequence).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// True if some published row belongs to another stream than this.
pub(crate) async fn of_another_stream(
    connection: &mut PgConnection,
    stream_created: &str,
) -> Result<bool, sqlx::Error> {
    let row = sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE published_at IS NOT NULL AND stream_created <> $1) AS other",
    )
    .bind(stream_created)
    .fetch_one(connection)
    .await?;
    row.try_get("other")
}

/// Deletes some rows that are old enough, and published.
pub(crate) async fn prune(connection: &mut PgConnection, now: Timestamp) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "DELETE FROM outbox o USING (SELECT workspace_id, id FROM outbox WHERE created_at < $1 AND published_at IS NOT NULL LIMIT $2) old
         WHERE o.workspace_id = old.workspace_id AND o.id = old.id",
    )
    .bind((now - KEEP).to_sqlx())
    .bind(i64::try_from(PRUNE).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes some inbox rows whose event can no longer come again.
pub(crate) async fn prune_inbox(connection: &mut PgConnection, now: Timestamp) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "DELETE FROM inbox i USING (SELECT workspace_id, consumer, event_id FROM inbox WHERE at < $1 LIMIT $2) old
         WHERE i.workspace_id = old.workspace_id AND i.consumer = old.consumer AND i.event_id = old.event_id",
    )
    .bind((now - KEEP_INBOX).to_sqlx())
    .bind(i64::try_from(PRUNE).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
