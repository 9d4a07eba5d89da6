use super::unreadable;
use crate::domain::import::{Book, Problem, Tally, Writes};
use crate::domain::{AddressKind, AddressValue, FieldChange, Fields, Purpose};
use domain::{AddressId, ContactId, Country, PersonName, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};
use store::OrFault;
use uuid::Uuid;

/// Between the tags of one contact; none has a control character.
const BETWEEN: &str = "\u{1f}";

/// How far an import has come; locked until the transaction ends.
pub async fn lock(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (import, by): (&str, &str),
    now: Timestamp,
) -> Result<Tally> {
    sqlx::query!(
        "INSERT INTO contact_import (workspace_id, import, by, begun_at, changed_at) VALUES ($1, $2, $3, $4, $4)
         ON CONFLICT DO NOTHING",
        workspace.as_str(),
        import,
        by,
        now.to_sqlx() as _,
    )
    .execute(&mut *db)
    .await
    .or_fault("begin import")?;
    sqlx::query!(
        "SELECT import FROM contact_import WHERE workspace_id = $1 AND import = $2 FOR UPDATE",
        workspace.as_str(),
        import,
    )
    .fetch_one(&mut *db)
    .await
    .or_fault("lock import")?;
    let found = find(db, workspace, import).await?;
    found.ok_or_else(|| Fault::internal("an import that was just locked is gone"))
}

/// How far an import has come.
pub async fn find(db: &mut PgConnection, workspace: &WorkspaceId, import: &str) -> Result<Option<Tally>> {
    let row = sqlx::query!(
        "SELECT lines, created, filled, unchanged, refused, conflicts FROM contact_import
         WHERE workspace_id = $1 AND import = $2",
        workspace.as_str(),
        import,
    )
    .fetch_optional(db)
    .await
    .or_fault("read import")?;
    Ok(row.map(|row| Tally {
        lines: row.lines.unsigned_abs(),
        created: row.created.unsigned_abs(),
        filled: row.filled.unsigned_abs(),
        unchanged: row.unchanged.unsigned_abs(),
        refused: row.refused.unsigned_abs(),
        conflicts: row.conflicts.unsigned_abs(),
    }))
}

/// Notes how far a locked import has come.
pub async fn note(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (import, tally): (&str, Tally),
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "UPDATE contact_import SET lines = $3, created = $4, filled = $5, unchanged = $6, refused = $7, conflicts = $8,
           changed_at = $9
         WHERE workspace_id = $1 AND import = $2",
        workspace.as_str(),
        import,
        number(tally.lines)?,
        number(tally.created)?,
        number(tally.filled)?,
        number(tally.unchanged)?,
        number(tally.refused)?,
        number(tally.conflicts)?,
        now.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("note how far an import has come")?;
    Ok(())
}

/// Keeps what is wrong with lines of a locked import, after what was kept before.
pub async fn keep_problems(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    import: &str,
    problems: &[Problem],
) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let lines = problems.iter().map(|problem| number(problem.line));
    let columns: Vec<String> = problems.iter().map(|problem| problem.column.clone()).collect();
    let reasons: Vec<String> = problems.iter().map(|problem| problem.remedy.clone()).collect();
    let taken: Vec<bool> = problems.iter().map(|problem| problem.taken).collect();
    sqlx::query!(
        "INSERT INTO contact_import_problem (workspace_id, import, place, line, cell, reason, taken)
         SELECT $1, $2, k.place + (SELECT coalesce(max(place), 0) FROM contact_import_problem WHERE workspace_id = $1 AND import = $2),
           k.line, k.cell, k.reason, k.taken
         FROM UNNEST($3::bigint[], $4::text[], $5::text[], $6::boolean[]) WITH ORDINALITY AS k(line, cell, reason, taken, place)",
        workspace.as_str(),
        import,
        &lines.collect::<Result<Vec<_>>>()?,
        &columns,
        &reasons,
        &taken,
    )
    .execute(db)
    .await
    .or_fault("keep problems of import")?;
    Ok(())
}

/// What is wrong with lines of an import after a place, and at which place each stands.
pub async fn problems(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (import, after): (&str, u64),
    limit: i64,
) -> Result<Vec<(u64, Problem)>> {
    let rows = sqlx::query!(
        "SELECT place, line, cell, reason, taken FROM contact_import_problem
         WHERE workspace_id = $1 AND import = $2 AND place > $3 ORDER BY place LIMIT $4",
        workspace.as_str(),
        import,
        number(after)?,
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("list problems of import")?;
    let read = rows.into_iter().map(|row| {
        let problem = Problem {
            line: row.line.unsigned_abs(),
            column: row.cell,
            remedy: row.reason,
            taken: row.taken,
        };
        (row.place.unsigned_abs(), problem)
    });
    Ok(read.collect())
}

/// Until the transaction ends PostgreSQL plans each statement for what it is called with, and may hash: connections of ours have one plan
/// for all parameters, made perhaps while the tables were small, and it would compare every line with every contact.
pub async fn plan_for_many(db: &mut PgConnection) -> Result<()> {
    sqlx::query_scalar!(
        "SELECT set_config(s.name, s.value, true) FROM (VALUES ('plan_cache_mode', 'force_custom_plan'),
           ('enable_hashjoin', 'on')) AS s(name, value)"
    )
    .fetch_all(db)
    .await
    .or_fault("plan for many lines")?;
    Ok(())
}

/// Who has these addresses; they and their contacts locked until the transaction ends. What moved to another contact while
/// a lock was waited for is left out: stored again, it is found to be there. `OFFSET 0` has PostgreSQL look up one address, and one
/// contact, after the other, whatever it believes of the size of the tables.
pub async fn lock_owners(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    values: &[AddressValue],
) -> Result<HashMap<(AddressKind, String), (AddressId, ContactId)>> {
    let kinds: Vec<String> = values.iter().map(|value| value.kind().word().to_owned()).collect();
    let norms: Vec<String> = values.iter().map(AddressValue::normalised).collect();
    let found = sqlx::query!(
        "SELECT a.id, a.contact_id FROM UNNEST($2::text[], $3::text[]) AS g(kind, norm)
         CROSS JOIN LATERAL (SELECT a.id, a.contact_id FROM address a
           WHERE a.workspace_id = $1 AND a.kind = g.kind AND a.value_norm = g.norm OFFSET 0) a",
        workspace.as_str(),
        &kinds,
        &norms,
    )
    .fetch_all(&mut *db)
    .await
    .or_fault("look for owners of many addresses")?;
    if found.is_empty() {
        return Ok(HashMap::new());
    }
    let (addresses, mut contacts): (Vec<Uuid>, Vec<Uuid>) = found.iter().map(|row| (row.id, row.contact_id)).unzip();
    // In one order for everybody, so that nobody waits for who waits for them.
    contacts.sort_unstable();
    contacts.dedup();
    let locked = sqlx::query_scalar!(
        "SELECT c.id FROM UNNEST($2::uuid[]) AS g(id)
         CROSS JOIN LATERAL (SELECT c.id FROM contact c
           WHERE c.workspace_id = $1 AND c.id = g.id AND c.merged_into IS NULL OFFSET 0 FOR UPDATE) c",
        workspace.as_str(),
        &contacts,
    )
    .fetch_all(&mut *db)
    .await
    .or_fault("lock owners of many addresses")?;
    let locked: HashSet<Uuid> = locked.into_iter().collect();
    let rows = sqlx::query!(
        "SELECT a.id, a.kind, a.value_norm, a.contact_id FROM UNNEST($2::uuid[]) AS g(id)
         CROSS JOIN LATERAL (SELECT a.id, a.kind, a.value_norm, a.contact_id FROM address a
           WHERE a.workspace_id = $1 AND a.id = g.id OFFSET 0 FOR NO KEY UPDATE) a",
        workspace.as_str(),
        &addresses,
    )
    .fetch_all(db)
    .await
    .or_fault("lock many addresses")?;
    rows.into_iter()
        .filter(|row| locked.contains(&row.contact_id))
        .map(|row| {
            let kind = AddressKind::from_word(&row.kind).ok_or_else(|| unreadable("address.kind"))?;
            Ok(((kind, row.value_norm), (AddressId(row.id), ContactId(row.contact_id))))
        })
        .collect()
}

/// What is stored of the contacts of these addresses.
pub async fn book(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    addresses: HashMap<(AddressKind, String), (AddressId, ContactId)>,
) -> Result<Book> {
    let mut ids: Vec<ContactId> = addresses.values().map(|(_, contact)| *contact).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut contacts = HashMap::new();
    for stored in super::contact::without_addresses(db, workspace, &ids).await? {
        let id = stored.id;
        let fields = stored.fields(Purpose::Support);
        contacts.insert(
            id,
            fields.map_err(|_| Fault::internal("fields that do not serve support"))?,
        );
    }
    Ok(Book { addresses, contacts })
}

/// Writes new contacts.
pub async fn insert_contacts(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    contacts: &[(ContactId, Fields)],
    source: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let columns = Columns::of(contacts.iter().map(|(id, fields)| (*id, fields)));
    sqlx::query!(
        "INSERT INTO contact (workspace_id, id, name, stage, tags, time_zone, source, created_at)
         SELECT $1, g.id, g.name, g.stage, string_to_array(g.tags, $7), g.zone, $8, $9
         FROM UNNEST($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) AS g(id, name, stage, tags, zone)",
        workspace.as_str(),
        &columns.ids,
        columns.names as _,
        &columns.stages,
        &columns.tags,
        columns.zones as _,
        BETWEEN,
        source,
        now.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("insert contacts")?;
    Ok(())
}

/// Writes the fields of locked contacts, custom values aside; their versions then.
pub async fn update_contacts(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    filled: &[(ContactId, Fields, Vec<FieldChange>)],
) -> Result<HashMap<ContactId, u64>> {
    let columns = Columns::of(filled.iter().map(|(id, fields, _)| (*id, fields)));
    let rows = sqlx::query!(
        "UPDATE contact c SET name = g.name, stage = g.stage, tags = string_to_array(g.tags, $7), time_zone = g.zone,
           version = c.version + 1
         FROM UNNEST($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) AS g(id, name, stage, tags, zone)
         WHERE c.workspace_id = $1 AND c.id = g.id RETURNING c.id, c.version",
        workspace.as_str(),
        &columns.ids,
        columns.names as _,
        &columns.stages,
        &columns.tags,
        columns.zones as _,
        BETWEEN,
    )
    .fetch_all(db)
    .await
    .or_fault("update contacts")?;
    let versions = rows
        .into_iter()
        .map(|row| (ContactId(row.id), row.version.unsigned_abs()));
    Ok(versions.collect())
}

/// Writes custom values where there are none.
pub async fn insert_data(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    writes: &Writes,
    (at, by): (Timestamp, &str),
) -> Result<()> {
    let (mut contacts, mut keys, mut values) = (vec![], vec![], vec![]);
    let new = writes.contacts.iter().map(|(id, fields)| (*id, fields));
    let filled = writes.filled.iter().map(|(id, fields, _)| (*id, fields));
    for (id, fields) in new.chain(filled) {
        for (key, value) in &fields.data {
            contacts.push(id.0);
            keys.push(key.as_str().to_owned());
            values.push(value.expose().to_owned());
        }
    }
    if contacts.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO contact_data (workspace_id, contact_id, key, value, at, by)
         SELECT $1, g.contact, g.key, g.value, $5, $6
         FROM UNNEST($2::uuid[], $3::text[], $4::text[]) AS g(contact, key, value)
         ON CONFLICT (workspace_id, contact_id, key) DO NOTHING",
        workspace.as_str(),
        &contacts,
        &keys,
        &values,
        at.to_sqlx() as _,
        by,
    )
    .execute(db)
    .await
    .or_fault("set data of contacts")?;
    Ok(())
}

/// Stores addresses; false where somebody stored one of them meanwhile.
pub async fn insert_addresses(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    addresses: &[(AddressId, ContactId, AddressValue)],
    now: Timestamp,
) -> Result<bool> {
    let ids: Vec<Uuid> = addresses.iter().map(|(id, ..)| id.0).collect();
    let contacts: Vec<Uuid> = addresses.iter().map(|(_, contact, _)| contact.0).collect();
    let text =
        |of: fn(&AddressValue) -> String| -> Vec<String> { addresses.iter().map(|(.., value)| of(value)).collect() };
    let country = |value: &AddressValue| value.country().as_ref().map(Country::as_str).map(str::to_owned);
    let countries: Vec<Option<String>> = addresses.iter().map(|(.., value)| country(value)).collect();
    let done = sqlx::query!(
        "INSERT INTO address (workspace_id, id, contact_id, kind, value, value_norm, country, created_at)
         SELECT $1, g.id, g.contact, g.kind, g.value, g.norm, g.country, $8
         FROM UNNEST($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[])
           AS g(id, contact, kind, value, norm, country)
         ON CONFLICT ON CONSTRAINT address_value DO NOTHING",
        workspace.as_str(),
        &ids,
        &contacts,
        &text(|value| value.kind().word().to_owned()),
        &text(|value| value.stored().to_owned()),
        &text(AddressValue::normalised),
        countries as _,
        now.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("insert addresses")?;
    Ok(usize::try_from(done.rows_affected()) == Ok(addresses.len()))
}

/// The fields of contacts by column.
struct Columns {
    ids: Vec<Uuid>,
    names: Vec<Option<String>>,
    stages: Vec<String>,
    tags: Vec<String>,
    zones: Vec<Option<String>>,
}

impl Columns {
    fn of<'a>(contacts: impl Iterator<Item = (ContactId, &'a Fields)>) -> Self {
        let (mut ids, mut names, mut stages, mut tags, mut zones) = (vec![], vec![], vec![], vec![], vec![]);
        for (id, fields) in contacts {
            ids.push(id.0);
            names.push(fields.name.as_ref().map(|name| PersonName::expose(name).to_owned()));
            stages.push(fields.stage.word().to_owned());
            let all: Vec<&str> = fields.tags.iter().map(|tag| tag.expose()).collect();
            tags.push(all.join(BETWEEN));
            zones.push(fields.time_zone.as_ref().map(|zone| zone.as_str().to_owned()));
        }
        Self {
            ids,
            names,
            stages,
            tags,
            zones,
        }
    }
}

fn number(count: u64) -> Result<i64> {
    i64::try_from(count).map_err(Fault::internal)
}
