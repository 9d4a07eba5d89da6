use super::unreadable;
use crate::domain::{Erased, Erasure, ErasureReason, ErasureRequest, ErasureStep, Place, Trace};
use domain::{ContactId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashMap;
use store::OrFault;
use uuid::Uuid;

struct Row {
    id: Uuid,
    request_id: String,
    contact_id: Uuid,
    contacts: Vec<Uuid>,
    reason: String,
    by: String,
    asked_at: jiff_sqlx::Timestamp,
    looked_up_to: i64,
    done_at: Option<jiff_sqlx::Timestamp>,
}

impl Row {
    fn read(self, steps: Vec<ErasureStep>) -> Result<Erasure> {
        Ok(Erasure {
            id: self.id,
            request: ErasureRequest {
                request_id: self.request_id,
                contact: ContactId(self.contact_id),
                reason: ErasureReason::from_word(&self.reason).ok_or_else(|| unreadable("erasure.reason"))?,
                by: self.by,
            },
            contacts: self.contacts.into_iter().map(ContactId).collect(),
            asked_at: self.asked_at.to_jiff(),
            looked_up_to: self.looked_up_to.unsigned_abs(),
            done_at: self.done_at.map(|at| at.to_jiff()),
            steps,
        })
    }
}

macro_rules! erasures {
    ($tail:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            "SELECT id, request_id, contact_id, contacts, reason, by, asked_at, looked_up_to, done_at FROM erasure " + $tail,
            $($argument),*
        )
    };
}

/// Notes an erasure that goes on at `due`, with its steps.
pub async fn insert(db: &mut PgConnection, workspace: &WorkspaceId, erasure: &Erasure, due: Timestamp) -> Result<()> {
    let request = &erasure.request;
    let contacts: Vec<Uuid> = erasure.contacts.iter().map(|contact| contact.0).collect();
    sqlx::query!(
        "INSERT INTO erasure (workspace_id, id, request_id, contact_id, contacts, reason, by, asked_at, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        workspace.as_str(),
        erasure.id,
        request.request_id,
        request.contact.0,
        &contacts,
        request.reason.word(),
        request.by,
        erasure.asked_at.to_sqlx() as _,
        due.to_sqlx() as _,
    )
    .execute(&mut *db)
    .await
    .or_fault("insert erasure")?;
    for step in &erasure.steps {
        sqlx::query!(
            "INSERT INTO erasure_step (workspace_id, erasure_id, step, done, erased) VALUES ($1, $2, $3, $4, $5)",
            workspace.as_str(),
            erasure.id,
            step.place.word(),
            step.done,
            Json(&step.erased) as _,
        )
        .execute(&mut *db)
        .await
        .or_fault("insert step of erasure")?;
    }
    Ok(())
}

pub async fn get(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid) -> Result<Option<Erasure>> {
    let row = erasures!("WHERE workspace_id = $1 AND id = $2", workspace.as_str(), id)
        .fetch_optional(&mut *db)
        .await
        .or_fault("get erasure")?;
    Ok(with_steps(db, workspace, row.into_iter().collect()).await?.pop())
}

pub async fn of_request(db: &mut PgConnection, workspace: &WorkspaceId, request: &str) -> Result<Option<Erasure>> {
    let row = erasures!(
        "WHERE workspace_id = $1 AND request_id = $2",
        workspace.as_str(),
        request
    )
    .fetch_optional(&mut *db)
    .await
    .or_fault("get erasure by request")?;
    Ok(with_steps(db, workspace, row.into_iter().collect()).await?.pop())
}

/// The erasure in which this contact, which is no more, was asked for.
pub async fn of_contact(db: &mut PgConnection, workspace: &WorkspaceId, contact: ContactId) -> Result<Option<Uuid>> {
    sqlx::query_scalar!(
        "SELECT id FROM erasure WHERE workspace_id = $1 AND contact_id = $2 LIMIT 1",
        workspace.as_str(),
        contact.0,
    )
    .fetch_optional(db)
    .await
    .or_fault("look for erasure of contact")
}

/// Newest first, those before `after`.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Erasure>> {
    let rows = erasures!(
        "WHERE workspace_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        workspace.as_str(),
        after,
        limit
    )
    .fetch_all(&mut *db)
    .await
    .or_fault("list erasures")?;
    with_steps(db, workspace, rows).await
}

async fn with_steps(db: &mut PgConnection, workspace: &WorkspaceId, rows: Vec<Row>) -> Result<Vec<Erasure>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let found = sqlx::query!(
        r#"SELECT erasure_id, step, done, failures, failure, erased AS "erased: Json<Erased>" FROM erasure_step
           WHERE workspace_id = $1 AND erasure_id = ANY($2)"#,
        workspace.as_str(),
        &ids,
    )
    .fetch_all(db)
    .await
    .or_fault("read steps of erasures")?;
    let mut steps: HashMap<Uuid, Vec<ErasureStep>> = HashMap::new();
    for row in found {
        steps.entry(row.erasure_id).or_default().push(ErasureStep {
            place: Place::from_word(&row.step).ok_or_else(|| unreadable("erasure_step.step"))?,
            done: row.done,
            failures: row.failures.unsigned_abs(),
            failure: row.failure,
            erased: row.erased.0,
        });
    }
    let read = rows.into_iter().map(|row| {
        let mut steps = steps.remove(&row.id).unwrap_or_default();
        steps.sort_by_key(|step| step.place);
        row.read(steps)
    });
    read.collect()
}

/// Notes that a step went well: what it erased beside what it had, and whether that was all.
pub async fn note_erased(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (id, place): (Uuid, Place),
    erased: &Erased,
    done: bool,
) -> Result<()> {
    sqlx::query!(
        "UPDATE erasure_step SET done = $4, failure = '', erased = erased || coalesce((
           SELECT jsonb_object_agg(key, value::bigint + coalesce((erased ->> key)::bigint, 0))
           FROM jsonb_each_text($5::jsonb)), '{}')
         WHERE workspace_id = $1 AND erasure_id = $2 AND step = $3",
        workspace.as_str(),
        id,
        place.word(),
        done,
        Json(erased) as _,
    )
    .execute(db)
    .await
    .or_fault("note what was erased")?;
    Ok(())
}

/// Notes that a step failed, by the code of what is wrong.
pub async fn note_failure(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (id, place): (Uuid, Place),
    code: &str,
) -> Result<()> {
    sqlx::query!(
        "UPDATE erasure_step SET failures = failures + 1, failure = $4
         WHERE workspace_id = $1 AND erasure_id = $2 AND step = $3",
        workspace.as_str(),
        id,
        place.word(),
        code,
    )
    .execute(db)
    .await
    .or_fault("note that a step of an erasure failed")?;
    Ok(())
}

/// Notes up to where dead letters were looked through.
pub async fn note_looked(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid, up_to: u64) -> Result<()> {
    sqlx::query!(
        "UPDATE erasure SET looked_up_to = $3 WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        id,
        i64::try_from(up_to).map_err(Fault::internal)?,
    )
    .execute(db)
    .await
    .or_fault("note how far dead letters were looked through")?;
    Ok(())
}

/// Ends a turn: the erasure goes on at `due`.
pub async fn go_on(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid, due: Timestamp) -> Result<()> {
    sqlx::query!(
        "UPDATE erasure SET due_at = $3, leased_until = NULL WHERE workspace_id = $1 AND id = $2 AND done_at IS NULL",
        workspace.as_str(),
        id,
        due.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("end the turn of an erasure")?;
    Ok(())
}

/// Notes that an erasure is done, and forgets by what the person's leftovers were known.
pub async fn finish(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "DELETE FROM erasure_trace WHERE workspace_id = $1 AND erasure_id = $2",
        workspace.as_str(),
        id,
    )
    .execute(&mut *db)
    .await
    .or_fault("forget traces")?;
    sqlx::query!(
        "UPDATE erasure SET done_at = $3, due_at = NULL, leased_until = NULL
         WHERE workspace_id = $1 AND id = $2 AND done_at IS NULL",
        workspace.as_str(),
        id,
        now.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("finish erasure")?;
    Ok(())
}

/// Keeps by what the person's leftovers are known; the same again changes nothing.
pub async fn keep_traces(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid, traces: &[Trace]) -> Result<()> {
    let kinds: Vec<String> = traces.iter().map(|trace| trace.kind().to_owned()).collect();
    let values: Vec<String> = traces.iter().map(|trace| trace.value().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO erasure_trace (workspace_id, erasure_id, kind, value)
         SELECT $1, $2, kind, value FROM UNNEST($3::text[], $4::text[]) AS t(kind, value) ON CONFLICT DO NOTHING",
        workspace.as_str(),
        id,
        &kinds,
        &values,
    )
    .execute(db)
    .await
    .or_fault("keep traces")?;
    Ok(())
}

pub async fn traces(db: &mut PgConnection, workspace: &WorkspaceId, id: Uuid) -> Result<Vec<Trace>> {
    let rows = sqlx::query!(
        "SELECT kind, value FROM erasure_trace WHERE workspace_id = $1 AND erasure_id = $2",
        workspace.as_str(),
        id,
    )
    .fetch_all(db)
    .await
    .or_fault("read traces")?;
    let read = rows
        .into_iter()
        .map(|row| Trace::from_words(&row.kind, row.value).ok_or_else(|| unreadable("erasure_trace.kind")));
    read.collect()
}

/// How many erasures of all workspaces are not done, and since when the oldest is asked for. In a worker's transaction.
pub async fn running(db: &mut PgConnection) -> Result<(u64, Option<Timestamp>)> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "count!", min(asked_at) AS "oldest: jiff_sqlx::Timestamp" FROM erasure WHERE due_at IS NOT NULL"#
    )
    .fetch_one(db)
    .await
    .or_fault("count erasures")?;
    Ok((row.count.unsigned_abs(), row.oldest.map(|at| at.to_jiff())))
}
