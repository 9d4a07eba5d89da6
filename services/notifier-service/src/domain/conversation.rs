use crate::domain::Settings;
use domain::{AddressId, AuthorRole, ChannelId, ContactId, ConversationId, VisitorId};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// How a conversation began. Told once; the first telling stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    pub number: u64,
    pub channel: ChannelId,
    /// None: presence cannot be told.
    pub visitor: Option<VisitorId>,
    pub opened_by: AuthorRole,
    pub at: Timestamp,
    pub continues: Option<Continued>,
}

/// The resolved conversation that a customer goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Continued {
    pub conversation: ConversationId,
    /// Its phone address, with which the next one begins: nobody gave it anew.
    pub phone: Option<AddressId>,
}

/// Contact data given in a conversation: at its start (version 0), or later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    pub version: u64,
    pub at: Timestamp,
    pub contact: Option<ContactId>,
    pub phone: Option<AddressId>,
    pub email: Option<AddressId>,
}

/// An id that was given, and the version under which: the highest wins, the start counts as 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given<T> {
    pub version: u64,
    pub id: T,
    pub at: Timestamp,
}

/// How a conversation was resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ended {
    /// The newest message then.
    pub up_to: u64,
    pub at: Timestamp,
}

/// An answer that the customer has not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub bot: bool,
    /// False: marked as not to be followed up.
    pub follow_up: bool,
    /// It was already old when it was first heard of: nobody is to be told of it now.
    pub too_old: bool,
    pub at: Timestamp,
}

/// The fold of a conversation's facts. Every part is a maximum, a union or set once, so neither order nor repetition
/// of the facts matters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conversation {
    pub started: Option<Started>,
    pub contact: Option<Given<ContactId>>,
    pub phone: Option<Given<AddressId>>,
    pub email: Option<Given<AddressId>>,
    /// The customer has read up to here.
    pub read_up_to: u64,
    /// The customer's newest message.
    pub customer_up_to: u64,
    /// When the customer wrote it.
    pub customer_at: Option<Timestamp>,
    /// When the customer last came back through a link.
    pub returned_at: Option<Timestamp>,
    pub resolved_version: u64,
    /// `None`: it is open, or nobody told how it ended.
    pub ended: Option<Ended>,
    /// Answers beyond both marks, by sequence.
    pub answers: BTreeMap<u64, Answer>,
    /// The person was erased: whose it is, is not kept, whatever is told later.
    pub erased: bool,
}

fn give<T: Copy + Ord>(slot: &mut Option<Given<T>>, id: Option<T>, version: u64, at: Timestamp) {
    let Some(id) = id else { return };
    // Equal versions carry equal ids; comparing them too makes the fold a maximum whatever a sender does.
    if slot.is_none_or(|held| (version, id) > (held.version, held.id)) {
        *slot = Some(Given { version, id, at });
    }
}

impl Conversation {
    pub fn started(&mut self, started: Started) {
        self.started.get_or_insert(started);
        self.forget();
    }

    /// The person was erased. False: that was known.
    pub fn erase(&mut self) -> bool {
        let is_new = !std::mem::replace(&mut self.erased, true);
        self.forget();
        is_new
    }

    /// Of an erased conversation, whose it is.
    fn forget(&mut self) {
        if self.erased {
            (self.contact, self.phone, self.email) = (None, None, None);
            if let Some(started) = &mut self.started {
                started.visitor = None;
                started.continues.iter_mut().for_each(|earlier| earlier.phone = None);
            }
        }
    }

    pub fn reachable(&mut self, reach: Reach) {
        let Reach { version, at, .. } = reach;
        give(&mut self.contact, reach.contact, version, at);
        give(&mut self.phone, reach.phone, version, at);
        give(&mut self.email, reach.email, version, at);
        self.forget();
    }

    /// A message; `too_old` says how it is if it is heard of for the first time.
    pub fn posted(&mut self, seq: u64, author: AuthorRole, follow_up: bool, at: Timestamp, too_old: bool) {
        match author {
            AuthorRole::Customer => {
                self.customer_at = self.customer_at.max(Some(at));
                self.replied(seq);
            }
            AuthorRole::Agent | AuthorRole::Bot => {
                if seq > self.mark() {
                    let bot = author == AuthorRole::Bot;
                    self.answers.entry(seq).or_insert(Answer {
                        bot,
                        follow_up,
                        too_old,
                        at,
                    });
                }
            }
            AuthorRole::System => {}
        }
    }

    pub fn read(&mut self, up_to: u64) {
        self.read_up_to = self.read_up_to.max(up_to);
        self.prune();
    }

    /// The customer wrote this message.
    pub fn replied(&mut self, seq: u64) {
        self.customer_up_to = self.customer_up_to.max(seq);
        self.prune();
    }

    /// What the owner says the addresses are at this moment: as new as the newest fact known, and overtaken by the
    /// next.
    pub fn addresses_now(&mut self, phone: Option<AddressId>, email: Option<AddressId>, at: Timestamp) {
        for (slot, id) in [(&mut self.phone, phone), (&mut self.email, email)] {
            let same = slot.map(|given| given.id) == id;
            if !same {
                let version = slot.map_or(0, |given| given.version);
                *slot = id.map(|id| Given { version, id, at });
            }
        }
        self.forget();
    }

    pub fn returned(&mut self, at: Timestamp) {
        self.returned_at = self.returned_at.max(Some(at));
    }

    pub fn resolved(&mut self, version: u64, ended: Option<Ended>) {
        self.resolved_version = self.resolved_version.max(version);
        self.ended = self.ended.max(ended);
    }

    /// Everything up to here was read or replied to.
    pub fn mark(&self) -> u64 {
        self.read_up_to.max(self.customer_up_to)
    }

    fn prune(&mut self) {
        let mark = self.mark();
        self.answers.retain(|seq, _| *seq > mark);
    }

    /// Unread answers that are to be followed up, from `seq` on.
    pub fn unread_from(&self, seq: u64, settings: &Settings) -> impl Iterator<Item = (u64, &Answer)> {
        let bots = settings.bot_answers;
        self.answers
            .range(seq..)
            .filter(move |(_, answer)| answer.follow_up && !answer.too_old && (bots || !answer.bot))
            .map(|(seq, answer)| (*seq, answer))
    }

    /// Whether some unread answer from `seq` on would be followed up if it had been heard of in time.
    pub fn heard_too_late(&self, seq: u64, settings: &Settings) -> bool {
        self.answers
            .range(seq..)
            .any(|(_, answer)| answer.follow_up && answer.too_old && (settings.bot_answers || !answer.bot))
    }

    /// The first unread answer beyond `covered`: one that is to be followed up, else one that is marked or too old.
    pub fn first_beyond(&self, covered: u64, settings: &Settings) -> Option<(u64, Timestamp)> {
        let from = covered.saturating_add(1);
        let counts = |answer: &Answer| match answer.follow_up {
            true => answer.too_old && (settings.bot_answers || !answer.bot),
            false => !answer.bot,
        };
        let left_out = || {
            self.answers
                .range(from..)
                .find(|(_, answer)| counts(answer))
                .map(|(seq, answer)| (*seq, answer.at))
        };
        self.unread_from(from, settings)
            .next()
            .map(|(seq, answer)| (seq, answer.at))
            .or_else(left_out)
    }

    /// The phone that was given in this conversation, not taken over from the one that it continues.
    pub fn phone_of_its_own(&self) -> Option<Given<AddressId>> {
        let continued = self.started.as_ref().and_then(|started| started.continues);
        let taken_over = continued.and_then(|earlier| earlier.phone);
        self.phone.filter(|phone| Some(phone.id) != taken_over)
    }

    /// The agent began it and the customer never wrote.
    pub fn only_agents_spoke(&self) -> bool {
        self.customer_up_to == 0
            && self
                .started
                .as_ref()
                .is_some_and(|started| started.opened_by != AuthorRole::Customer)
    }
}
