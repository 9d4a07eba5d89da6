//! What is read of a case under its conversation's lock, in one round trip: sends are frequent, and each opens its case
//! three times.

use super::delivery::{self, Delivery};
use super::follow_up::{Row, Trace};
use super::{presence, unsigned, word};
use crate::domain::{Answer, Causes, End, FollowUp, Presence, Settings, State, Status, Step, StepRecord, Why};
use domain::{ChannelId, ConversationId, DeliveryId, FollowUpId, Timestamp, VisitorId, WorkspaceId};
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
struct FollowUpRow {
    id: Uuid,
    from_seq: i64,
    to_seq: i64,
    first_at: Timestamp,
    started_at: Timestamp,
    state: String,
    step: Option<String>,
    why: Option<String>,
    causes: Vec<String>,
    due_at: Option<Timestamp>,
    trace: Option<String>,
    traced_at: Timestamp,
}

#[derive(Deserialize)]
struct StepRow {
    step: String,
    id: Uuid,
    status: String,
    status_at: Timestamp,
    attempts: i32,
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
    let follow_up: Option<FollowUpRow> = parse(row.follow_up)?;
    let steps: Option<Vec<StepRow>> = parse(row.steps)?;
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
        follow_up: follow_up
            .map(|row| row.read(conversation, steps.unwrap_or_default()))
            .transpose()?,
    })
}

fn parse<T: for<'a> Deserialize<'a>>(json: Option<serde_json::Value>) -> Result<Option<T>> {
    json.map(serde_json::from_value).transpose().map_err(Fault::internal)
}

impl FollowUpRow {
    fn read(self, conversation: ConversationId, steps: Vec<StepRow>) -> Result<Row> {
        let causes = self
            .causes
            .iter()
            .map(|text| word("follow_up.causes", text, End::from_word(text)))
            .collect::<Result<Causes>>()?;
        let state = State::from_words(&self.state, self.step.as_deref());
        let mut follow_up = FollowUp {
            id: FollowUpId(self.id),
            from_seq: unsigned(self.from_seq)?,
            to_seq: unsigned(self.to_seq)?,
            first_at: self.first_at,
            started_at: self.started_at,
            state: word("follow_up.state", &self.state, state)?,
            due_at: self.due_at,
            why: self.why.as_deref().and_then(Why::from_word),
            causes,
            text: None,
            mail: None,
        };
        for row in steps {
            let step = word("delivery.step", &row.step, Step::from_word(&row.step))?;
            *follow_up.record_mut(step) = Some(row.record()?);
        }
        Ok(Row {
            follow_up,
            conversation,
            trace: Trace {
                parent: self.trace,
                at: self.traced_at,
            },
        })
    }
}

impl StepRow {
    fn record(self) -> Result<StepRecord> {
        let status = word("delivery.status", &self.status, Status::from_word(&self.status))?;
        let at = match self.attempted_at {
            Some(at) if status.may_have_reached() => at,
            _ => self.status_at,
        };
        Ok(StepRecord {
            delivery: DeliveryId(self.id),
            status,
            attempted: self.attempts > 0,
            at,
        })
    }
}
