//! Events of other systems: what a batch of them does to the conversations that it names. A pure function from what is
//! stored and the events, in order, to what has to be written and what became of each event.
//!
//! Guarantee: any split of a sequence of events into batches gives the same conversations and messages, and repeating
//! events changes nothing.

use super::automatic::{About, Carriage, Voice};
use super::conversation::{Change, Content, Conversation, Draft, ExternalRef, Message, Opening, Reach};
use super::given::Given;
use super::ingest_runs::Runs;
use super::run::Heard;
use domain::{
    AgentId, AuthorRole, ChannelId, ConversationId, IntegrationId, MessageId, MessageText, RunId, Timestamp,
    WorkspaceId,
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// SHA-256 of an event's content.
pub type Digest = [u8; 32];

/// A conversation of a workspace.
pub type Place = (WorkspaceId, ConversationId);

/// A name that one integration gave to something in a workspace: an event, a conversation, a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub workspace: WorkspaceId,
    pub integration: IntegrationId,
    pub name: String,
}

/// One event, checked for form.
#[derive(Debug, Clone)]
pub struct Event {
    pub workspace: WorkspaceId,
    pub integration: IntegrationId,
    /// With the integration, the idempotency key.
    pub id: String,
    pub digest: Digest,
    /// Our conversation id, or the integration's own reference.
    pub reference: String,
    pub at: Timestamp,
    pub fresh: Fresh,
    pub action: Action,
    /// The trace that the event belongs to, as a `traceparent`.
    pub trace: Option<String>,
}

/// Who sent an event, by which id, and what it says: by that a repeated one is known.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    pub workspace: &'a WorkspaceId,
    pub integration: &'a IntegrationId,
    pub id: &'a str,
    pub digest: &'a Digest,
}

/// Ids for what the event may create.
#[derive(Debug, Clone, Copy)]
pub struct Fresh {
    pub message: MessageId,
    pub conversation: ConversationId,
    /// Of the automatic message that answers it.
    pub automatic: MessageId,
    /// Of the workflow that it begins.
    pub run: RunId,
}

/// What the event says.
#[derive(Debug, Clone)]
pub enum Action {
    Message(Box<Said>),
    Read(Mark),
    Resolve,
}

/// A message of another system.
#[derive(Debug, Clone)]
pub struct Said {
    pub author: AuthorRole,
    pub agent: Option<AgentId>,
    pub text: MessageText,
    /// The integration's own id of the message.
    pub foreign: Option<String>,
    pub follow_up: bool,
    /// Needed when the reference is new.
    pub channel: Option<ChannelId>,
    /// What the integration knows of the customer.
    pub given: Given,
    /// What contacts-service made of `given`; empty where it was not asked.
    pub reach: Reach,
}

/// Up to where the customer has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    Sequence(u64),
    Foreign(String),
}

/// Why an event is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The same id came before with other content.
    ReplayDiffers,
    /// The reference is new and the event does not create it.
    ReferenceUnknown,
    /// The channel does not exist.
    ChannelUnknown,
    /// The message that was read is not known (yet).
    MessageUnknown,
    /// The message that was read belongs to another conversation.
    MessageElsewhere,
    /// The sequence that was read lies past the newest message.
    BeyondLast,
    /// The person asked for the conversation to be erased.
    Erased,
}

/// What is stored of everything that a batch names, locked.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Those named by id or reference, those that continue them, and those that hold a message that was read.
    pub conversations: HashMap<Place, Conversation>,
    /// Reference -> the newest conversation that bears it.
    pub references: HashMap<Key, ConversationId>,
    /// Events that were accepted before.
    pub seen: HashMap<Key, Digest>,
    pub channels: HashSet<(WorkspaceId, ChannelId)>,
    /// Foreign message id -> where it is; the newest if there are several.
    pub foreign: HashMap<Key, (ConversationId, u64)>,
    /// What is said by itself on the channels of these conversations, where anything is.
    pub voices: HashMap<(WorkspaceId, ChannelId), Voice>,
    pub runs: Runs,
    pub now: Timestamp,
}

/// A conversation that a batch opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    pub place: Place,
    /// Index of the event that opened it.
    pub event: usize,
    /// What was known of the customer before that event's message; later events of the batch may add to it.
    pub reach: Reach,
}

/// What has to be written, and what became of each event.
#[derive(Debug, Default)]
pub struct Plan {
    /// One per event, in order: true if it is new, false if it came before with the same content.
    pub outcomes: Vec<Result<bool, Refusal>>,
    /// Conversations to insert, without number.
    pub started: Vec<Begun>,
    /// Conversations that were there and are different now.
    pub touched: BTreeSet<Place>,
    /// Everything that is known now.
    pub conversations: HashMap<Place, Conversation>,
    pub messages: Vec<(WorkspaceId, Message)>,
    /// What happened, `Started` aside, each with the index of its event.
    pub changes: Vec<(usize, Change)>,
    pub runs: Runs,
}

/// Decides what a batch does. Events of one reference take effect in their order.
pub fn plan(known: Known, events: &[Event]) -> Plan {
    let mut planner = Planner {
        references: known.references,
        seen: known.seen,
        channels: known.channels,
        foreign: known.foreign,
        voices: known.voices,
        now: known.now,
        at: 0,
        fresh: HashSet::new(),
        plan: Plan {
            conversations: known.conversations,
            runs: known.runs,
            ..Plan::default()
        },
    };
    for (index, event) in events.iter().enumerate() {
        planner.at = index;
        let outcome = planner.take(event);
        planner.plan.outcomes.push(outcome);
    }
    planner.plan
}

impl Plan {
    /// How many numbers each workspace needs, in order of workspace.
    pub fn numbers_needed(&self) -> Vec<(WorkspaceId, u64)> {
        let mut needed: std::collections::BTreeMap<&WorkspaceId, u64> = std::collections::BTreeMap::new();
        for Begun { place, .. } in &self.started {
            *needed.entry(&place.0).or_default() += 1;
        }
        needed
            .into_iter()
            .map(|(workspace, count)| (workspace.clone(), count))
            .collect()
    }

    /// Numbers the started conversations in their order; `last` holds the last number that each workspace was given.
    pub fn number(&mut self, last: &HashMap<WorkspaceId, u64>) {
        let needed: HashMap<_, _> = self.numbers_needed().into_iter().collect();
        let mut next: HashMap<WorkspaceId, u64> = HashMap::new();
        for Begun { place, .. } in &self.started {
            let first = last.get(&place.0).map_or(1, |last| last + 1 - needed[&place.0]);
            let next = next.entry(place.0.clone()).or_insert(first);
            if let Some(conversation) = self.conversations.get_mut(place) {
                conversation.number = *next;
            }
            *next += 1;
        }
    }
}

struct Planner {
    references: HashMap<Key, ConversationId>,
    seen: HashMap<Key, Digest>,
    channels: HashSet<(WorkspaceId, ChannelId)>,
    foreign: HashMap<Key, (ConversationId, u64)>,
    voices: HashMap<(WorkspaceId, ChannelId), Voice>,
    now: Timestamp,
    /// Index of the present event.
    at: usize,
    fresh: HashSet<Place>,
    plan: Plan,
}

impl Planner {
    fn take(&mut self, event: &Event) -> Result<bool, Refusal> {
        let key = event.key(&event.id);
        match self.seen.get(&key) {
            Some(digest) if *digest == event.digest => return Ok(false),
            Some(_) => return Err(Refusal::ReplayDiffers),
            None => {}
        }
        match &event.action {
            Action::Message(said) => self.message(event, said)?,
            Action::Read(mark) => self.read(event, mark)?,
            Action::Resolve => {
                let place = self.find(event).ok_or(Refusal::ReferenceUnknown)?;
                let change = self.conversation(&place).resolve(event.at);
                self.plan.runs.hear(&place, Heard::Resolved, self.at);
                self.note(place, change);
            }
        }
        self.seen.insert(key, event.digest);
        Ok(true)
    }

    fn message(&mut self, event: &Event, said: &Said) -> Result<(), Refusal> {
        let mut place = match self.find(event) {
            Some(place) => self.newest(place, said.author),
            None => self.start(event, said)?,
        };
        let draft = self.conversation(&place).understood(event.draft(said));
        if self.conversation(&place).is_closed_to(&draft) {
            place = self.go_on(place, event);
        } else if self.conversation(&place).erased {
            return Err(Refusal::Erased);
        }
        let conversation = self.conversation(&place);
        let is_first = conversation.customer_up_to == 0;
        let filled = conversation.reach.filled(said.reach);
        let reachable = conversation.reach(filled, event.at);
        let is_words = draft.content == Content::Words;
        let posted = conversation.post(draft);
        let (message, change) = posted.expect("a customer's conversation is open here, others may always post");
        if let Some(foreign) = &said.foreign {
            self.foreign.insert(event.key(foreign), (place.1, message.seq));
        }
        if let Some(heard) = Heard::of(said.author) {
            self.plan.runs.hear(&place, heard, self.at);
        }
        if let Some(conversation) = self.plan.conversations.get(&place) {
            let by = (self.at, event.fresh.run);
            self.plan.runs.begin(&place.0, conversation, &message, by);
        }
        self.plan.messages.push((place.0.clone(), message));
        self.note(place.clone(), reachable);
        self.note(place.clone(), Some(change));
        if said.author == AuthorRole::Customer && is_words {
            self.react(place, event, is_first);
        }
        Ok(())
    }

    /// Says what the channel's team says by itself to the message that was just posted.
    fn react(&mut self, place: Place, event: &Event, is_first: bool) {
        let now = self.now;
        let channel = self.conversation(&place).channel.clone();
        let Some(voice) = self.voices.get(&(place.0.clone(), channel)).cloned() else {
            return;
        };
        let conversation = self.conversation(&place);
        let Some(kind) = voice.reaction(conversation, is_first, event.at, now) else {
            return;
        };
        let said = (kind, Carriage::Channel);
        let (message, change) = voice.say(conversation, said, About::default(), event.fresh.automatic, event.at);
        self.plan.messages.push((place.0.clone(), message));
        self.note(place, Some(change));
    }

    fn read(&mut self, event: &Event, mark: &Mark) -> Result<(), Refusal> {
        let named = self.find(event).ok_or(Refusal::ReferenceUnknown)?;
        let (place, up_to) = match mark {
            Mark::Sequence(up_to) => (named, *up_to),
            Mark::Foreign(foreign) => {
                let (holder, seq) = self
                    .foreign
                    .get(&event.key(foreign))
                    .copied()
                    .ok_or(Refusal::MessageUnknown)?;
                let place = (event.workspace.clone(), holder);
                let bears_reference = self
                    .conversation(&place)
                    .external
                    .as_ref()
                    .is_some_and(|external| external.reference == event.reference);
                if place != named && !bears_reference {
                    return Err(Refusal::MessageElsewhere);
                }
                (place, seq)
            }
        };
        let change = self
            .conversation(&place)
            .mark_read(up_to, event.at)
            .map_err(|_| Refusal::BeyondLast)?;
        self.note(place, change);
        Ok(())
    }

    fn find(&self, event: &Event) -> Option<Place> {
        if let Ok(id) = ConversationId::parse(&event.reference) {
            let own = (event.workspace.clone(), id);
            if self.plan.conversations.contains_key(&own) {
                return Some(own);
            }
        }
        let id = self.references.get(&event.key(&event.reference))?;
        Some((event.workspace.clone(), *id))
    }

    /// A customer goes on in the newest continuation of what the event names.
    fn newest(&mut self, mut place: Place, author: AuthorRole) -> Place {
        while author == AuthorRole::Customer
            && let Some(next) = self.conversation(&place).continued_by
        {
            place.1 = next;
        }
        place
    }

    fn start(&mut self, event: &Event, said: &Said) -> Result<Place, Refusal> {
        let channel = said.channel.clone().ok_or(Refusal::ReferenceUnknown)?;
        if !self.channels.contains(&(event.workspace.clone(), channel.clone())) {
            return Err(Refusal::ChannelUnknown);
        }
        let external = ExternalRef {
            integration: event.integration.clone(),
            reference: event.reference.clone(),
        };
        let conversation = Conversation::open(Opening {
            id: event.fresh.conversation,
            channel,
            visitor: None,
            reach: said.reach,
            page_url: String::new(),
            opened_by: said.author,
            outreach: false,
            at: event.at,
            external: Some(external),
            team: None,
        });
        Ok(self.insert(event, conversation))
    }

    fn go_on(&mut self, place: Place, event: &Event) -> Place {
        let next = self
            .conversation(&place)
            .continue_as(event.fresh.conversation, event.at);
        self.touch(place);
        self.insert(event, next)
    }

    fn insert(&mut self, event: &Event, conversation: Conversation) -> Place {
        let place = (event.workspace.clone(), conversation.id);
        if let Some(external) = &conversation.external {
            let key = Key {
                workspace: event.workspace.clone(),
                integration: external.integration.clone(),
                name: external.reference.clone(),
            };
            self.references.insert(key, conversation.id);
        }
        self.plan.started.push(Begun {
            place: place.clone(),
            event: self.at,
            reach: conversation.reach,
        });
        self.fresh.insert(place.clone());
        self.plan.conversations.insert(place.clone(), conversation);
        place
    }

    fn conversation(&mut self, place: &Place) -> &mut Conversation {
        self.plan
            .conversations
            .get_mut(place)
            .expect("every conversation that a reference leads to was loaded")
    }

    fn note(&mut self, place: Place, change: Option<Change>) {
        if let Some(change) = change {
            self.plan.changes.push((self.at, change));
            self.touch(place);
        }
    }

    fn touch(&mut self, place: Place) {
        if !self.fresh.contains(&place) {
            self.plan.touched.insert(place);
        }
    }
}

impl Event {
    /// By what it is known when it comes again.
    pub fn sent(&self) -> Sent<'_> {
        Sent {
            workspace: &self.workspace,
            integration: &self.integration,
            id: &self.id,
            digest: &self.digest,
        }
    }

    /// A name of this event's integration.
    pub fn key(&self, name: &str) -> Key {
        Key {
            workspace: self.workspace.clone(),
            integration: self.integration.clone(),
            name: name.to_owned(),
        }
    }

    fn draft(&self, said: &Said) -> Draft {
        let foreign = said.foreign.clone().map(|id| ExternalRef {
            integration: self.integration.clone(),
            reference: id,
        });
        Draft {
            id: self.fresh.message,
            author: said.author,
            agent: said.agent.clone(),
            text: said.text.clone(),
            at: self.at,
            follow_up: said.follow_up,
            client_id: None,
            foreign,
            content: Content::Words,
        }
    }
}

#[cfg(test)]
#[path = "ingest_tests.rs"]
mod tests;
