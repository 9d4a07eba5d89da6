//! Ingested events that were accepted.

use crate::domain::ingest::{Digest, Key, Sent};
use domain::{IntegrationId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use std::collections::HashMap;
use store::OrFault;

/// Remembers events, so far as no event by the same id is remembered already; of two in one batch the first. Waits for
/// other transactions that are remembering the same. Answers how many it did remember.
pub async fn insert(db: &mut PgConnection, events: &[Sent<'_>], now: Timestamp) -> Result<usize> {
    let done = sqlx::query!(
        "INSERT INTO ingest_event (workspace_id, integration_id, event_id, content_hash, at)
         SELECT t.*, $5 FROM UNNEST($1::text[], $2::text[], $3::text[], $4::bytea[]) t ON CONFLICT DO NOTHING",
        &events
            .iter()
            .map(|event| event.workspace.to_string())
            .collect::<Vec<_>>(),
        &events
            .iter()
            .map(|event| event.integration.to_string())
            .collect::<Vec<_>>(),
        &events.iter().map(|event| event.id.to_owned()).collect::<Vec<_>>(),
        &events.iter().map(|event| event.digest.to_vec()).collect::<Vec<_>>(),
        now.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("remember ingested events")?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}

/// Which of these events other transactions have remembered, and with which content.
pub async fn seen(db: &mut PgConnection, events: &[Sent<'_>]) -> Result<HashMap<Key, Digest>> {
    let (workspaces, integrations, ids) = columns(events);
    let rows = sqlx::query!(
        "SELECT e.workspace_id, e.integration_id, e.event_id, e.content_hash
         FROM UNNEST($1::text[], $2::text[], $3::text[]) AS k (workspace_id, integration_id, event_id)
         CROSS JOIN LATERAL (
           SELECT * FROM ingest_event n WHERE n.workspace_id = k.workspace_id AND n.integration_id = k.integration_id
             AND n.event_id = k.event_id AND n.xmin <> pg_current_xact_id()::xid OFFSET 0) e",
        &workspaces,
        &integrations,
        &ids,
    )
    .fetch_all(db)
    .await
    .or_fault("look up ingested events")?;
    rows.into_iter()
        .map(|row| {
            let key = Key {
                workspace: WorkspaceId::parse(&row.workspace_id)?,
                integration: IntegrationId::parse(&row.integration_id)?,
                name: row.event_id,
            };
            let digest = Digest::try_from(row.content_hash.as_slice()).map_err(Fault::internal)?;
            Ok((key, digest))
        })
        .collect()
}

/// Forgets what this transaction has remembered of these events.
pub async fn delete(db: &mut PgConnection, events: &[Sent<'_>]) -> Result<()> {
    let (workspaces, integrations, ids) = columns(events);
    sqlx::query!(
        "DELETE FROM ingest_event e
         USING UNNEST($1::text[], $2::text[], $3::text[]) AS k (workspace_id, integration_id, event_id)
         WHERE e.workspace_id = k.workspace_id AND e.integration_id = k.integration_id AND e.event_id = k.event_id
           AND e.xmin = pg_current_xact_id()::xid",
        &workspaces,
        &integrations,
        &ids,
    )
    .execute(db)
    .await
    .or_fault("forget refused events")?;
    Ok(())
}

fn columns(events: &[Sent<'_>]) -> (Vec<String>, Vec<String>, Vec<String>) {
    let name = |f: fn(&Sent<'_>) -> String| events.iter().map(f).collect();
    (
        name(|event| event.workspace.to_string()),
        name(|event| event.integration.to_string()),
        name(|event| event.id.to_owned()),
    )
}

/// Rows deleted at a time: short transactions.
const PRUNE: i64 = 5_000;

/// Deletes some of the events that were accepted before a time, as the worker. Answers how many.
pub async fn prune(db: &mut PgConnection, before: Timestamp) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM ingest_event e
         USING (SELECT workspace_id, integration_id, event_id FROM ingest_event WHERE at < $1 LIMIT $2) old
         WHERE e.workspace_id = old.workspace_id AND e.integration_id = old.integration_id AND e.event_id = old.event_id",
        before.to_sqlx() as _,
        PRUNE,
    )
    .execute(db)
    .await
    .or_fault("prune ingested events")?;
    Ok(done.rows_affected())
}
