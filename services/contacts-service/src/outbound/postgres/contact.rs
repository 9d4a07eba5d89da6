use super::{address, data, unreadable};
use crate::domain::{Bound, Fields, Profile, Purpose, Stage, StoredContact, Tag, Zone};
use domain::{ContactId, PersonName, Timestamp, WorkspaceId};
use fault::Result;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use std::collections::BTreeSet;
use store::OrFault;
use uuid::Uuid;

/// Writes a new contact.
pub async fn insert(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: ContactId,
    name: Option<&PersonName>,
    source: Option<&str>,
    at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO contact (workspace_id, id, name, source, created_at) VALUES ($1, $2, $3, $4, $5)",
        workspace.as_str(),
        id.0,
        name.map(PersonName::expose),
        source,
        at.to_sqlx() as _,
    )
    .execute(db)
    .await
    .or_fault("insert contact")?;
    Ok(())
}

/// Gives a locked contact a name if it has none; its version then.
pub async fn fill_name(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    id: ContactId,
    name: &PersonName,
) -> Result<Option<u64>> {
    let version = sqlx::query_scalar!(
        "UPDATE contact SET name = $3, version = version + 1
         WHERE workspace_id = $1 AND id = $2 AND name IS NULL RETURNING version",
        workspace.as_str(),
        id.0,
        name.expose(),
    )
    .fetch_optional(db)
    .await
    .or_fault("fill name of contact")?;
    Ok(version.map(i64::unsigned_abs))
}

/// Writes the fields of a locked contact, its custom values aside; its version then.
pub async fn update(db: &mut PgConnection, workspace: &WorkspaceId, id: ContactId, fields: &Fields) -> Result<u64> {
    let tags: Vec<String> = fields.tags.iter().map(|tag| tag.expose().to_owned()).collect();
    let version = sqlx::query_scalar!(
        "UPDATE contact SET name = $3, stage = $4, tags = $5, time_zone = $6, version = version + 1
         WHERE workspace_id = $1 AND id = $2 RETURNING version",
        workspace.as_str(),
        id.0,
        fields.name.as_ref().map(PersonName::expose),
        fields.stage.word(),
        &tags,
        fields.time_zone.as_ref().map(Zone::as_str),
    )
    .fetch_one(db)
    .await
    .or_fault("update contact")?;
    Ok(version.unsigned_abs())
}

/// A contact with all its addresses, oldest first.
pub async fn find(db: &mut PgConnection, workspace: &WorkspaceId, id: ContactId) -> Result<Option<StoredContact>> {
    Ok(find_all(db, workspace, &[id]).await?.pop())
}

/// These contacts with all their addresses; newest first, their addresses oldest first.
pub async fn find_all(db: &mut PgConnection, workspace: &WorkspaceId, ids: &[ContactId]) -> Result<Vec<StoredContact>> {
    let mut stored = without_addresses(&mut *db, workspace, ids).await?;
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let mut addresses = address::of_contacts(db, workspace, &ids).await?;
    for contact in &mut stored {
        contact.addresses = addresses.remove(&contact.id.0).unwrap_or_default();
    }
    Ok(stored)
}

/// These contacts with no address, newest first: it is dear to find out what each may be used for.
pub(super) async fn without_addresses(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    ids: &[ContactId],
) -> Result<Vec<StoredContact>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "SELECT id, name, version, created_at, stage, source, tags, time_zone FROM contact
         WHERE workspace_id = $1 AND id = ANY($2) ORDER BY id DESC",
        workspace.as_str(),
        &ids,
    )
    .fetch_all(&mut *db)
    .await
    .or_fault("read contacts")?;
    let mut data = data::of_contacts(db, workspace, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let tags: Result<BTreeSet<Tag>, _> = row.tags.iter().map(|tag| Tag::parse(tag)).collect();
            let profile = Profile {
                stage: Stage::from_word(&row.stage).ok_or_else(|| unreadable("contact.stage"))?,
                source: row.source,
                tags: tags.map_err(|_| unreadable("contact.tags"))?,
                data: data.remove(&row.id).unwrap_or_default(),
                time_zone: row.time_zone.map(Zone::stored),
            };
            Ok(StoredContact {
                id: ContactId(row.id),
                name: name(row.name)?,
                addresses: vec![],
                version: row.version.unsigned_abs(),
                created_at: row.created_at.to_jiff(),
                // What is known from serving a person serves that.
                profile: Bound::new(profile, vec![Purpose::Support]),
            })
        })
        .collect()
}

/// Ids of contacts with an address that the transaction may see, newest first, in this stage if one is named. `OFFSET 0`
/// has PostgreSQL look at the addresses of one contact after another until the page is full: joined, it would find out
/// for addresses that nobody asked for what they may be used for.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    stage: Option<Stage>,
    after: Option<ContactId>,
    limit: i64,
) -> Result<Vec<ContactId>> {
    let found = sqlx::query_scalar!(
        "SELECT c.id FROM contact c WHERE c.workspace_id = $1 AND ($2::uuid IS NULL OR c.id < $2)
           AND ($3::text IS NULL OR c.stage = $3)
           AND EXISTS (SELECT FROM address a WHERE a.workspace_id = c.workspace_id AND a.contact_id = c.id OFFSET 0)
         ORDER BY c.id DESC LIMIT $4",
        workspace.as_str(),
        after.map(|id| id.0),
        stage.map(Stage::word),
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("list contacts")?;
    Ok(found.into_iter().map(ContactId).collect())
}

/// As [`list`], among those who ever consented to anything.
pub async fn list_consented(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    stage: Option<Stage>,
    after: Option<ContactId>,
    limit: i64,
) -> Result<Vec<ContactId>> {
    let found = sqlx::query_scalar!(
        "SELECT c.id FROM contact c WHERE c.workspace_id = $1 AND c.consented AND ($2::uuid IS NULL OR c.id < $2)
           AND ($3::text IS NULL OR c.stage = $3)
           AND EXISTS (SELECT FROM address a WHERE a.workspace_id = c.workspace_id AND a.contact_id = c.id OFFSET 0)
         ORDER BY c.id DESC LIMIT $4",
        workspace.as_str(),
        after.map(|id| id.0),
        stage.map(Stage::word),
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("list contacts that consented")?;
    Ok(found.into_iter().map(ContactId).collect())
}

/// As [`list`], among those with a tag.
pub async fn list_tagged(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (tag, stage): (&Tag, Option<Stage>),
    after: Option<ContactId>,
    limit: i64,
) -> Result<Vec<ContactId>> {
    let found = sqlx::query_scalar!(
        "SELECT c.id FROM contact_tag t JOIN contact c ON c.workspace_id = t.workspace_id AND c.id = t.contact_id
         WHERE t.workspace_id = $1 AND t.tag = $2 AND t.tag = ANY (c.tags) AND ($3::uuid IS NULL OR t.contact_id < $3)
           AND ($4::text IS NULL OR c.stage = $4)
           AND EXISTS (SELECT FROM address a WHERE a.workspace_id = c.workspace_id AND a.contact_id = c.id OFFSET 0)
         ORDER BY t.contact_id DESC LIMIT $5",
        workspace.as_str(),
        tag.expose(),
        after.map(|id| id.0),
        stage.map(Stage::word),
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("list contacts with tag")?;
    Ok(found.into_iter().map(ContactId).collect())
}

/// As [`list_tagged`], among those who ever consented to anything.
pub async fn list_tagged_consented(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    (tag, stage): (&Tag, Option<Stage>),
    after: Option<ContactId>,
    limit: i64,
) -> Result<Vec<ContactId>> {
    let found = sqlx::query_scalar!(
        "SELECT c.id FROM contact_tag t JOIN contact c ON c.workspace_id = t.workspace_id AND c.id = t.contact_id
         WHERE t.workspace_id = $1 AND t.tag = $2 AND t.tag = ANY (c.tags) AND c.consented AND ($3::uuid IS NULL OR t.contact_id < $3)
           AND ($4::text IS NULL OR c.stage = $4)
           AND EXISTS (SELECT FROM address a WHERE a.workspace_id = c.workspace_id AND a.contact_id = c.id OFFSET 0)
         ORDER BY t.contact_id DESC LIMIT $5",
        workspace.as_str(),
        tag.expose(),
        after.map(|id| id.0),
        stage.map(Stage::word),
        limit,
    )
    .fetch_all(db)
    .await
    .or_fault("list contacts with tag that consented")?;
    Ok(found.into_iter().map(ContactId).collect())
}

/// Notes that a locked contact has consented.
pub async fn note_consent(db: &mut PgConnection, workspace: &WorkspaceId, id: ContactId) -> Result<()> {
    sqlx::query!(
        "UPDATE contact SET consented = true WHERE workspace_id = $1 AND id = $2 AND NOT consented",
        workspace.as_str(),
        id.0,
    )
    .execute(db)
    .await
    .or_fault("note consent of contact")?;
    Ok(())
}

/// Notes that all of these contacts have consented if one has: an address that a consent names may go to any of them.
pub async fn share_consent(db: &mut PgConnection, workspace: &WorkspaceId, contacts: &[ContactId]) -> Result<()> {
    let ids: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    sqlx::query!(
        "UPDATE contact SET consented = true WHERE workspace_id = $1 AND id = ANY($2) AND NOT consented
           AND EXISTS (SELECT FROM contact c WHERE c.workspace_id = $1 AND c.id = ANY($2) AND c.consented)",
        workspace.as_str(),
        &ids,
    )
    .execute(db)
    .await
    .or_fault("share consent of merged contacts")?;
    Ok(())
}

/// A name as it stands in its column.
pub(super) fn name(stored: Option<String>) -> Result<Option<PersonName>> {
    stored
        .map(|name| PersonName::parse(&name))
        .transpose()
        .map_err(|_| unreadable("contact.name"))
}
