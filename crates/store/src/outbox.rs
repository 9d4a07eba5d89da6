//! Rows of the outbox: written with the state they tell of, read and marked by the relay.

use domain::{EventId, Timestamp, WorkspaceId};
use events::Outgoing;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// How long a published row stays: the window that can be published again after a stream lost its tail.
const KEEP: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);
/// How long an inbox row stays: longer than outbox, stream (7 days) and dead letters (14 days) can bring an event back.
const KEEP_INBOX: jiff::SignedDuration = jiff::SignedDuration::from_hours(30 * 24);
/// Rows deleted at a time: short transactions.
pub(crate) const PRUNE: u64 = 5_000;

/// Facts in a row at most.
const IN_A_ROW: usize = 50;

/// A row: facts of one workspace, in the order in which they were recorded.
pub(crate) struct Entry {
    id: Uuid,
    workspace: WorkspaceId,
    pub facts: Vec<Outgoing>,
}

/// What a published row bears: the highest sequence among its facts, and the fact that has it.
pub(crate) struct Mark<'a> {
    pub entry: &'a Entry,
    pub sequence: u64,
    pub id: EventId,
}

/// One statement for all of a transaction's facts.
pub(crate) async fn append(connection: &mut PgConnection, facts: &[Outgoing]) -> Result<(), sqlx::Error> {
    if facts.is_empty() {
        return Ok(());
    }
    // Each fact says which row it goes to, as arrays of arrays must be rectangular in PostgreSQL.
    let mut rows = Vec::with_capacity(facts.len());
    let mut counts: HashMap<&WorkspaceId, usize> = HashMap::new();
    for fact in facts {
        let count = counts.entry(&fact.workspace).or_default();
        rows.push(i32::try_from(*count / IN_A_ROW).unwrap_or(i32::MAX));
        *count += 1;
    }
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
        "INSERT INTO outbox (workspace_id, id, ids, subjects, headers, payloads, created_at)
         SELECT w, (array_agg(i ORDER BY n))[1], array_agg(i ORDER BY n), array_agg(s ORDER BY n), array_agg(h ORDER BY n),
           array_agg(p ORDER BY n), min(c)
         FROM UNNEST($1::text[], $2::int[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::timestamptz[])
              WITH ORDINALITY AS t (w, r, i, s, h, p, c, n)
         GROUP BY w, r",
    )
    .bind(facts.iter().map(|fact| fact.workspace.as_str()).collect::<Vec<_>>())
    .bind(rows)
    .bind(facts.iter().map(|fact| fact.id.0).collect::<Vec<_>>())
    .bind(facts.iter().map(|fact| fact.subject.as_str()).collect::<Vec<_>>())
    .bind(headers)
    .bind(facts.iter().map(|fact| fact.payload.as_slice()).collect::<Vec<_>>())
    .bind(facts.iter().map(|fact| fact.at.to_sqlx()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Locks and reads unpublished rows, oldest first; rows that another relay holds are passed over.
pub(crate) async fn take(connection: &mut PgConnection, limit: i64) -> Result<Vec<Entry>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT workspace_id, id, ids, subjects, headers, payloads, created_at FROM outbox
         WHERE published_at IS NULL ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED",
    )
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.iter().map(entry).collect()
}

fn entry(row: &PgRow) -> Result<Entry, sqlx::Error> {
    let workspace: String = row.try_get("workspace_id")?;
    let workspace = WorkspaceId::parse(&workspace).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let at: jiff_sqlx::Timestamp = row.try_get("created_at")?;
    let ids: Vec<Uuid> = row.try_get("ids")?;
    let subjects: Vec<String> = row.try_get("subjects")?;
    let headers: Vec<String> = row.try_get("headers")?;
    let payloads: Vec<Vec<u8>> = row.try_get("payloads")?;
    let texts = subjects.into_iter().zip(headers).zip(payloads);
    let facts = ids.into_iter().zip(texts).map(|(id, ((subject, headers), payload))| {
        let mut lines = headers.split('\n').map(str::to_owned);
        Outgoing {
            id: EventId(id),
            workspace: workspace.clone(),
            subject,
            headers: std::iter::from_fn(|| Some((lines.next()?, lines.next()?))).collect(),
            payload,
            at: at.to_jiff(),
        }
    });
    Ok(Entry {
        id: row.try_get("id")?,
        facts: facts.collect(),
        workspace,
    })
}

/// Marks rows as published.
pub(crate) async fn mark(
    connection: &mut PgConnection,
    marks: &[Mark<'_>],
    stream_created: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let sequences = marks
        .iter()
        .map(|mark| i64::try_from(mark.sequence).unwrap_or(i64::MAX));
    sqlx::query(
        "UPDATE outbox o SET published_at = $5, stream_created = $6, stream_seq = t.s, stream_id = t.f
         FROM UNNEST($1::text[], $2::uuid[], $3::bigint[], $4::uuid[]) AS t (w, i, s, f)
         WHERE o.workspace_id = t.w AND o.id = t.i",
    )
    .bind(
        marks
            .iter()
            .map(|mark| mark.entry.workspace.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(marks.iter().map(|mark| mark.entry.id).collect::<Vec<_>>())
    .bind(sequences.collect::<Vec<_>>())
    .bind(marks.iter().map(|mark| mark.id.0).collect::<Vec<_>>())
    .bind(now.to_sqlx())
    .bind(stream_created)
    .execute(connection)
    .await?;
    Ok(())
}

/// Rows counted at most.
const COUNTED: i64 = 10_000;

/// How many facts wait, and since when the oldest does.
pub(crate) async fn waiting(connection: &mut PgConnection) -> Result<(u64, Option<Timestamp>), sqlx::Error> {
    let row = sqlx::query(
        "SELECT coalesce(sum(facts), 0) AS depth, min(created_at) AS oldest
         FROM (SELECT created_at, cardinality(ids) AS facts FROM outbox WHERE published_at IS NULL ORDER BY created_at LIMIT $1) AS waiting",
    )
    .bind(COUNTED)
    .fetch_one(connection)
    .await?;
    let depth: i64 = row.try_get("depth")?;
    let oldest: Option<jiff_sqlx::Timestamp> = row.try_get("oldest")?;
    Ok((depth.unsigned_abs(), oldest.map(|oldest| oldest.to_jiff())))
}

/// What a published row bears, newest sequence first, `skip` rows from the top; of this stream only.
pub(crate) async fn published(
    connection: &mut PgConnection,
    stream_created: &str,
    skip: i64,
) -> Result<Option<(u64, Uuid)>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT stream_seq, stream_id FROM outbox WHERE published_at IS NOT NULL AND stream_created = $1
         ORDER BY stream_seq DESC OFFSET $2 LIMIT 1",
    )
    .bind(stream_created)
    .bind(skip)
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        let sequence: i64 = row.try_get("stream_seq")?;
        Ok((u64::try_from(sequence).unwrap_or(0), row.try_get("stream_id")?))
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
        "UPDATE outbox SET published_at = NULL, stream_created = NULL, stream_seq = NULL, stream_id = NULL
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
