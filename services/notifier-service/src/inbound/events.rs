use crate::app::App;
use bus::{ConsumerSpec, Handler};
use events::event::{
    ChannelChanged, ConversationReachable, ConversationResolved, ConversationStarted, ConversationTranscriptRequested,
    MessagePosted, MessageRead, ReminderDue, VisitorPresenceChanged,
};
use events::{Received, fact_filter};
use fault::{Fault, Result};
use std::sync::Arc;

/// The consumer of everything that a decision is made from.
pub fn spec() -> ConsumerSpec {
    ConsumerSpec::facts(
        "notifier",
        vec![
            fact_filter::<ChannelChanged>(),
            fact_filter::<ConversationStarted>(),
            fact_filter::<ConversationReachable>(),
            fact_filter::<ConversationResolved>(),
            fact_filter::<ConversationTranscriptRequested>(),
            fact_filter::<MessagePosted>(),
            fact_filter::<MessageRead>(),
            fact_filter::<VisitorPresenceChanged>(),
            fact_filter::<ReminderDue>(),
        ],
    )
}

/// Hands each fact to its use case. What is folded is a maximum or a union, so repetition changes nothing and needs no inbox;
/// what is done once has one.
pub struct Facts(pub Arc<App>);

impl Handler for Facts {
    async fn handle(&self, message: Received) -> Result<()> {
        let (app, workspace) = (&self.0, message.workspace());
        if message.is::<MessagePosted>() {
            app.note_message(workspace, message.decode()?).await
        } else if message.is::<MessageRead>() {
            app.note_read(workspace, message.decode()?).await
        } else if message.is::<VisitorPresenceChanged>() {
            app.note_presence(workspace, message.decode()?).await
        } else if message.is::<ConversationStarted>() {
            app.note_started(workspace, message.decode()?).await
        } else if message.is::<ConversationReachable>() {
            app.note_reachable(workspace, message.decode()?).await
        } else if message.is::<ConversationResolved>() {
            app.note_resolved(workspace, message.decode()?).await
        } else if message.is::<ConversationTranscriptRequested>() {
            app.note_transcript_requested(workspace, message.decode()?).await
        } else if message.is::<ChannelChanged>() {
            app.note_channel(workspace, message.decode()?).await
        } else if message.is::<ReminderDue>() {
            app.note_reminder(workspace, message.decode()?).await
        } else {
            Err(Fault::invalid("subject", "is not a fact that this consumer asked for"))
        }
    }
}
