use super::App;
use crate::domain::explain::{self, Carried, Send, Told};
use crate::domain::{Purpose, State, Status};
use crate::outbound::postgres::conversation;
use crate::outbound::postgres::delivery::{self, Delivery};
use crate::outbound::postgres::follow_up::{self, Row};
use crate::outbound::postgres::timeline::{self, Entry};
use domain::{ConversationId, FollowUpId, WorkspaceId};
use fault::{Fault, Result, codes};

/// What is to be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    FollowUp(FollowUpId),
    /// Everything about a conversation, also where nothing was ever due.
    Conversation(ConversationId),
}

/// Why something was sent, and why not.
#[derive(Debug, Clone)]
pub struct Explained {
    /// Newest first.
    pub follow_ups: Vec<Row>,
    /// Oldest first, like the timeline.
    pub deliveries: Vec<Delivery>,
    pub timeline: Vec<Entry>,
    /// There is more of one of them: the newest are given.
    pub truncated: bool,
    /// One sentence for people.
    pub summary: String,
}

/// Nobody reads more of them.
const FOLLOW_UPS: usize = 200;
const DELIVERIES: usize = 500;
const LINES: usize = 1_000;

impl App {
    pub async fn explain_follow_up(&self, workspace: &WorkspaceId, subject: Subject) -> Result<Explained> {
        let mut tx = self.store.begin(workspace).await?;
        let (conversation, only, mut follow_ups) = match subject {
            Subject::FollowUp(id) => {
                let row = follow_up::read_follow_up(&mut tx, workspace, id).await?;
                let row = row.ok_or_else(|| Fault::not_found("follow_up"))?;
                (row.conversation, Some(id), vec![row])
            }
            Subject::Conversation(id) => {
                if !conversation::is_known(&mut tx, workspace, id).await? {
                    let remedy = "nothing was heard of it; check the workspace and the id, or ask again in a moment";
                    return Err(Fault::new(&codes::NOT_FOUND, remedy).of("conversation"));
                }
                let rows = follow_up::list_follow_ups(&mut tx, workspace, Some(id), None, one_more(FOLLOW_UPS)).await?;
                (id, None, rows)
            }
        };
        let mut deliveries =
            delivery::list_deliveries(&mut tx, workspace, conversation, only, one_more(DELIVERIES)).await?;
        let mut timeline = timeline::list_entries(&mut tx, workspace, conversation, only, one_more(LINES)).await?;
        tx.commit().await?;
        let truncated = follow_ups.len() > FOLLOW_UPS || deliveries.len() > DELIVERIES || timeline.len() > LINES;
        follow_ups.truncate(FOLLOW_UPS);
        deliveries.drain(..deliveries.len().saturating_sub(DELIVERIES));
        timeline.drain(..timeline.len().saturating_sub(LINES));
        let told: Vec<Told> = follow_ups.iter().map(|row| told(row, &deliveries)).collect();
        Ok(Explained {
            summary: explain::summary(&told, &carried(&deliveries)),
            follow_ups,
            deliveries,
            timeline,
            truncated,
        })
    }
}

/// One beyond the limit tells that there is more.
fn one_more(limit: usize) -> i64 {
    i64::try_from(limit + 1).expect("the limits are small")
}

fn carried(deliveries: &[Delivery]) -> Vec<Carried> {
    let messages = deliveries
        .iter()
        .filter(|delivery| delivery.purpose == Purpose::Message);
    let carried = messages.map(|delivery| Carried {
        seq: delivery.seq,
        status: delivery.status,
        reason: meaning(delivery),
    });
    carried.collect()
}

/// Of its failure's code; empty without one.
fn meaning(delivery: &Delivery) -> String {
    let code = fault::codes::find(&delivery.reason);
    code.map(|code| code.meaning.to_owned()).unwrap_or_default()
}

fn told(row: &Row, deliveries: &[Delivery]) -> Told {
    let follow_up = &row.follow_up;
    let sends = deliveries
        .iter()
        .filter(|delivery| delivery.follow_up == Some(follow_up.id))
        .map(|delivery| Send {
            step: delivery.step,
            status: delivery.status,
            attempted: delivery.attempts > 0,
            reason: meaning(delivery),
        })
        .collect();
    Told {
        end: follow_up.causes.strongest().filter(|_| follow_up.state == State::Done),
        why: follow_up.why,
        next_try: deliveries
            .iter()
            .filter(|delivery| delivery.follow_up == Some(follow_up.id) && delivery.status == Status::Due)
            .find_map(|delivery| delivery.due_at),
        sends,
    }
}
