//! Mails to agents who are not there when they are reminded.

use super::word;
use crate::domain::reminder::{ReminderMail, State};
use domain::{AgentId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use store::{OrFault, Tx};
use uuid::Uuid;

struct Row {
    conversation: Uuid,
    agent: String,
    told_at: jiff_sqlx::Timestamp,
    state: String,
    attempts: i32,
    due_at: Option<jiff_sqlx::Timestamp>,
    sent_to: Option<Vec<u8>>,
}

impl Row {
    fn mail(self, id: Uuid) -> Result<ReminderMail> {
        Ok(ReminderMail {
            id,
            conversation: self.conversation.into(),
            agent: AgentId::parse(&self.agent)?,
            told_at: self.told_at.to_jiff(),
            state: word("reminder_mail.state", &self.state, State::from_word(&self.state))?,
            attempts: u32::try_from(self.attempts).map_err(Fault::internal)?,
            due_at: self.due_at.map(|at| at.to_jiff()),
            sent_to: self.sent_to,
        })
    }
}

/// Adds one that is due.
pub async fn add(tx: &mut Tx, workspace: &WorkspaceId, mail: &ReminderMail) -> Result<()> {
    sqlx::query!(
        "INSERT INTO reminder_mail (workspace_id, id, conversation, agent, told_at, state, attempts, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        workspace.as_str(),
        mail.id,
        mail.conversation.0,
        mail.agent.as_str(),
        mail.told_at.to_sqlx() as _,
        mail.state.word(),
        i32::try_from(mail.attempts).map_err(Fault::internal)?,
        mail.due_at.map(|at| at.to_sqlx()) as _
    )
    .execute(&mut **tx)
    .await
    .or_fault("add reminder mail")?;
    Ok(())
}

/// Reads one, locked until the end of the transaction.
pub async fn lock(tx: &mut Tx, workspace: &WorkspaceId, id: Uuid) -> Result<Option<ReminderMail>> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT conversation, agent, told_at AS "told_at: jiff_sqlx::Timestamp", state, attempts,
             due_at AS "due_at: jiff_sqlx::Timestamp", sent_to
           FROM reminder_mail WHERE workspace_id = $1 AND id = $2 FOR UPDATE"#,
        workspace.as_str(),
        id
    )
    .fetch_optional(&mut **tx)
    .await
    .or_fault("lock reminder mail")?;
    row.map(|row| row.mail(id)).transpose()
}

/// Writes one back that is locked. `keep_lease`: whoever holds it goes on with it.
pub async fn save(tx: &mut Tx, workspace: &WorkspaceId, mail: &ReminderMail, keep_lease: bool) -> Result<()> {
    sqlx::query!(
        "UPDATE reminder_mail SET state = $3, attempts = $4, due_at = $5, leased_until = CASE WHEN $6 THEN leased_until END,
           sent_to = $7
         WHERE workspace_id = $1 AND id = $2",
        workspace.as_str(),
        mail.id,
        mail.state.word(),
        i32::try_from(mail.attempts).map_err(Fault::internal)?,
        mail.due_at.map(|at| at.to_sqlx()) as _,
        keep_lease,
        mail.sent_to
    )
    .execute(&mut **tx)
    .await
    .or_fault("save reminder mail")?;
    Ok(())
}

/// Deletes some of all workspaces that are over and were told before `before`; says how many. In a worker's transaction.
pub async fn prune_reminder_mails(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64> {
    let pruned = sqlx::query!(
        "DELETE FROM reminder_mail t
         USING (SELECT workspace_id, id FROM reminder_mail WHERE told_at < $1 AND due_at IS NULL LIMIT $2) old
         WHERE t.workspace_id = old.workspace_id AND t.id = old.id",
        before.to_sqlx() as _,
        limit
    )
    .execute(&mut **tx)
    .await
    .or_fault("prune reminder mails")?;
    Ok(pruned.rows_affected())
}
