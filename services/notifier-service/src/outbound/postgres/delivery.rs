use super::follow_up::Trace;
use super::{signed, unsigned, word};
use crate::domain::transcript::Occasion;
use crate::domain::{Medium, Purpose, Status, Step};
use domain::{AddressId, ConversationId, DeliveryId, FollowUpId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use serde::Deserialize;
use store::{OrFault, Tx};
use uuid::Uuid;

/// One message to the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub conversation: ConversationId,
    pub follow_up: Option<FollowUpId>,
    pub purpose: Purpose,
    /// Of the message that it carries; 0: it carries none.
    pub seq: u64,
    /// A copy of the conversation ends with this message; 0: it is none.
    pub up_to_seq: u64,
    pub step: Step,
    /// How its number is reached; of mails it says nothing.
    pub medium: Medium,
    pub status: Status,
    pub status_at: Timestamp,
    /// How often the owners were asked.
    pub checks: u32,
    /// How often the provider was called.
    pub attempts: u32,
    pub attempted_at: Option<Timestamp>,
    /// The address that the attempts went to.
    pub attempted_address: Option<AddressId>,
    pub due_at: Option<Timestamp>,
    /// ISO 3166 alpha-2; empty for mail, and while it is not known.
    pub country: String,
    /// It is priced as one long text.
    pub lms: bool,
    pub parts: u32,
    pub micro_pu: i64,
    /// Name of the provider that it was handed to; empty before.
    pub provider: String,
    pub provider_id: Option<String>,
    /// Who the attempted text came from; empty for mail, and before.
    pub sender: String,
    /// Providers that could not take it in this round.
    pub tried: Vec<String>,
    /// Rounds in which nobody could.
    pub rounds: u32,
    /// Since when it waits for providers that are left alone.
    pub unreachable_since: Option<Timestamp>,
    /// Catalogue code where it failed, was cancelled or got lost.
    pub reason: String,
    pub trace: Trace,
    pub created_at: Timestamp,
}

impl Delivery {
    /// A delivery that is due now, of no follow-up, and without a message.
    pub fn new(
        id: DeliveryId,
        conversation: ConversationId,
        purpose: Purpose,
        step: Step,
        trace: Trace,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            conversation,
            follow_up: None,
            purpose,
            seq: 0,
            up_to_seq: 0,
            step,
            medium: Medium::Sms,
            status: Status::Due,
            status_at: now,
            checks: 0,
            attempts: 0,
            attempted_at: None,
            attempted_address: None,
            due_at: Some(now),
            country: String::new(),
            lms: false,
            parts: 0,
            micro_pu: 0,
            provider: String::new(),
            provider_id: None,
            sender: String::new(),
            tried: Vec::new(),
            rounds: 0,
            unreachable_since: None,
            reason: String::new(),
            trace,
            created_at: now,
        }
    }
}

/// Adds a delivery, leased where it is claimed. False if the conversation has its confirmation already.
pub async fn add_delivery(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    delivery: &Delivery,
    leased_until: Option<Timestamp>,
) -> Result<bool> {
    let added = sqlx::query!(
        "INSERT INTO delivery (workspace_id, id, conversation, follow_up, purpose, step, status, status_at, due_at,
           trace, traced_at, created_at, checks, leased_until, seq, medium, up_to_seq)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         ON CONFLICT (workspace_id, conversation) WHERE purpose = 'confirmation' DO NOTHING",
        workspace.as_str(),
        delivery.id.0,
        delivery.conversation.0,
        delivery.follow_up.map(|id| id.0),
        delivery.purpose.word(),
        delivery.step.word(),
        delivery.status.word(),
        delivery.status_at.to_sqlx() as _,
        delivery.due_at.map(|at| at.to_sqlx()) as _,
        delivery.trace.parent,
        delivery.trace.at.to_sqlx() as _,
        delivery.created_at.to_sqlx() as _,
        i32::try_from(delivery.checks).map_err(Fault::internal)?,
        leased_until.map(|until| until.to_sqlx()) as _,
        signed(delivery.seq)?,
        delivery.medium.word(),
        signed(delivery.up_to_seq)?
    )
    .execute(&mut **tx)
    .await
    .or_fault("add delivery")?;
    Ok(added.rows_affected() == 1)
}

/// True if the conversation has, or had, its confirmation.
pub async fn is_confirmed(tx: &mut Tx, workspace: &WorkspaceId, conversation: ConversationId) -> Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM delivery
             WHERE workspace_id = $1 AND conversation = $2 AND purpose = 'confirmation') AS "it!""#,
        workspace.as_str(),
        conversation.0
    )
    .fetch_one(&mut **tx)
    .await
    .or_fault("look for confirmation")
}

/// How far the copies of a conversation go that were made on any of these occasions: of those at the end whatever became of them,
/// as there is one only, of those that were asked for unless they did not go out.
pub async fn copied_up_to(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    occasions: &[Occasion],
) -> Result<u64> {
    let purposes: Vec<String> = occasions.iter().map(|occasion| occasion.word().to_owned()).collect();
    let up_to = sqlx::query_scalar!(
        r#"SELECT COALESCE(max(up_to_seq), 0) AS "up_to!" FROM delivery
           WHERE workspace_id = $1 AND conversation = $2 AND purpose = ANY ($3)
             AND (purpose = 'transcript_at_end' OR status NOT IN ('failed', 'cancelled', 'undelivered'))"#,
        workspace.as_str(),
        conversation.0,
        &purposes
    )
    .fetch_one(&mut **tx)
    .await
    .or_fault("look for copies")?;
    unsigned(up_to)
}

/// Reads one delivery. To change it, hold its conversation's lock.
pub async fn read_delivery(tx: &mut Tx, workspace: &WorkspaceId, id: DeliveryId) -> Result<Option<Delivery>> {
    let row = sqlx::query_scalar!(
        r#"SELECT to_jsonb(d) AS "row!" FROM delivery d WHERE workspace_id = $1 AND id = $2"#,
        workspace.as_str(),
        id.0
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("read delivery")?;
    row.map(parse).transpose()
}

/// The newest deliveries of a conversation, or of one of its follow-ups, oldest first.
pub async fn list_deliveries(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    follow_up: Option<FollowUpId>,
    limit: i64,
) -> Result<Vec<Delivery>> {
    let rows = sqlx::query_scalar!(
        r#"SELECT to_jsonb(newest) AS "row!" FROM (
           SELECT * FROM delivery
           WHERE workspace_id = $1 AND conversation = $2 AND ($3::uuid IS NULL OR follow_up = $3)
           ORDER BY created_at DESC, id DESC LIMIT $4) newest
         ORDER BY created_at, id"#,
        workspace.as_str(),
        conversation.0,
        follow_up.map(|id| id.0),
        limit
    )
    .fetch_all(&mut **tx)
    .await
    .or_fault("list deliveries")?;
    rows.into_iter().map(parse).collect()
}

/// A row as JSON: a case is read with its delivery in one statement.
#[derive(Deserialize)]
struct Row {
    id: Uuid,
    conversation: Uuid,
    follow_up: Option<Uuid>,
    purpose: String,
    seq: i64,
    up_to_seq: i64,
    step: String,
    medium: String,
    status: String,
    status_at: Timestamp,
    checks: u32,
    attempts: u32,
    attempted_at: Option<Timestamp>,
    attempted_address: Option<Uuid>,
    due_at: Option<Timestamp>,
    country: String,
    lms: bool,
    parts: u32,
    micro_pu: i64,
    provider: String,
    provider_id: Option<String>,
    sender: String,
    tried: Vec<String>,
    rounds: u32,
    unreachable_since: Option<Timestamp>,
    reason: String,
    trace: Option<String>,
    traced_at: Timestamp,
    created_at: Timestamp,
}

/// Reads a row that the database gave as JSON.
pub fn parse(json: serde_json::Value) -> Result<Delivery> {
    let row: Row = serde_json::from_value(json).map_err(Fault::internal)?;
    Ok(Delivery {
        id: DeliveryId(row.id),
        conversation: ConversationId(row.conversation),
        follow_up: row.follow_up.map(FollowUpId),
        purpose: word("delivery.purpose", &row.purpose, Purpose::from_word(&row.purpose))?,
        seq: unsigned(row.seq)?,
        up_to_seq: unsigned(row.up_to_seq)?,
        step: word("delivery.step", &row.step, Step::from_word(&row.step))?,
        medium: word("delivery.medium", &row.medium, Medium::from_word(&row.medium))?,
        status: word("delivery.status", &row.status, Status::from_word(&row.status))?,
        status_at: row.status_at,
        checks: row.checks,
        attempts: row.attempts,
        attempted_at: row.attempted_at,
        attempted_address: row.attempted_address.map(AddressId),
        due_at: row.due_at,
        country: row.country,
        lms: row.lms,
        parts: row.parts,
        micro_pu: row.micro_pu,
        provider: row.provider,
        provider_id: row.provider_id,
        sender: row.sender,
        tried: row.tried,
        rounds: row.rounds,
        unreachable_since: row.unreachable_since,
        reason: row.reason,
        trace: Trace {
            parent: row.trace,
            at: row.traced_at,
        },
        created_at: row.created_at,
    })
}

/// Writes back what may change of a delivery. `keep_lease`: whoever holds it goes on with it.
pub async fn save_delivery(tx: &mut Tx, workspace: &WorkspaceId, delivery: &Delivery, keep_lease: bool) -> Result<()> {
    let saved = sqlx::query!(
        "UPDATE delivery SET status = $3, status_at = $4, checks = $5, attempts = $6, attempted_at = $7, due_at = $8,
           country = $9, parts = $10, micro_pu = $11, provider = $12, provider_id = $13, reason = $14,
           leased_until = CASE WHEN $15 THEN leased_until END, attempted_address = $16, sender = $17,
           tried = $18, rounds = $19, unreachable_since = $20, lms = $21
         WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        delivery.id.0,
        delivery.status.word(),
        delivery.status_at.to_sqlx() as _,
        i32::try_from(delivery.checks).map_err(Fault::internal)?,
        i32::try_from(delivery.attempts).map_err(Fault::internal)?,
        delivery.attempted_at.map(|at| at.to_sqlx()) as _,
        delivery.due_at.map(|at| at.to_sqlx()) as _,
        delivery.country,
        i32::try_from(delivery.parts).map_err(Fault::internal)?,
        delivery.micro_pu,
        delivery.provider,
        delivery.provider_id,
        delivery.reason,
        keep_lease,
        delivery.attempted_address.map(|id| id.0),
        delivery.sender,
        &delivery.tried,
        i32::try_from(delivery.rounds).map_err(Fault::internal)?,
        delivery.unreachable_since.map(|at| at.to_sqlx()) as _,
        delivery.lms
    )
    .execute(&mut **tx)
    .await
    .or_fault("save delivery")?;
    if saved.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Fault::internal(format!("delivery {} is gone", delivery.id)))
    }
}

/// The conversation that the newest text by this medium was about which may have reached an address, so far as that is still the
/// customer's number there. What came from `ours`, the number that is answered, goes before what came from others.
pub async fn find_texted(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    (address, medium): (AddressId, Medium),
    ours: &str,
) -> Result<Option<ConversationId>> {
    let found = sqlx::query_scalar!(
        "SELECT d.conversation FROM delivery d
         JOIN conversation_view v ON v.workspace_id = d.workspace_id AND v.conversation = d.conversation
         WHERE d.workspace_id = $1 AND d.attempted_address = $2 AND d.step = 'text' AND v.phone_address = $2
           AND d.status = ANY ($3) AND d.medium = $5
         ORDER BY d.sender = $4 DESC, d.attempted_at DESC LIMIT 1",
        workspace.as_str(),
        address.0,
        &Status::answerable(),
        ours,
        medium.word()
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("find the newest text")?;
    Ok(found.map(Into::into))
}

/// Lets a conversation's deliveries that wait for the end of quiet hours, and messages that were not attempted, be checked again at
/// once; whether there are any.
pub async fn check_again(tx: &mut Tx, workspace: &WorkspaceId, id: ConversationId, now: Timestamp) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE delivery d SET due_at = $3
         WHERE d.workspace_id = $1 AND d.conversation = $2 AND d.status = 'due' AND d.due_at > $3
           AND (d.purpose = 'message' AND d.attempts = 0 OR EXISTS (SELECT FROM follow_up f
             WHERE f.workspace_id = d.workspace_id AND f.id = d.follow_up AND f.why = 'quiet_hours'))",
        workspace.as_str(),
        id.0,
        now.to_sqlx() as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("check deliveries again")?;
    Ok(done.rows_affected() > 0)
}
