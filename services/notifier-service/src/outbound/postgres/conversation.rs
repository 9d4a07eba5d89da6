use super::{signed, unsigned, word};
use crate::domain::{Answer, Continued, Conversation, Ended, Given, History, Sent, Started};
use domain::{AddressId, AuthorRole, ChannelId, ContactId, ConversationId, Timestamp, VisitorId, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use std::collections::BTreeMap;
use store::{OrFault, Tx};
use uuid::Uuid;

/// Locks a conversation and reads its fold, without its answers, and what was done for it; a row of nothing where it is
/// not known yet.
pub async fn lock_conversation(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: ConversationId,
) -> Result<(Conversation, History)> {
    let row = match lock(tx, workspace, id).await? {
        Some(row) => row,
        None => {
            sqlx::query!(
                "INSERT INTO conversation_view (workspace_id, conversation) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                workspace.as_str(),
                id.0
            )
            .execute(&mut **tx)
            .await
            .or_fault("keep conversation's place")?;
            let placed = lock(tx, workspace, id).await?;
            placed.ok_or_else(|| Fault::internal("a conversation's place was not kept"))?
        }
    };
    let history = history(&row)?;
    Ok((row.fold()?, history))
}

/// True if some fact told of the conversation.
pub async fn is_known(tx: &mut Tx, workspace: &WorkspaceId, id: ConversationId) -> Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM conversation_view WHERE workspace_id = $1 AND conversation = $2) AS "it!""#,
        workspace.as_str(),
        id.0
    )
    .fetch_one(&mut **tx)
    .await
    .or_fault("look for conversation")
}

struct Row {
    number: Option<i64>,
    channel: Option<String>,
    visitor: Option<Uuid>,
    opened_by: Option<String>,
    started_at: Option<jiff_sqlx::Timestamp>,
    contact: Option<Uuid>,
    contact_version: Option<i64>,
    contact_at: Option<jiff_sqlx::Timestamp>,
    phone_address: Option<Uuid>,
    phone_version: Option<i64>,
    phone_at: Option<jiff_sqlx::Timestamp>,
    email_address: Option<Uuid>,
    email_version: Option<i64>,
    email_at: Option<jiff_sqlx::Timestamp>,
    read_up_to: i64,
    customer_up_to: i64,
    customer_at: Option<jiff_sqlx::Timestamp>,
    returned_at: Option<jiff_sqlx::Timestamp>,
    resolved_version: i64,
    covered_up_to: i64,
    last_sent_at: Option<jiff_sqlx::Timestamp>,
    last_sent_to: Option<i64>,
    continues: Option<Uuid>,
    continued_phone: Option<Uuid>,
    erased: bool,
    ended_at: Option<jiff_sqlx::Timestamp>,
    ended_up_to: Option<i64>,
}

async fn lock(tx: &mut Tx, workspace: &WorkspaceId, id: ConversationId) -> Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        "SELECT number, channel, visitor, opened_by, started_at, contact, contact_version, contact_at, phone_address,
           phone_version, phone_at, email_address, email_version, email_at, read_up_to, customer_up_to, customer_at,
           returned_at, resolved_version, covered_up_to, last_sent_at, last_sent_to, continues, continued_phone,
           ended_at, ended_up_to, erased
         FROM conversation_view WHERE workspace_id = $1 AND conversation = $2 FOR UPDATE",
        workspace.as_str(),
        id.0
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("lock conversation")
}

impl Row {
    fn fold(self) -> Result<Conversation> {
        let started = match (self.number, self.channel, self.opened_by, self.started_at) {
            (Some(number), Some(channel), Some(opened_by), Some(at)) => Some(Started {
                number: unsigned(number)?,
                channel: ChannelId::parse(&channel)?,
                visitor: self.visitor.map(VisitorId),
                opened_by: word(
                    "conversation_view.opened_by",
                    &opened_by,
                    AuthorRole::from_word(&opened_by),
                )?,
                at: at.to_jiff(),
                continues: self.continues.map(|id| Continued {
                    conversation: ConversationId(id),
                    phone: self.continued_phone.map(AddressId),
                }),
            }),
            _ => None,
        };
        let ended = match (self.ended_up_to, self.ended_at) {
            (Some(up_to), Some(at)) => Some(Ended {
                up_to: unsigned(up_to)?,
                at: at.to_jiff(),
            }),
            _ => None,
        };
        Ok(Conversation {
            started,
            ended,
            contact: given(self.contact, self.contact_version, self.contact_at, ContactId)?,
            phone: given(self.phone_address, self.phone_version, self.phone_at, AddressId)?,
            email: given(self.email_address, self.email_version, self.email_at, AddressId)?,
            read_up_to: unsigned(self.read_up_to)?,
            customer_up_to: unsigned(self.customer_up_to)?,
            customer_at: self.customer_at.map(|at| at.to_jiff()),
            returned_at: self.returned_at.map(|at| at.to_jiff()),
            resolved_version: unsigned(self.resolved_version)?,
            answers: BTreeMap::new(),
            erased: self.erased,
        })
    }
}

fn history(row: &Row) -> Result<History> {
    let last_sent = match (row.last_sent_at, row.last_sent_to) {
        (Some(at), Some(to_seq)) => Some(Sent {
            at: at.to_jiff(),
            to_seq: unsigned(to_seq)?,
        }),
        _ => None,
    };
    Ok(History {
        covered: unsigned(row.covered_up_to)?,
        last_sent,
    })
}

fn given<T>(
    id: Option<Uuid>,
    version: Option<i64>,
    at: Option<jiff_sqlx::Timestamp>,
    wrap: impl FnOnce(Uuid) -> T,
) -> Result<Option<Given<T>>> {
    match (id, version, at) {
        (Some(id), Some(version), Some(at)) => Ok(Some(Given {
            version: unsigned(version)?,
            id: wrap(id),
            at: at.to_jiff(),
        })),
        _ => Ok(None),
    }
}

/// Writes a fold back, under the lock that read it.
pub async fn save_conversation(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: ConversationId,
    fold: &Conversation,
    history: &History,
) -> Result<()> {
    let started = fold.started.as_ref();
    let continued = started.and_then(|started| started.continues);
    let at = |at: Option<Timestamp>| at.map(|at| at.to_sqlx());
    let version = |version: Option<u64>| version.map(signed).transpose();
    sqlx::query!(
        "UPDATE conversation_view SET number = $3, channel = $4, visitor = $5, opened_by = $6, started_at = $7,
           contact = $8, contact_version = $9, contact_at = $10, phone_address = $11, phone_version = $12,
           phone_at = $13, email_address = $14, email_version = $15, email_at = $16, read_up_to = $17,
           customer_up_to = $18, returned_at = $19, resolved_version = $20, covered_up_to = $21, last_sent_at = $22,
           last_sent_to = $23, customer_at = $24, continues = $25, continued_phone = $26,
           ended_at = $27, ended_up_to = $28, erased = $29
         WHERE workspace_id = $1 AND conversation = $2",
        workspace.as_str(),
        id.0,
        version(started.map(|started| started.number))?,
        started.map(|started| started.channel.as_str()),
        started.and_then(|started| started.visitor).map(|visitor| visitor.0),
        started.map(|started| started.opened_by.word()),
        at(started.map(|started| started.at)) as _,
        fold.contact.map(|given| given.id.0),
        version(fold.contact.map(|given| given.version))?,
        at(fold.contact.map(|given| given.at)) as _,
        fold.phone.map(|given| given.id.0),
        version(fold.phone.map(|given| given.version))?,
        at(fold.phone.map(|given| given.at)) as _,
        fold.email.map(|given| given.id.0),
        version(fold.email.map(|given| given.version))?,
        at(fold.email.map(|given| given.at)) as _,
        signed(fold.read_up_to)?,
        signed(fold.customer_up_to)?,
        at(fold.returned_at) as _,
        signed(fold.resolved_version)?,
        signed(history.covered)?,
        at(history.last_sent.map(|sent| sent.at)) as _,
        version(history.last_sent.map(|sent| sent.to_seq))?,
        at(fold.customer_at) as _,
        continued.map(|earlier| earlier.conversation.0),
        continued.and_then(|earlier| earlier.phone).map(|phone| phone.0),
        at(fold.ended.map(|ended| ended.at)) as _,
        version(fold.ended.map(|ended| ended.up_to))?,
        fold.erased
    )
    .execute(&mut **tx)
    .await
    .or_fault("save conversation")?;
    Ok(())
}

pub async fn add_answer(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: ConversationId,
    seq: u64,
    answer: &Answer,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO unanswered (workspace_id, conversation, seq, bot, follow_up, at, too_old)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        workspace.as_str(),
        id.0,
        signed(seq)?,
        answer.bot,
        answer.follow_up,
        answer.at.to_sqlx() as _,
        answer.too_old
    )
    .execute(&mut **tx)
    .await
    .or_fault("add answer")?;
    Ok(())
}

/// Removes answers up to the mark.
pub async fn drop_answers(tx: &mut Tx, workspace: &WorkspaceId, id: ConversationId, mark: u64) -> Result<()> {
    sqlx::query!(
        "DELETE FROM unanswered WHERE workspace_id = $1 AND conversation = $2 AND seq <= $3",
        workspace.as_str(),
        id.0,
        signed(mark)?
    )
    .execute(&mut **tx)
    .await
    .or_fault("drop answers")?;
    Ok(())
}

/// Conversations of a visitor that have unread answers, the newest 50: nobody has more open at once.
pub async fn waiting_for_visitor(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    visitor: VisitorId,
) -> Result<Vec<ConversationId>> {
    let ids = sqlx::query_scalar!(
        "SELECT conversation FROM conversation_view c WHERE workspace_id = $1 AND visitor = $2
           AND EXISTS (SELECT FROM unanswered u
             WHERE u.workspace_id = c.workspace_id AND u.conversation = c.conversation)
         ORDER BY conversation DESC LIMIT 50",
        workspace.as_str(),
        visitor.0
    )
    .fetch_all(&mut **tx)
    .await
    .or_fault("list visitor's conversations")?;
    Ok(ids.into_iter().map(ConversationId).collect())
}

/// Conversations of a channel that have unread answers, or began after `confirm_since` and have had no delivery yet, in
/// the order of their ids after `after`, at most 200.
pub async fn waiting_in_channel(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    channel: &ChannelId,
    confirm_since: Timestamp,
    after: Option<ConversationId>,
) -> Result<Vec<ConversationId>> {
    let ids = sqlx::query_scalar!(
        "SELECT conversation FROM conversation_view c
         WHERE workspace_id = $1 AND channel = $2 AND conversation > $3
           AND (EXISTS (SELECT FROM unanswered u
                  WHERE u.workspace_id = c.workspace_id AND u.conversation = c.conversation)
                OR started_at > $4 AND NOT EXISTS (SELECT FROM delivery d
                  WHERE d.workspace_id = c.workspace_id AND d.conversation = c.conversation))
         ORDER BY conversation LIMIT 200",
        workspace.as_str(),
        channel.as_str(),
        after.map_or(Uuid::nil(), |id| id.0),
        confirm_since.to_sqlx() as _
    )
    .fetch_all(&mut **tx)
    .await
    .or_fault("list channel's conversations")?;
    Ok(ids.into_iter().map(ConversationId).collect())
}
