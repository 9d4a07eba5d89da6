use super::clocks::Clocks;
use super::policies::Policies;
use super::recording::Recording;
use super::tally::{Message, Sent, Tally};
use crate::config::ANSWER_MAX_AGE;
use crate::domain::read::{read_presence, read_reach, read_started};
use crate::domain::{
    Case, Conversation, Effect, End, FollowUp, Ids, Presence, Settings, State, Status, Step, StepRecord, Why,
    confirmation,
};
use domain::{
    AddressId, AuthorRole, ChannelId, ConversationId, DeliveryId, FollowUpId, PresenceState, TimeScale, VisitorId,
    WorkspaceId,
};
use events::event::{
    ChannelChanged, ConversationReachable, ConversationResolved, ConversationStarted, FollowUpEnd, FollowUpEnded,
    MessagePosted, MessageRead, VisitorPresenceChanged,
};
use events::{Received, instant, role};
use fault::{Fault, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// What is folded of one conversation, and what was done for it.
#[derive(Default)]
struct Played {
    case: Case,
    confirmed: bool,
    /// It began in a channel that was not told of yet: what was true for it then is not known.
    left_out: bool,
    due_at: Option<Timestamp>,
    /// What waits for the end of quiet hours.
    put_off: Option<(Step, DeliveryId, Timestamp)>,
}

pub(super) type Key = (WorkspaceId, ConversationId);

/// Everything known at one moment of the virtual clock.
pub(super) struct Replay<'a> {
    policies: &'a Policies,
    scale: TimeScale,
    clocks: Clocks,
    channels: HashMap<(WorkspaceId, ChannelId), (u64, Settings)>,
    visitors: HashMap<(WorkspaceId, VisitorId), Presence>,
    conversations: BTreeMap<Key, Played>,
    /// Conversations by who takes part and where.
    of_visitor: HashMap<(WorkspaceId, VisitorId), BTreeSet<ConversationId>>,
    of_channel: HashMap<(WorkspaceId, ChannelId), BTreeSet<ConversationId>>,
    timers: BTreeSet<(Timestamp, Key)>,
    /// Answers that were heard of.
    heard: HashSet<(WorkspaceId, String)>,
    /// Messages of a day to a number or address.
    sends: HashMap<(WorkspaceId, AddressId, Date), u32>,
    ends: BTreeMap<FollowUpId, Option<End>>,
    told: HashSet<FollowUpId>,
    ids: u128,
    tally: Tally,
}

impl<'a> Replay<'a> {
    pub(super) fn new(policies: &'a Policies, scale: TimeScale) -> Self {
        Self {
            policies,
            scale,
            clocks: Clocks::default(),
            channels: HashMap::new(),
            visitors: HashMap::new(),
            conversations: BTreeMap::new(),
            of_visitor: HashMap::new(),
            of_channel: HashMap::new(),
            timers: BTreeSet::new(),
            heard: HashSet::new(),
            sends: HashMap::new(),
            ends: BTreeMap::new(),
            told: HashSet::new(),
            ids: 0,
            tally: Tally::default(),
        }
    }

    /// Plays everything up to the recording's end.
    pub(super) fn run(mut self, recording: &Recording) -> Result<Tally> {
        self.clocks = Clocks::of(recording)?;
        for recorded in recording.facts() {
            self.play_timers(recorded.at);
            self.take(&recorded.fact, recorded.at)?;
        }
        if let Some(last) = recording.facts().last() {
            self.play_timers(last.at);
        }
        let whole = |played: &Played| played.case.conversation.started.is_some() && !played.left_out;
        self.tally.left_out = self.conversations.values().filter(|played| !whole(played)).count() as u64;
        self.policies
            .check_names(self.channels.keys().map(|(_, channel)| channel.as_str()))?;
        self.tally.follow_ups = self.ends.len() as u64;
        for end in self.ends.into_values() {
            match end {
                Some(end) => self.tally.end(end),
                None => self.tally.open += 1,
            }
        }
        Ok(self.tally)
    }

    fn play_timers(&mut self, until: Timestamp) {
        while let Some((at, _)) = self.timers.first()
            && *at <= until
            && let Some((at, key)) = self.timers.pop_first()
        {
            self.settle(&key, at);
        }
    }

    fn take(&mut self, fact: &Received, at: Timestamp) -> Result<()> {
        let workspace = fact.workspace().clone();
        if fact.is::<ChannelChanged>() {
            self.channel(workspace, fact.decode()?, at)
        } else if fact.is::<VisitorPresenceChanged>() {
            self.presence(workspace, fact.decode()?, at)
        } else if fact.is::<ConversationStarted>() {
            self.started(workspace, fact.decode()?, at)
        } else if fact.is::<ConversationReachable>() {
            let fact: ConversationReachable = fact.decode()?;
            let reach = read_reach(&fact)?;
            self.fold(workspace, &fact.conversation, at, |known| known.reachable(reach))
        } else if fact.is::<ConversationResolved>() {
            let fact: ConversationResolved = fact.decode()?;
            self.fold(workspace, &fact.conversation, at, |known| {
                known.resolved(fact.version, None);
            })
        } else if fact.is::<MessagePosted>() {
            self.posted(workspace, fact.decode()?, at)
        } else if fact.is::<MessageRead>() {
            let fact: MessageRead = fact.decode()?;
            self.fold(workspace, &fact.conversation, at, |known| known.read(fact.up_to))
        } else if fact.is::<FollowUpEnded>() {
            let fact: FollowUpEnded = fact.decode()?;
            // Coming back through a link is told by nothing else; coming into view is told by presence.
            let returned = fact.causes().any(|cause| cause == FollowUpEnd::Returned);
            match returned && !self.is_in_view(&workspace, ConversationId::parse(&fact.conversation)?) {
                true => self.fold(workspace, &fact.conversation, at, |known| known.returned(at)),
                false => Ok(()),
            }
        } else {
            Ok(())
        }
    }

    fn channel(&mut self, workspace: WorkspaceId, fact: ChannelChanged, at: Timestamp) -> Result<()> {
        let channel = ChannelId::parse(&fact.channel)?;
        let wire = fact.settings.as_ref();
        let wire = wire.ok_or_else(|| Fault::invalid("settings", "are missing"))?;
        let settings = Settings::from_wire(fact.kind(), wire);
        let settings = self.policies.change(channel.as_str(), &settings)?;
        let place = (workspace, channel);
        let newer = |known: &(u64, Settings)| known.0 < fact.version;
        if self.channels.get(&place).is_none_or(newer) {
            self.channels.insert(place.clone(), (fact.version, settings));
            let concerned = self.of_channel.get(&place).cloned().unwrap_or_default();
            for id in &concerned {
                // Its hours may be others now.
                let played = self.conversations.get_mut(&(place.0.clone(), *id));
                if let Some((_, _, until)) = played.and_then(|played| played.put_off.as_mut()) {
                    *until = at;
                }
            }
            self.settle_all(&place.0, concerned, at);
        }
        Ok(())
    }

    fn presence(&mut self, workspace: WorkspaceId, fact: VisitorPresenceChanged, at: Timestamp) -> Result<()> {
        let visitor = VisitorId::parse(&fact.visitor)?;
        let told = read_presence(&fact)?;
        let place = (workspace, visitor);
        if self.visitors.entry(place.clone()).or_default().changed(told) {
            let mut concerned = self.of_visitor.get(&place).cloned().unwrap_or_default();
            // As in earnest, only those that wait for something.
            concerned.retain(|id| self.has_answers(&place.0, *id));
            self.settle_all(&place.0, concerned, at);
        }
        Ok(())
    }

    fn has_answers(&self, workspace: &WorkspaceId, id: ConversationId) -> bool {
        let played = self.conversations.get(&(workspace.clone(), id));
        played.is_some_and(|played| !played.case.conversation.answers.is_empty())
    }

    fn is_in_view(&self, workspace: &WorkspaceId, id: ConversationId) -> bool {
        let played = self.conversations.get(&(workspace.clone(), id));
        let started = played.and_then(|played| played.case.conversation.started.as_ref());
        let visitor = started.and_then(|started| started.visitor);
        let presence = visitor.and_then(|visitor| self.visitors.get(&(workspace.clone(), visitor)));
        presence.is_some_and(|presence| presence.state == Some(PresenceState::Online))
    }

    fn started(&mut self, workspace: WorkspaceId, fact: ConversationStarted, at: Timestamp) -> Result<()> {
        let id = ConversationId::parse(&fact.conversation)?;
        let (started, reach) = read_started(&fact)?;
        let channel = (workspace.clone(), started.channel.clone());
        let played = self.conversations.entry((workspace.clone(), id)).or_default();
        played.left_out |= !self.channels.contains_key(&channel);
        self.of_channel.entry(channel).or_default().insert(id);
        if let Some(visitor) = started.visitor {
            self.of_visitor
                .entry((workspace.clone(), visitor))
                .or_default()
                .insert(id);
        }
        self.fold(workspace, &fact.conversation, at, |known| {
            known.started(started);
            known.reachable(reach);
        })
    }

    fn posted(&mut self, workspace: WorkspaceId, fact: MessagePosted, at: Timestamp) -> Result<()> {
        let author = role(fact.author).ok_or_else(|| Fault::invalid("author", "is not a known role"))?;
        let posted_at = instant(fact.at).unwrap_or(at);
        let too_old = at.duration_since(posted_at) > ANSWER_MAX_AGE;
        let key = (workspace.clone(), ConversationId::parse(&fact.conversation)?);
        let answer = author == AuthorRole::Agent && fact.follow_up;
        if answer && self.heard.insert((workspace.clone(), fact.message)) {
            self.conversations.entry(key).or_default().case.heard = Some((fact.seq, posted_at));
        }
        self.fold(workspace, &fact.conversation, at, |known| {
            known.posted(fact.seq, author, fact.follow_up, posted_at, too_old);
        })
    }

    fn fold(
        &mut self,
        workspace: WorkspaceId,
        id: &str,
        at: Timestamp,
        fold: impl FnOnce(&mut Conversation),
    ) -> Result<()> {
        let key = (workspace, ConversationId::parse(id)?);
        fold(&mut self.conversations.entry(key.clone()).or_default().case.conversation);
        self.settle(&key, at);
        Ok(())
    }

    fn settle_all(&mut self, workspace: &WorkspaceId, concerned: BTreeSet<ConversationId>, at: Timestamp) {
        for id in concerned {
            self.settle(&(workspace.clone(), id), at);
        }
    }

    /// Decides about a conversation, and does it, until there is nothing left to do now.
    fn settle(&mut self, key: &Key, now: Timestamp) {
        if self.conversations.get(key).is_some_and(|played| played.left_out) {
            return;
        }
        let Some(mut played) = self.conversations.remove(key) else {
            return;
        };
        self.look_up(key, &mut played.case);
        let mut is_first = true;
        loop {
            let ids = Ids {
                follow_up: FollowUpId(self.id()),
                delivery: DeliveryId(self.id()),
            };
            let effects = played.case.settle(None, ids, now);
            let mut sent = false;
            // What ended meanwhile was cancelled above all.
            let mut waited = played.put_off.filter(|(_, _, until)| is_first && *until <= now);
            is_first = false;
            for effect in effects {
                match effect {
                    Effect::Opened(id) => {
                        self.ends.insert(id, None);
                    }
                    Effect::Armed { follow_up, .. } => {
                        self.ends.insert(follow_up, None);
                    }
                    Effect::Ended { follow_up, causes } => {
                        self.ends.insert(follow_up, causes.strongest());
                    }
                    Effect::Send { step, delivery, .. } => {
                        sent |= self.send_or_put_off(key, &mut played, (step, delivery), now);
                    }
                    // Only what quiet hours put off is on its way for longer than a moment.
                    Effect::Cancel { delivery, .. } => {
                        let is_it = |(_, put_off, _): &(Step, DeliveryId, Timestamp)| *put_off == delivery;
                        played.put_off.take_if(|put_off| is_it(put_off));
                        waited.take_if(|put_off| is_it(put_off));
                    }
                }
            }
            if let Some((step, delivery, _)) = waited {
                sent |= self.send_or_put_off(key, &mut played, (step, delivery), now);
            }
            if !sent {
                break;
            }
        }
        self.confirm(key, &mut played, now);
        self.arm(key, &mut played);
        self.conversations.insert(key.clone(), played);
    }

    /// What others tell of this conversation's channel and visitor.
    fn look_up(&self, key: &Key, case: &mut Case) {
        let Some(started) = &case.conversation.started else {
            return;
        };
        let channel = self.channels.get(&(key.0.clone(), started.channel.clone()));
        case.settings = channel.map(|(_, settings)| settings.clone());
        case.timing = case.settings.as_ref().map(|settings| settings.timing(self.scale));
        let visitor = started
            .visitor
            .and_then(|visitor| self.visitors.get(&(key.0.clone(), visitor)));
        case.presence = visitor.copied().unwrap_or_default();
    }

    /// True if it was sent, or given up.
    fn send_or_put_off(
        &mut self,
        key: &Key,
        played: &mut Played,
        (step, delivery): (Step, DeliveryId),
        now: Timestamp,
    ) -> bool {
        let settings = played.case.settings.as_ref();
        let until = settings.and_then(|settings| self.clocks.quiet_until(key, settings, (delivery, step), now));
        played.put_off = until.map(|until| (step, delivery, until));
        match until {
            Some(_) => played.case.note_postponed(Why::QuietHours),
            None => self.send(key, &mut played.case, step, delivery, now),
        }
        until.is_none()
    }

    /// The provider takes it at once, unless a day's limit keeps it back.
    fn send(&mut self, key: &Key, case: &mut Case, step: Step, delivery: DeliveryId, now: Timestamp) {
        if !self.may_send(key, case, step, now) {
            self.tally.over_limit += 1;
            case.note_step(step, StepRecord::new(delivery, Status::Failed, 0, None, now), now);
            return;
        }
        for status in [Status::Attempting, Status::Accepted] {
            case.note_step(step, StepRecord::new(delivery, status, 1, Some(now), now), now);
        }
        let message = match step {
            Step::Text => Message::Text,
            Step::Mail => Message::Mail,
        };
        self.note(key, message, now);
        if let Some(FollowUp { id, started_at, .. }) = &case.follow_up
            && self.told.insert(*id)
        {
            let wait = now.duration_since(*started_at).as_millis();
            self.tally.waits.push(i64::try_from(wait).unwrap_or(i64::MAX));
        }
    }

    fn confirm(&mut self, key: &Key, played: &mut Played, now: Timestamp) {
        if played.confirmed || !confirmation::is_due(&played.case, now) {
            return;
        }
        played.confirmed = true;
        match self.may_send(key, &played.case, Step::Text, now) {
            true => self.note(key, Message::Confirmation, now),
            false => self.tally.over_limit += 1,
        }
    }

    /// Counts a message to the conversation's number or address if its day still has room.
    fn may_send(&mut self, key: &Key, case: &Case, step: Step, now: Timestamp) -> bool {
        let Some(settings) = &case.settings else { return false };
        let given = match step {
            Step::Text => case.conversation.phone,
            Step::Mail => case.conversation.email,
        };
        let Some(given) = given else { return false };
        let day = now.to_zoned(TimeZone::UTC).date();
        let used = self.sends.entry((key.0.clone(), given.id, day)).or_default();
        *used += 1;
        *used <= settings.daily_limit(step)
    }

    fn note(&mut self, key: &Key, message: Message, at: Timestamp) {
        let (workspace, conversation) = key.clone();
        self.tally.sent.push(Sent {
            at,
            workspace,
            conversation,
            message,
        });
    }

    /// The next moment at which time alone changes something. While presence cannot be told, only a fact does.
    fn arm(&mut self, key: &Key, played: &mut Played) {
        if let Some(due_at) = played.due_at.take() {
            self.timers.remove(&(due_at, key.clone()));
        }
        let asks_again = |follow_up: &&FollowUp| matches!(follow_up.why, Some(Why::PresenceUnknown | Why::MassLoss));
        let open = played
            .case
            .follow_up
            .as_ref()
            .filter(|follow_up| follow_up.state != State::Done);
        played.due_at = open
            .filter(|follow_up| !asks_again(follow_up))
            .and_then(|follow_up| follow_up.due_at);
        let put_off = played.put_off.map(|(_, _, until)| until);
        played.due_at = [played.due_at, put_off].into_iter().flatten().min();
        if let Some(due_at) = played.due_at {
            self.timers.insert((due_at, key.clone()));
        }
    }

    fn id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }
}
