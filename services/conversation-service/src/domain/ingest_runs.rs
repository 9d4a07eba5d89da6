//! What a batch of events begins and ends of workflows.

use super::automatic::is_recent;
use super::conversation::{Conversation, Message};
use super::ingest::Place;
use super::run::{Heard, Run};
use super::workflow::{Workflow, is_first};
use domain::{ChannelId, RunId, Timestamp, WorkspaceId};
use std::collections::{BTreeMap, HashMap};

/// Runs of the conversations that a batch names, and what the first message begins on their channels.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    /// The newest of each conversation.
    pub runs: HashMap<Place, Run>,
    pub workflows: HashMap<(WorkspaceId, ChannelId), Workflow>,
    /// Those that are to be written, with the index of the event that changed each last.
    pub changed: BTreeMap<Place, usize>,
    pub now: Timestamp,
}

impl Runs {
    /// Begins the workflow of a conversation's channel, if this message begins the conversation.
    pub fn begin(&mut self, workspace: &WorkspaceId, begun: &Conversation, message: &Message, by: (usize, RunId)) {
        let (event, id) = by;
        if !is_first(message) || !is_recent(message.draft.at, self.now) {
            return;
        }
        if let Some(workflow) = self.workflows.get(&(workspace.clone(), begun.channel.clone())) {
            let place = (workspace.clone(), begun.id);
            let run = Run::begin(id, workflow, begun.id, None, self.now);
            self.runs.insert(place.clone(), run);
            self.changed.insert(place, event);
        }
    }

    /// Tells the run of a conversation, if any, what happened there.
    pub fn hear(&mut self, place: &Place, heard: Heard, event: usize) {
        let now = self.now;
        if self.runs.get_mut(place).is_some_and(|run| run.hear(heard, now)) {
            self.changed.insert(place.clone(), event);
        }
    }
}
