use super::App;
use crate::domain::State;
use crate::domain::explain::{self, Send, Told};
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
    pub deliveries: Vec<Delivery>,
    pub timeline: Vec<Entry>,
    /// One sentence for people.
    pub summary: String,
}

/// Nobody reads more of them.
const FOLLOW_UPS: i64 = 200;

impl App {
    pub async fn explain_follow_up(&self, workspace: &WorkspaceId, subject: Subject) -> Result<Explained> {
        let mut tx = self.store.begin(workspace).await?;
        let (conversation, only, follow_ups) = match subject {
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
                let rows = follow_up::list_follow_ups(&mut tx, workspace, Some(id), None, FOLLOW_UPS).await?;
                (id, None, rows)
            }
        };
        let deliveries = delivery::list_deliveries(&mut tx, workspace, conversation, only).await?;
        let timeline = timeline::list_entries(&mut tx, workspace, conversation, only).await?;
        tx.commit().await?;
        let told: Vec<Told> = follow_ups.iter().map(|row| told(row, &deliveries)).collect();
        Ok(Explained {
            summary: explain::summary(&told),
            follow_ups,
            deliveries,
            timeline,
        })
    }
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
            reason: codes::CATALOGUE
                .iter()
                .find(|code| code.name == delivery.reason)
                .map(|code| code.meaning.to_owned())
                .unwrap_or_default(),
        })
        .collect();
    Told {
        end: follow_up.causes.strongest().filter(|_| follow_up.state == State::Done),
        why: follow_up.why,
        sends,
    }
}
