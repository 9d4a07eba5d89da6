//! Contact data that events bring, handed to contacts-service before any transaction begins, and only where it tells
//! something new: integrations tend to repeat the customer in every message.

use super::check::customer_field;
use super::{is_away, same};
use crate::app::App;
use crate::domain::conversation::{Conversation, Reach};
use crate::domain::given::Given;
use crate::domain::ingest::{Action, Event, Key, Place, Said};
use crate::domain::settings::{Channel, ChannelKind};
use crate::outbound::postgres::{channel, conversation};
use domain::{ChannelId, ConversationId, WorkspaceId};
use fault::{Fault, Result};
use futures::StreamExt;
use std::collections::{HashMap, HashSet};

/// Calls to contacts-service at once, per batch.
const AT_ONCE: usize = 16;

/// One call: the same data of the same workspace are handed over once.
type Call = (WorkspaceId, Given, ChannelId, ChannelKind, String);

impl App {
    /// Fills in who the customers are. An event whose data are refused is refused; one whose data cannot be handed over
    /// now waits, and so does everything after it in its conversation.
    pub(super) async fn capture_customers(&self, events: Vec<Result<Event>>) -> Vec<Result<Event>> {
        let bringing: Vec<&Event> = events
            .iter()
            .flatten()
            .filter(|event| said(event).is_some_and(|said| said.given.has_address()))
            .collect();
        if bringing.is_empty() {
            return events;
        }
        let calls = match self.calls(&bringing).await {
            Ok(calls) => calls,
            Err(fault) => {
                return events
                    .into_iter()
                    .map(|event| event.and_then(|_| Err(same(&fault))))
                    .collect();
            }
        };
        let wanted: HashSet<&Call> = calls.values().collect();
        let answers: HashMap<Call, Result<Reach>> = futures::stream::iter(wanted.into_iter().cloned())
            .map(|call| async {
                let (workspace, given, channel, kind, country) = &call;
                let place = (channel, *kind, country.as_str());
                let answer = self.contacts.capture_contact_soon(workspace, given, place).await;
                (call, answer)
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut waiting: HashSet<Key> = HashSet::new();
        events
            .into_iter()
            .map(|event| fill(event?, &calls, &answers, &mut waiting))
            .collect()
    }

    /// What has to be asked, by the id of the message that brings it.
    async fn calls(&self, bringing: &[&Event]) -> Result<HashMap<domain::MessageId, Call>> {
        let keys: HashSet<Key> = bringing.iter().map(|event| event.key(&event.reference)).collect();
        let places: HashSet<Place> = bringing
            .iter()
            .filter_map(|event| Some((event.workspace.clone(), ConversationId::parse(&event.reference).ok()?)))
            .collect();
        let workspaces: HashSet<WorkspaceId> = bringing.iter().map(|event| event.workspace.clone()).collect();
        let mut tx = self.store.begin_all(&Vec::from_iter(workspaces)).await?;
        let by_reference = conversation::get_by_reference(&mut tx, &Vec::from_iter(keys)).await?;
        let by_id = conversation::get_many(&mut tx, &Vec::from_iter(places)).await?;
        let present = |event: &Event| -> Option<&Conversation> {
            let id = ConversationId::parse(&event.reference).ok();
            let own = id.and_then(|id| by_id.get(&(event.workspace.clone(), id)));
            own.or_else(|| by_reference.get(&event.key(&event.reference)))
        };
        let channel_of = |event: &Event| -> Option<(WorkspaceId, ChannelId)> {
            let named = said(event).and_then(|said| said.channel.clone());
            let id = present(event)
                .map(|conversation| conversation.channel.clone())
                .or(named)?;
            Some((event.workspace.clone(), id))
        };
        let channels: HashSet<_> = bringing.iter().filter_map(|event| channel_of(event)).collect();
        let channels: HashMap<_, Channel> = channel::get_many(&mut tx, &Vec::from_iter(channels)).await?;
        let mut calls = HashMap::new();
        for event in bringing {
            // A channel that does not exist is refused later, where all refusals are made.
            let Some(channel) = channel_of(event).and_then(|id| channels.get(&id)) else {
                continue;
            };
            let Some(said) = said(event) else { continue };
            let given = said.given.clone().allowed_by(&channel.settings);
            let known = present(event)
                .map(|conversation| conversation.reach)
                .unwrap_or_default();
            // Profiles change, so one that is told is always handed over.
            let tells = given.told.as_ref().is_some_and(|told| !told.profile.is_empty());
            let news = !given.phone.is_empty() && known.phone.is_none()
                || !given.email.is_empty() && known.email.is_none()
                || given.has_page_scoped_id() && known.contact.is_none()
                || tells && given.has_address();
            if news {
                let country = channel.settings.default_country.clone();
                let call = (
                    event.workspace.clone(),
                    given,
                    channel.id.clone(),
                    channel.kind,
                    country,
                );
                calls.insert(event.fresh.message, call);
            }
        }
        Ok(calls)
    }
}

fn said(event: &Event) -> Option<&Said> {
    match &event.action {
        Action::Message(said) => Some(said),
        _ => None,
    }
}

fn fill(
    mut event: Event,
    calls: &HashMap<domain::MessageId, Call>,
    answers: &HashMap<Call, Result<Reach>>,
    waiting: &mut HashSet<Key>,
) -> Result<Event> {
    let key = event.key(&event.reference);
    if waiting.contains(&key) {
        return Err(Fault::unavailable(
            "contacts-service",
            "an earlier event of the conversation waits",
        ));
    }
    let answer = calls.get(&event.fresh.message).and_then(|call| answers.get(call));
    match (answer, &mut event.action) {
        (Some(Ok(reach)), Action::Message(said)) => said.reach = *reach,
        (Some(Err(fault)), _) if is_away(fault) => {
            waiting.insert(key);
            return Err(same(fault));
        }
        (Some(Err(fault)), _) => return Err(same(fault).of(customer_field(fault.field().unwrap_or_default()))),
        _ => {}
    }
    Ok(event)
}
