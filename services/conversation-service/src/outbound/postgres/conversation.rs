use super::{known, loaded, stored};
use crate::domain::asked::Asked;
use crate::domain::conversation::{Conversation, ExternalRef, Reach, Served};
use crate::domain::ingest::{Key, Place};
use domain::{AddressId, AuthorRole, ChannelId, ConversationId, IntegrationId, TeamId, VisitorId, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use std::collections::HashMap;
use store::OrFault;
use uuid::Uuid;

/// Of a visitor: a request that is repeated is not older than so many chats.
const CHATS: i64 = 20;

struct Row {
    workspace_id: String,
    id: Uuid,
    number: i64,
    channel_id: String,
    visitor_id: Option<Uuid>,
    contact_id: Option<Uuid>,
    phone_address: Option<Uuid>,
    email_address: Option<Uuid>,
    reach_version: i64,
    page_url: String,
    last_seq: i64,
    read_up_to: i64,
    customer_up_to: i64,
    opened_by: String,
    outreach: bool,
    started_at: jiff_sqlx::Timestamp,
    resolved_at: Option<jiff_sqlx::Timestamp>,
    continues: Option<Uuid>,
    continued_by: Option<Uuid>,
    integration_id: Option<String>,
    external_ref: Option<String>,
    served_by: String,
    asked: Option<String>,
    closed_told_until: Option<jiff_sqlx::Timestamp>,
    card_changes: i64,
    team_id: Option<String>,
    erased: bool,
}

impl Row {
    fn conversation(self) -> Result<Conversation> {
        let external = match (self.integration_id, self.external_ref) {
            (Some(integration), Some(reference)) => Some(ExternalRef {
                integration: IntegrationId::parse(&integration)?,
                reference,
            }),
            _ => None,
        };
        Ok(Conversation {
            id: self.id.into(),
            number: loaded(self.number),
            channel: ChannelId::parse(&self.channel_id)?,
            visitor: self.visitor_id.map(Into::into),
            reach: Reach {
                contact: self.contact_id.map(Into::into),
                phone: self.phone_address.map(Into::into),
                email: self.email_address.map(Into::into),
            },
            reach_version: loaded(self.reach_version),
            page_url: self.page_url,
            last_seq: loaded(self.last_seq),
            read_up_to: loaded(self.read_up_to),
            customer_up_to: loaded(self.customer_up_to),
            opened_by: known(AuthorRole::from_word(&self.opened_by), "conversation.opened_by")?,
            outreach: self.outreach,
            started_at: self.started_at.to_jiff(),
            resolved_at: self.resolved_at.map(|at| at.to_jiff()),
            continues: self.continues.map(Into::into),
            continued_by: self.continued_by.map(Into::into),
            external,
            served: known(Served::from_word(&self.served_by), "conversation.served_by")?,
            asked: known(Asked::from_word(self.asked.as_deref()), "conversation.asked")?,
            closed_told_until: self.closed_told_until.map(|until| until.to_jiff()),
            card_changes: loaded(self.card_changes),
            team: self.team_id.as_deref().map(TeamId::parse).transpose()?,
            erased: self.erased,
        })
    }

    fn placed(self) -> Result<(Place, Conversation)> {
        let workspace = WorkspaceId::parse(&self.workspace_id)?;
        let conversation = self.conversation()?;
        Ok(((workspace, conversation.id), conversation))
    }
}

/// `$tail` has to name a table or subquery `c` with the rows wanted. Look-ups of many keys go through LATERAL: each key
/// is then looked up in its index, whatever the statistics say.
macro_rules! conversations {
    ($tail:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT c.workspace_id, c.id, c.number, c.channel_id, c.visitor_id, c.contact_id, c.phone_address,
                    c.email_address, c.reach_version, c.page_url, c.last_seq, c.read_up_to, c.customer_up_to,
                    c.opened_by, c.outreach, c.started_at, c.resolved_at, c.continues, c.continued_by, c.integration_id,
                    c.external_ref, c.served_by, c.asked, c.closed_told_until, c.card_changes, c.team_id,
                    c.erased_at IS NOT NULL AS "erased!"
             FROM "# + $tail,
            $($argument),*
        )
    };
}

pub async fn get(db: &mut PgConnection, workspace: &WorkspaceId, id: ConversationId) -> Result<Option<Conversation>> {
    let row = conversations!(
        "conversation c WHERE c.workspace_id = $1 AND c.id = $2",
        workspace.as_str(),
        id.0
    )
    .fetch_optional(db)
    .await
    .or_fault("get conversation")?;
    row.map(Row::conversation).transpose()
}

pub async fn get_by_number(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    number: u64,
) -> Result<Option<Conversation>> {
    let row = conversations!(
        "conversation c WHERE c.workspace_id = $1 AND c.number BETWEEN $2 AND $2 ORDER BY c.number LIMIT 1",
        workspace.as_str(),
        stored(number)
    )
    .fetch_optional(db)
    .await
    .or_fault("get conversation by number")?;
    row.map(Row::conversation).transpose()
}

pub async fn get_by_request(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    request: &str,
) -> Result<Option<Conversation>> {
    let row = conversations!(
        "conversation c WHERE c.workspace_id = $1 AND c.request_id = $2",
        workspace.as_str(),
        request
    )
    .fetch_optional(db)
    .await
    .or_fault("get conversation by request")?;
    row.map(Row::conversation).transpose()
}

/// The open conversation that began with a first message to this number on this channel, as long as it has no answer.
pub async fn get_unanswered(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    phone: AddressId,
    channel: &ChannelId,
) -> Result<Option<Conversation>> {
    let row = conversations!(
        "conversation c WHERE c.workspace_id = $1 AND c.phone_address = $2 AND c.channel_id = $3
           AND c.outreach AND c.resolved_at IS NULL AND c.customer_up_to = 0",
        workspace.as_str(),
        phone.0,
        channel.as_str()
    )
    .fetch_optional(db)
    .await
    .or_fault("get unanswered conversation")?;
    row.map(Row::conversation).transpose()
}

/// Reads a conversation and keeps everybody else from changing it, or adding to it, until the transaction ends.
pub async fn lock(db: &mut PgConnection, workspace: &WorkspaceId, id: ConversationId) -> Result<Option<Conversation>> {
    let row = conversations!(
        "conversation c WHERE c.workspace_id = $1 AND c.id = $2 FOR NO KEY UPDATE",
        workspace.as_str(),
        id.0
    )
    .fetch_optional(db)
    .await
    .or_fault("lock conversation")?;
    row.map(Row::conversation).transpose()
}

/// Waits for other transactions that look for the open conversation of this number, until this one ends.
pub async fn hold_number(db: &mut PgConnection, workspace: &WorkspaceId, phone: AddressId) -> Result<()> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended($1 || '/' || $2::uuid::text, 0)) IS NULL AS done",
        workspace.as_str(),
        phone.0,
    )
    .fetch_one(db)
    .await
    .or_fault("hold a number")?;
    Ok(())
}

/// The newest open conversation with who has this number, on a channel where only they can have come by it if there is one (into a
/// web chat anybody may type it), locked like [`lock`].
pub async fn lock_open_of_number(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    phone: AddressId,
) -> Result<Option<Conversation>> {
    let row = conversations!(
        "conversation c JOIN channel h ON h.workspace_id = c.workspace_id AND h.id = c.channel_id
         WHERE c.workspace_id = $1 AND c.phone_address = $2 AND c.resolved_at IS NULL
         ORDER BY h.kind IN ('sms', 'whatsapp', 'voice') DESC, c.number DESC LIMIT 1 FOR NO KEY UPDATE OF c",
        workspace.as_str(),
        phone.0
    )
    .fetch_optional(db)
    .await
    .or_fault("lock the open conversation of a number")?;
    row.map(Row::conversation).transpose()
}

/// Waits for other transactions that look for the open chat of this visitor, until this one ends.
pub async fn hold_visitor(db: &mut PgConnection, workspace: &WorkspaceId, visitor: VisitorId) -> Result<()> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended($1 || '/visitor/' || $2::uuid::text, 0)) IS NULL AS done",
        workspace.as_str(),
        visitor.0,
    )
    .fetch_one(db)
    .await
    .or_fault("hold a visitor")?;
    Ok(())
}

/// The newest conversations of a visitor on a channel, newest first, and which of them are open.
pub async fn list_of_visitor(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    visitor: VisitorId,
    channel: &ChannelId,
) -> Result<Vec<(ConversationId, bool)>> {
    let rows = sqlx::query!(
        r#"SELECT id, resolved_at IS NULL AND erased_at IS NULL AS "is_open!" FROM conversation
           WHERE workspace_id = $1 AND visitor_id = $2 AND channel_id = $3 AND visitor_id IS NOT NULL
           ORDER BY number DESC LIMIT $4"#,
        workspace.as_str(),
        visitor.0,
        channel.as_str(),
        CHATS,
    )
    .fetch_all(db)
    .await
    .or_fault("list the conversations of a visitor")?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.is_open)).collect())
}

/// Newest first, below a number.
pub async fn list(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    below: Option<u64>,
    open_only: bool,
    limit: i64,
) -> Result<Vec<Conversation>> {
    let rows = conversations!(
        "conversation c WHERE c.workspace_id = $1 AND c.number < $2 AND (c.resolved_at IS NULL OR NOT $3)
         ORDER BY c.number DESC LIMIT $4",
        workspace.as_str(),
        below.map_or(i64::MAX, stored),
        open_only,
        limit
    )
    .fetch_all(db)
    .await
    .or_fault("list conversations")?;
    rows.into_iter().map(Row::conversation).collect()
}

/// The conversation and those that continue it, oldest first; empty if there is none by that id.
pub async fn chain(db: &mut PgConnection, workspace: &WorkspaceId, id: ConversationId) -> Result<Vec<ConversationId>> {
    let ids = sqlx::query_scalar!(
        r#"WITH RECURSIVE chain AS (
             SELECT id, continued_by, 1 AS place FROM conversation WHERE workspace_id = $1 AND id = $2
             UNION ALL
             SELECT c.id, c.continued_by, chain.place + 1 FROM chain
             JOIN conversation c ON c.workspace_id = $1 AND c.id = chain.continued_by)
           SELECT id AS "id!" FROM chain ORDER BY place"#,
        workspace.as_str(),
        id.0,
    )
    .fetch_all(db)
    .await
    .or_fault("follow conversation")?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// The newest conversations that bear these references, as they are now.
pub async fn get_by_reference(db: &mut PgConnection, keys: &[Key]) -> Result<HashMap<Key, Conversation>> {
    let (workspaces, integrations, references) = names(keys);
    let rows = conversations!(
        "UNNEST($1::text[], $2::text[], $3::text[]) AS k (workspace_id, integration_id, external_ref)
         CROSS JOIN LATERAL (
           SELECT * FROM conversation n
           WHERE n.workspace_id = k.workspace_id AND n.integration_id = k.integration_id
             AND n.external_ref = k.external_ref AND n.continued_by IS NULL OFFSET 0) c",
        &workspaces,
        &integrations,
        &references
    )
    .fetch_all(db)
    .await
    .or_fault("get conversations by reference")?;
    let placed: Result<Vec<_>> = rows.into_iter().map(Row::placed).collect();
    Ok(placed?
        .into_iter()
        .filter_map(|(place, conversation)| Some((key(&place, &conversation)?, conversation)))
        .collect())
}

/// The name by which an integration knows a conversation.
pub fn key(place: &Place, conversation: &Conversation) -> Option<Key> {
    let external = conversation.external.as_ref()?;
    Some(Key {
        workspace: place.0.clone(),
        integration: external.integration.clone(),
        name: external.reference.clone(),
    })
}

/// These conversations, as they are now.
pub async fn get_many(db: &mut PgConnection, places: &[Place]) -> Result<HashMap<Place, Conversation>> {
    let (workspaces, ids) = columns(places);
    let rows = conversations!(
        "UNNEST($1::text[], $2::uuid[]) AS k (workspace_id, id)
         CROSS JOIN LATERAL (
           SELECT * FROM conversation n WHERE n.workspace_id = k.workspace_id AND n.id = k.id OFFSET 0) c",
        &workspaces,
        &ids
    )
    .fetch_all(db)
    .await
    .or_fault("get conversations")?;
    rows.into_iter().map(Row::placed).collect()
}

/// Locks the newest conversations that bear these references, in the order of `keys`: batches that sort their keys
/// cannot lock each other out.
pub async fn lock_by_reference(db: &mut PgConnection, keys: &[Key]) -> Result<Vec<(Place, Conversation)>> {
    let (workspaces, integrations, references) = names(keys);
    let rows = conversations!(
        "UNNEST($1::text[], $2::text[], $3::text[]) AS k (workspace_id, integration_id, external_ref)
         CROSS JOIN LATERAL (
           SELECT * FROM conversation n
           WHERE n.workspace_id = k.workspace_id AND n.integration_id = k.integration_id
             AND n.external_ref = k.external_ref AND n.continued_by IS NULL FOR NO KEY UPDATE) c",
        &workspaces,
        &integrations,
        &references
    )
    .fetch_all(db)
    .await
    .or_fault("lock conversations by reference")?;
    rows.into_iter().map(Row::placed).collect()
}

/// Locks these conversations and all that continue them, in order of id.
pub async fn lock_with_chain(db: &mut PgConnection, places: &[Place]) -> Result<Vec<(Place, Conversation)>> {
    let (workspaces, ids) = columns(places);
    let rows = conversations!(
        "(WITH RECURSIVE chain AS (
            SELECT n.workspace_id, n.id, n.continued_by FROM UNNEST($1::text[], $2::uuid[]) AS k (workspace_id, id)
            CROSS JOIN LATERAL (
              SELECT * FROM conversation n WHERE n.workspace_id = k.workspace_id AND n.id = k.id OFFSET 0) n
            UNION
            SELECT n.workspace_id, n.id, n.continued_by FROM chain
            CROSS JOIN LATERAL (
              SELECT * FROM conversation n WHERE n.workspace_id = chain.workspace_id AND n.id = chain.continued_by
              OFFSET 0) n)
          SELECT workspace_id, id FROM chain ORDER BY workspace_id, id) k
         CROSS JOIN LATERAL (
           SELECT * FROM conversation n WHERE n.workspace_id = k.workspace_id AND n.id = k.id FOR NO KEY UPDATE) c",
        &workspaces,
        &ids
    )
    .fetch_all(db)
    .await
    .or_fault("lock conversations")?;
    rows.into_iter().map(Row::placed).collect()
}

fn names(keys: &[Key]) -> (Vec<String>, Vec<String>, Vec<String>) {
    let name = |f: fn(&Key) -> &str| keys.iter().map(|key| f(key).to_owned()).collect();
    (
        name(|key| key.workspace.as_str()),
        name(|key| key.integration.as_str()),
        name(|key| &key.name),
    )
}

fn columns(places: &[Place]) -> (Vec<String>, Vec<Uuid>) {
    places
        .iter()
        .map(|(workspace, id)| (workspace.to_string(), id.0))
        .unzip()
}

fn served(of: &[(&WorkspaceId, &Conversation)]) -> Vec<String> {
    of.iter().map(|(_, c)| c.served.word()).collect()
}

fn asked(of: &[(&WorkspaceId, &Conversation)]) -> Vec<Option<String>> {
    of.iter().map(|(_, c)| c.asked.word().map(str::to_owned)).collect()
}

fn told(of: &[(&WorkspaceId, &Conversation)]) -> Vec<Option<jiff_sqlx::Timestamp>> {
    let until = of.iter().map(|(_, c)| c.closed_told_until);
    until.map(|until| until.map(|until| until.to_sqlx())).collect()
}

/// Inserts new conversations. A second one for the same reference or request is a conflict: read again.
pub async fn insert(
    db: &mut PgConnection,
    new: &[(&WorkspaceId, &Conversation)],
    request_id: Option<&str>,
) -> Result<()> {
    let of = |f: fn(&Conversation) -> Option<Uuid>| new.iter().map(|(_, c)| f(c)).collect::<Vec<_>>();
    let number = |f: fn(&Conversation) -> u64| new.iter().map(|(_, c)| stored(f(c))).collect::<Vec<_>>();
    let text = |f: fn(&Conversation) -> &str| new.iter().map(|(_, c)| f(c).to_owned()).collect::<Vec<_>>();
    let external = |f: fn(&ExternalRef) -> &str| {
        new.iter()
            .map(|(_, c)| c.external.as_ref().map(|external| f(external).to_owned()))
            .collect::<Vec<_>>()
    };
    let workspaces: Vec<String> = new.iter().map(|(workspace, _)| workspace.to_string()).collect();
    let team = |c: &Conversation| c.team.as_ref().map(TeamId::to_string);
    let teams: Vec<Option<String>> = new.iter().map(|(_, c)| team(c)).collect();
    let started: Vec<jiff_sqlx::Timestamp> = new.iter().map(|(_, c)| c.started_at.to_sqlx()).collect();
    let resolved: Vec<Option<jiff_sqlx::Timestamp>> =
        new.iter().map(|(_, c)| c.resolved_at.map(|at| at.to_sqlx())).collect();
    sqlx::query!(
        "INSERT INTO conversation (workspace_id, id, number, channel_id, visitor_id, contact_id, phone_address,
           email_address, reach_version, page_url, last_seq, read_up_to, customer_up_to, opened_by, started_at,
           resolved_at, continues, continued_by, integration_id, external_ref, outreach, served_by, asked,
           closed_told_until, team_id, request_id)
         SELECT t.*, $26 FROM UNNEST($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::uuid[], $6::uuid[],
           $7::uuid[], $8::uuid[], $9::bigint[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[],
           $14::text[], $15::timestamptz[], $16::timestamptz[], $17::uuid[], $18::uuid[], $19::text[], $20::text[],
           $21::bool[], $22::text[], $23::text[], $24::timestamptz[], $25::text[]) t",
        &workspaces,
        &new.iter().map(|(_, c)| c.id.0).collect::<Vec<_>>(),
        &number(|c| c.number),
        &text(|c| c.channel.as_str()),
        &of(|c| c.visitor.map(|id| id.0)) as &[Option<Uuid>],
        &of(|c| c.reach.contact.map(|id| id.0)) as &[Option<Uuid>],
        &of(|c| c.reach.phone.map(|id| id.0)) as &[Option<Uuid>],
        &of(|c| c.reach.email.map(|id| id.0)) as &[Option<Uuid>],
        &number(|c| c.reach_version),
        &text(|c| &c.page_url),
        &number(|c| c.last_seq),
        &number(|c| c.read_up_to),
        &number(|c| c.customer_up_to),
        &text(|c| c.opened_by.word()),
        &started as _,
        &resolved as _,
        &of(|c| c.continues.map(|id| id.0)) as &[Option<Uuid>],
        &of(|c| c.continued_by.map(|id| id.0)) as &[Option<Uuid>],
        &external(|external| external.integration.as_str()) as &[Option<String>],
        &external(|external| &external.reference) as &[Option<String>],
        &new.iter().map(|(_, c)| c.outreach).collect::<Vec<_>>(),
        &served(new),
        &asked(new) as &[Option<String>],
        &told(new) as _,
        &teams as &[Option<String>],
        request_id,
    )
    .execute(db)
    .await
    .or_fault("insert conversation")?;
    Ok(())
}

/// Writes what can change of conversations that the transaction has locked: their places (ctid) cannot move meanwhile.
pub async fn update(db: &mut PgConnection, changed: &[(&WorkspaceId, &Conversation)]) -> Result<()> {
    let of = |f: fn(&Conversation) -> Option<Uuid>| changed.iter().map(|(_, c)| f(c)).collect::<Vec<_>>();
    let number = |f: fn(&Conversation) -> u64| changed.iter().map(|(_, c)| stored(f(c))).collect::<Vec<_>>();
    let workspaces: Vec<String> = changed.iter().map(|(workspace, _)| workspace.to_string()).collect();
    let resolved: Vec<Option<jiff_sqlx::Timestamp>> = changed
        .iter()
        .map(|(_, c)| c.resolved_at.map(|at| at.to_sqlx()))
        .collect();
    let done = sqlx::query!(
        "UPDATE conversation c SET contact_id = t.contact, phone_address = t.phone, email_address = t.email,
           reach_version = t.reach, last_seq = t.last, read_up_to = t.read, customer_up_to = t.customer,
           resolved_at = t.resolved, continued_by = t.continued, served_by = t.served, asked = t.asked,
           closed_told_until = t.told
         FROM UNNEST($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], $7::bigint[],
           $8::bigint[], $9::bigint[], $10::timestamptz[], $11::uuid[], $12::text[], $13::text[], $14::timestamptz[])
           AS t (workspace, id, contact, phone, email, reach, last, read, customer, resolved, continued, served, asked,
             told)
         CROSS JOIN LATERAL (
           SELECT n.ctid AS place FROM conversation n WHERE n.workspace_id = t.workspace AND n.id = t.id OFFSET 0) n
         WHERE c.ctid = n.place",
        &workspaces,
        &changed.iter().map(|(_, c)| c.id.0).collect::<Vec<_>>(),
        &of(|c| c.reach.contact.map(|id| id.0)) as &[Option<Uuid>],
        &of(|c| c.reach.phone.map(|id| id.0)) as &[Option<Uuid>],
        &of(|c| c.reach.email.map(|id| id.0)) as &[Option<Uuid>],
        &number(|c| c.reach_version),
        &number(|c| c.last_seq),
        &number(|c| c.read_up_to),
        &number(|c| c.customer_up_to),
        &resolved as _,
        &of(|c| c.continued_by.map(|id| id.0)) as &[Option<Uuid>],
        &served(changed),
        &asked(changed) as &[Option<String>],
        &told(changed) as _,
    )
    .execute(db)
    .await
    .or_fault("update conversation")?;
    if done.rows_affected() == changed.len() as u64 {
        Ok(())
    } else {
        Err(Fault::internal("a locked conversation was not there to be updated"))
    }
}
