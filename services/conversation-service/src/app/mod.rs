//! Use cases: one file each, named like the rpc. They load, decide with `domain`, and write state and facts in one
//! transaction.

mod add_contact;
mod assign_sender;
mod authenticate_token;
mod bind_contact;
mod cancel_workflow;
mod consider_form;
mod create_agent;
mod create_channel;
mod create_integration;
mod create_team;
mod create_workspace;
mod dismiss_form;
mod erase_person;
mod export_person;
mod forget_events;
mod forget_runs;
mod get_agent;
mod get_automatic_messages;
mod get_card;
mod get_channel;
mod get_conversation;
mod get_follow_up_context;
mod get_open_form;
mod get_opening;
mod get_opening_hours;
mod get_reminder;
mod get_run;
mod get_workspace;
mod ingest_events;
mod join_chat;
mod keep_facts_reader;
mod keep_retention;
mod list_activity;
mod list_cards;
mod list_channels;
mod list_conversations;
mod list_input_forms;
mod list_integrations;
mod list_interactions;
mod list_messages;
mod list_person_conversations;
mod list_ratings;
mod list_reminders;
mod list_runs;
mod list_senders;
mod list_starred;
mod list_teams;
mod list_workflows;
mod mark_read;
mod note_assignee;
mod note_card_outcome;
mod note_delivery;
mod note_staffing;
mod note_taken_over;
mod offer_copy;
mod offer_form;
mod post_message;
mod preview_automatic_message;
mod react;
mod record;
mod record_call;
mod record_consents;
mod refused;
mod release_sender;
mod remind;
mod remove_star;
mod report_delivery;
mod request_transcript;
mod resolve_conversation;
mod rotate_integration_token;
mod send_automatic_message;
mod send_card;
mod set_automatic_messages;
mod set_input_form;
mod set_opening_hours;
mod set_retention;
mod set_star;
mod set_tag;
mod set_workflow;
mod start_conversation;
mod start_workflow;
mod submit_form;
mod take_copy;
mod tell_run;
mod tend_form;
mod tend_run;
mod update_agent;
mod update_channel;
mod update_integration;
mod update_workspace;
mod withdraw_form;
mod write_to_contact;

pub use assign_sender::Senders;
pub use get_conversation::By;
pub use ingest_events::Submitted;
pub use offer_form::Offer;
pub use post_message::Post;
pub use request_transcript::Asked;
pub use send_automatic_message::Said;
pub use send_card::NewCard;
pub use start_conversation::Start;
pub use submit_form::Submitted as SubmittedForm;
pub use update_workspace::WorkspaceChange;
pub use write_to_contact::FirstMessage;

use crate::domain::conversation::Conversation;
use crate::outbound::Contacts;
use bus::Bus;
use domain::Timestamp;
use fault::{Fault, Result, codes};
use std::future::Future;
use std::time::Duration;
use store::Store;

/// Everything a use case needs of the outside.
#[derive(Debug, Clone)]
pub struct App {
    store: Store,
    contacts: Contacts,
    bus: Bus,
    senders: Senders,
    /// Whether integrations may read facts.
    facts_scope: bool,
    /// How long after a message a form comes by itself.
    form_after: Duration,
}

/// How often a transaction that met another one is tried.
const TRIES: u32 = 3;

impl App {
    pub fn new(
        store: Store,
        contacts: Contacts,
        bus: Bus,
        (senders, facts_scope, form_after): (Senders, bool, Duration),
    ) -> Self {
        Self {
            store,
            contacts,
            bus,
            senders,
            facts_scope,
            form_after,
        }
    }

    /// The present, as exactly as the database keeps it: what is answered now and what is read later are equal.
    fn now(&self) -> Timestamp {
        let now = self.store.clock().now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

/// Repeats a transaction that met another one half-way.
async fn retry<T, F: Future<Output = Result<T>>>(mut attempt: impl FnMut() -> F) -> Result<T> {
    for _ in 1..TRIES {
        match attempt().await {
            Err(fault) if fault.code() == &codes::CONFLICT => {}
            result => return result,
        }
    }
    attempt().await
}

/// Refuses a change of what has another version than the caller has seen; 0: whatever it is.
fn check_version(seen: u64, present: u64, what: &str) -> Result<()> {
    if seen != 0 && seen != present {
        let remedy = format!("is {present} by now; read the {what} again and repeat");
        return Err(Fault::new(&codes::VERSION, remedy).of("version"));
    }
    Ok(())
}

/// Refuses to add to a conversation whose person asked for it to be erased: nobody would erase what is added.
fn not_erased(conversation: &Conversation) -> Result<()> {
    if conversation.erased {
        let remedy = "was erased; who writes again does so in another one";
        return Err(Fault::new(&codes::ERASED, remedy).of("conversation"));
    }
    Ok(())
}

/// The id is taken by something with other content.
fn exists(what: &str) -> Fault {
    Fault::new(
        &codes::EXISTS,
        format!("there is another {what} by that id; choose another id"),
    )
    .of(what)
}
