//! What is read of a case under its conversation's lock, in one round trip: sends are frequent, and each opens its case
//! three times.

use super::delivery::{self, Delivery};
use super::follow_up::{self, Row};
use super::{presence, unsigned, word};
use crate::domain::{Answer, Presence, Settings, Status, Step, StepRecord};
use domain::{ChannelId, ConversationId, DeliveryId, Timestamp, VisitorId, WorkspaceId};
use fault::{Fault, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use store::{OrFault, Tx};
use uuid::Uuid;

/// Whose case.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    pub conversation: ConversationId,
    pub channel: Option<&'a ChannelId>,
    pub visitor: Option<VisitorId>,
    /// One of the conversation's, to be read with it.
    pub delivery: Option<DeliveryId>,
}

/// A case without its conversation's own row.
pub struct Rest {
    /// False: the channel was not told of yet, and nobody keeps its place.
    channel_placed: bool,
    /// Held: a change of presence waits for this transaction and finds what it did. `None`: nobody keeps its place.
    pub presence: Option<Presence>,
    pub delivery: Option<Delivery>,
    pub settings: Option<Settings>,
    pub answers: BTreeMap<u64, Answer>,
    /// The open one, else the one of the latest answers, with the newest delivery of each step.
    pub follow_up: Option<Row>,
}

impl Rest {
    /// Channel and visitor have rows, so that what is told of them later waits for this transaction.
    pub fn is_placed(&self, key: &Key<'_>) -> bool {
        (self.channel_placed || key.channel.is_none()) && (self.presence.is_some() || key.visitor.is_none())
    }
}

#[derive(Deserialize)]
struct AnswerRow {
    seq: i64,
    bot: bool,
    follow_up: bool,
    too_old: bool,
    at: Timestamp,
}

#[derive(Deserialize)]
struct StepRow {
    step: String,
    id: Uuid,
    status: String,
    status_at: Timestamp,
    attempts: u32,
    attempted_at: Option<Timestamp>,
}

/// Reads the rest of a case. Call under the conversation's lock, in a statement after it: only then does it see what the
/// last holder wrote.
pub async fn read_rest(tx: &mut Tx, workspace: &WorkspaceId, key: &Key<'_>) -> Result<Rest> {
    let conversation = key.conversation;
    let row = sqlx::query!(
        r#"WITH held AS (SELECT state, cause, since, epoch, version FROM presence_view
             WHERE workspace_id = $1 AND visitor = $4 FOR SHARE)
           SELECT c.version AS "version?", c.settings AS "settings?",
             (SELECT to_jsonb(h) FROM held h) AS presence,
             (SELECT to_jsonb(d) FROM delivery d
              WHERE d.workspace_id = $1 AND d.id = $5 AND d.conversation = $2) AS delivery,
             (SELECT jsonb_agg(to_jsonb(u)) FROM unanswered u
              WHERE u.workspace_id = $1 AND u.conversation = $2) AS answers,
             to_jsonb(f) AS follow_up,
             (SELECT jsonb_agg(to_jsonb(s)) FROM (
                SELECT DISTINCT ON (step) step, id, status, status_at, attempts, attempted_at FROM delivery
                WHERE workspace_id = $1 AND conversation = $2 AND follow_up = f.id
                ORDER BY step, status = 'cancelled', created_at DESC) s) AS steps
           FROM (VALUES (1)) one
             LEFT JOIN channel_view c ON c.workspace_id = $1 AND c.channel = $3
             LEFT JOIN LATERAL (SELECT * FROM follow_up WHERE workspace_id = $1 AND conversation = $2
               ORDER BY state = 'done', from_seq DESC, id DESC LIMIT 1) f ON true"#,
        workspace.as_str(),
        conversation.0,
        key.channel.map(ChannelId::as_str),
        key.visitor.map(|visitor| visitor.0),
        key.delivery.map(|delivery| delivery.0)
    )
    .fetch_one(&mut **tx)
    .await
    .or_fault("read case")?;
    let answers: Option<Vec<AnswerRow>> = parse(row.answers)?;
    let mut follow_up = row.follow_up.map(follow_up::parse).transpose()?;
    let steps: Option<Vec<StepRow>> = parse(row.steps)?;
    if let Some(row) = &mut follow_up {
        for step in steps.unwrap_or_default() {
            let (step, record) = step.record()?;
            *row.follow_up.record_mut(step) = Some(record);
        }
    }
    let answers = answers.unwrap_or_default().into_iter().map(|row| {
        let answer = Answer {
            bot: row.bot,
            follow_up: row.follow_up,
            too_old: row.too_old,
            at: row.at,
        };
        Ok((unsigned(row.seq)?, answer))
    });
    Ok(Rest {
        channel_placed: row.version.is_some(),
        presence: row.presence.map(presence::parse).transpose()?,
        delivery: row.delivery.map(delivery::parse).transpose()?,
        settings: parse(row.settings)?,
        answers: answers.collect::<Result<_>>()?,
        follow_up,
    })
}

fn parse<T: for<'a> Deserialize<'a>>(json: Option<serde_json::Value>) -> Result<Option<T>> {
    json.map(serde_json::from_value).transpose().map_err(Fault::internal)
}

impl StepRow {
    fn record(self) -> Result<(Step, StepRecord)> {
        let step = word("delivery.step", &self.step, Step::from_word(&self.step))?;
        let status = word("delivery.status", &self.status, Status::from_word(&self.status))?;
        let id = DeliveryId(self.id);
        let record = StepRecord::new(id, status, self.attempts, self.attempted_at, self.status_at);
        Ok((step, record))
    }
}
