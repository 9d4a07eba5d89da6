//! A conversation: numbers, marks, and what may happen to it. Every change is told as a [`Change`], which becomes a fact.

use super::asked::{Answer, Asked};
pub use super::content::{Content, Served};
use domain::{
    AddressId, AgentId, AuthorRole, ChannelId, ContactId, ConversationId, FormId, IntegrationId, MessageId,
    MessageText, TeamId, Timestamp, VisitorId,
};

/// The person of a conversation and the addresses that were given in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    pub contact: Option<ContactId>,
    pub phone: Option<AddressId>,
    pub email: Option<AddressId>,
}

impl Reach {
    /// There is an address to write to.
    pub fn has_address(&self) -> bool {
        self.phone.is_some() || self.email.is_some()
    }

    /// What was given now, and for the rest what was given before. The person stays: a second address does not make
    /// the conversation somebody else's.
    #[must_use]
    pub fn with(self, given: Self) -> Self {
        Self {
            contact: self.contact.or(given.contact),
            phone: given.phone.or(self.phone),
            email: given.email.or(self.email),
        }
    }

    /// Whose it is by what is known of them; addresses that were given here stay.
    #[must_use]
    pub fn bound_to(self, known: Self) -> Self {
        Self {
            contact: known.contact.or(self.contact),
            ..self.filled(known)
        }
    }

    /// What was given before, completed by what is given now.
    #[must_use]
    pub fn filled(self, given: Self) -> Self {
        Self {
            contact: self.contact.or(given.contact),
            phone: self.phone.or(given.phone),
            email: self.email.or(given.email),
        }
    }
}

/// The name by which an integration knows a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExternalRef {
    pub integration: IntegrationId,
    /// 1 to 200 bytes.
    pub reference: String,
}

/// A conversation as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    pub id: ConversationId,
    /// Short, unique in the workspace; 0 until it is assigned.
    pub number: u64,
    pub channel: ChannelId,
    pub visitor: Option<VisitorId>,
    pub reach: Reach,
    /// Grows with each change of `reach`; 0: as at the start.
    pub reach_version: u64,
    /// Page on which the widget stands; may be empty.
    pub page_url: String,
    pub last_seq: u64,
    pub read_up_to: u64,
    pub customer_up_to: u64,
    pub opened_by: AuthorRole,
    /// It began with a first message to a known contact.
    pub outreach: bool,
    pub started_at: Timestamp,
    pub resolved_at: Option<Timestamp>,
    pub continues: Option<ConversationId>,
    /// The conversation that continues this one. Never set while this one is open.
    pub continued_by: Option<ConversationId>,
    pub external: Option<ExternalRef>,
    pub served: Served,
    /// What the customer was asked last: what they say now may answer it.
    pub asked: Asked,
    /// End of the closed period that the customer was told of.
    pub closed_told_until: Option<Timestamp>,
    /// How often something came of its cards.
    pub card_changes: u64,
    /// The team that it is for, where a call named one; else its channel's.
    pub team: Option<TeamId>,
    /// Its person asked for what was said here to be erased: nothing is added any more.
    pub erased: bool,
}

/// What a conversation starts with.
#[derive(Debug, Clone)]
pub struct Opening {
    pub id: ConversationId,
    pub channel: ChannelId,
    pub visitor: Option<VisitorId>,
    pub reach: Reach,
    pub page_url: String,
    pub opened_by: AuthorRole,
    /// A first message to a known contact.
    pub outreach: bool,
    pub at: Timestamp,
    pub external: Option<ExternalRef>,
    /// Where a call named one.
    pub team: Option<TeamId>,
}

/// A message before it has its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub id: MessageId,
    pub author: AuthorRole,
    pub agent: Option<AgentId>,
    pub text: MessageText,
    pub at: Timestamp,
    /// False: the sender asked for no follow-up.
    pub follow_up: bool,
    pub client_id: Option<String>,
    /// The integration's own id of the message.
    pub foreign: Option<ExternalRef>,
    pub content: Content,
}

/// A message as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub conversation: ConversationId,
    /// 1, 2, 3 ... within the conversation, without gaps.
    pub seq: u64,
    pub draft: Draft,
}

/// What happened to a conversation; each becomes one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Started(Box<Conversation>),
    Reachable {
        conversation: ConversationId,
        reach: Reach,
        version: u64,
        at: Timestamp,
    },
    Posted {
        conversation: ConversationId,
        seq: u64,
        message: MessageId,
        author: AuthorRole,
        follow_up: bool,
        content: Content,
        /// The agent who wrote it, if somebody else served until then, or the customer wrote last.
        taken_over: Option<AgentId>,
        at: Timestamp,
    },
    Read {
        conversation: ConversationId,
        up_to: u64,
        at: Timestamp,
    },
    Resolved {
        conversation: ConversationId,
        last_seq: u64,
        at: Timestamp,
    },
    /// A form was opened, grew by a page, or was closed (page 0).
    Form {
        conversation: ConversationId,
        form: FormId,
        page: u32,
        at: Timestamp,
    },
}

/// A customer wrote to a resolved conversation: another one has to continue it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// A read mark past the newest message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeyondLast {
    pub last_seq: u64,
}

impl Conversation {
    /// A new conversation without messages and without a number.
    pub fn open(opening: Opening) -> Self {
        Self {
            id: opening.id,
            number: 0,
            channel: opening.channel,
            visitor: opening.visitor,
            reach: opening.reach,
            reach_version: 0,
            page_url: opening.page_url,
            last_seq: 0,
            read_up_to: 0,
            customer_up_to: 0,
            opened_by: opening.opened_by,
            outreach: opening.outreach,
            started_at: opening.at,
            resolved_at: None,
            continues: None,
            continued_by: None,
            external: opening.external,
            served: Served::Nobody,
            asked: Asked::default(),
            closed_told_until: None,
            card_changes: 0,
            team: opening.team,
            erased: false,
        }
    }

    /// Opens the conversation in which a customer goes on after this one was resolved: same channel, person,
    /// reference and team.
    pub fn continue_as(&mut self, id: ConversationId, at: Timestamp) -> Self {
        self.continued_by = Some(id);
        self.asked = Asked::default();
        let opening = Opening {
            id,
            channel: self.channel.clone(),
            visitor: self.visitor,
            reach: self.reach,
            page_url: self.page_url.clone(),
            opened_by: AuthorRole::Customer,
            outreach: false,
            at,
            external: self.external.clone(),
            team: self.team.clone(),
        };
        Self {
            continues: Some(self.id),
            ..Self::open(opening)
        }
    }

    /// A customer's words as the answer to what they were asked, if they are one.
    #[must_use]
    pub fn understood(&self, mut draft: Draft) -> Draft {
        if draft.author == AuthorRole::Customer
            && draft.content == Content::Words
            && let Some(answer) = self.asked.read(draft.text.expose())
        {
            draft.content = match answer {
                Answer::Rating(rating) => Content::Rating {
                    rating,
                    agent: self.served.agent().cloned(),
                },
                Answer::Solved(solved) => Content::Solved(solved),
            };
        }
        draft
    }

    /// Whether a message has to open another conversation: customers do not add to a resolved one, other than answers that
    /// leave it so.
    pub fn is_closed_to(&self, draft: &Draft) -> bool {
        draft.author == AuthorRole::Customer && self.resolved_at.is_some() && !draft.content.leaves_resolved()
    }

    /// The agent who writes this, unless they go on with what they said last.
    fn taken_over(&self, draft: &Draft) -> Option<AgentId> {
        let agent = draft.agent.as_ref().filter(|_| draft.author == AuthorRole::Agent)?;
        let goes_on = self.served.agent() == Some(agent) && self.customer_up_to < self.last_seq;
        (!goes_on).then(|| agent.clone())
    }

    /// Gives a message the next place that is said in somebody's name without their doing: who serves stays as it was.
    pub fn post_in_name_of(&mut self, draft: Draft) -> Result<(Message, Change), Closed> {
        let served = self.served.clone();
        let (message, mut change) = self.post(draft)?;
        self.served = served;
        if let Change::Posted { taken_over, .. } = &mut change {
            *taken_over = None;
        }
        Ok((message, change))
    }

    /// Gives a message the next place, unless it [has to open another conversation](Self::is_closed_to).
    pub fn post(&mut self, draft: Draft) -> Result<(Message, Change), Closed> {
        if self.is_closed_to(&draft) {
            return Err(Closed);
        }
        let taken_over = self.taken_over(&draft);
        self.last_seq += 1;
        match draft.author {
            AuthorRole::Customer => self.customer_up_to = self.last_seq,
            AuthorRole::Agent => self.served = Served::Agent(draft.agent.clone()),
            // A workflow says what it has to say, and serves nobody.
            AuthorRole::Bot if !matches!(draft.content, Content::Workflow { .. }) => self.served = Served::Bot,
            AuthorRole::Bot | AuthorRole::System => {}
        }
        self.asked.hear(draft.author, &draft.content, draft.text.expose());
        let change = Change::Posted {
            conversation: self.id,
            seq: self.last_seq,
            message: draft.id,
            author: draft.author,
            follow_up: draft.follow_up,
            content: draft.content.clone(),
            taken_over,
            at: draft.at,
        };
        Ok((
            Message {
                conversation: self.id,
                seq: self.last_seq,
                draft,
            },
            change,
        ))
    }

    /// Moves the customer's read mark forward. `None`: it stood there or further already.
    pub fn mark_read(&mut self, up_to: u64, at: Timestamp) -> Result<Option<Change>, BeyondLast> {
        if up_to > self.last_seq {
            return Err(BeyondLast {
                last_seq: self.last_seq,
            });
        }
        if up_to <= self.read_up_to {
            return Ok(None);
        }
        self.read_up_to = up_to;
        Ok(Some(Change::Read {
            conversation: self.id,
            up_to,
            at,
        }))
    }

    /// Settles the conversation. `None`: it was settled before.
    pub fn resolve(&mut self, at: Timestamp) -> Option<Change> {
        if self.resolved_at.is_some() {
            return None;
        }
        self.resolved_at = Some(at);
        Some(Change::Resolved {
            conversation: self.id,
            last_seq: self.last_seq,
            at,
        })
    }

    /// Notes who the customer is and where to reach them. `None`: nothing new.
    pub fn reach(&mut self, reach: Reach, at: Timestamp) -> Option<Change> {
        if reach == self.reach {
            return None;
        }
        self.reach = reach;
        self.reach_version += 1;
        Some(Change::Reachable {
            conversation: self.id,
            reach,
            version: self.reach_version,
            at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn opening(id: u128) -> Opening {
        Opening {
            id: Uuid::from_u128(id).into(),
            channel: ChannelId::parse("web").expect("a slug"),
            visitor: None,
            reach: Reach::default(),
            page_url: String::new(),
            opened_by: AuthorRole::Customer,
            outreach: false,
            at: Timestamp::UNIX_EPOCH,
            external: None,
            team: None,
        }
    }

    fn draft(author: AuthorRole) -> Draft {
        Draft {
            id: Uuid::from_u128(7).into(),
            author,
            agent: None,
            text: MessageText::parse("hello").expect("a text"),
            at: Timestamp::UNIX_EPOCH,
            follow_up: true,
            client_id: None,
            foreign: None,
            content: Content::Words,
        }
    }

    #[test]
    fn a_customer_of_a_resolved_conversation_goes_on_in_another() {
        let mut first = Conversation::open(opening(1));
        first.post(draft(AuthorRole::Customer)).expect("open");
        assert!(first.resolve(Timestamp::UNIX_EPOCH).is_some());
        assert!(first.resolve(Timestamp::UNIX_EPOCH).is_none());
        assert_eq!(first.post(draft(AuthorRole::Customer)), Err(Closed));
        assert_eq!(first.post(draft(AuthorRole::Agent)).expect("agents may").0.seq, 2);
        let mut second = first.continue_as(Uuid::from_u128(2).into(), Timestamp::UNIX_EPOCH);
        assert_eq!(
            (second.continues, first.continued_by),
            (Some(first.id), Some(second.id))
        );
        assert_eq!(second.post(draft(AuthorRole::Customer)).expect("open").0.seq, 1);
    }

    #[test]
    fn a_second_address_keeps_the_person() {
        let [a, b] = [1, 2].map(Uuid::from_u128);
        let before = Reach {
            contact: Some(a.into()),
            phone: Some(a.into()),
            email: None,
        };
        let given = Reach {
            contact: Some(b.into()),
            phone: Some(b.into()),
            email: Some(b.into()),
        };
        assert_eq!(
            before.with(given),
            Reach {
                contact: Some(a.into()),
                phone: Some(b.into()),
                email: Some(b.into())
            }
        );
        assert_eq!(
            before.filled(given),
            Reach {
                contact: Some(a.into()),
                phone: Some(a.into()),
                email: Some(b.into())
            }
        );
    }

    proptest! {
        #[test]
        fn marks_only_grow_and_stay_within(steps in prop::collection::vec((any::<bool>(), 0_u64..20), 0..40)) {
            let mut conversation = Conversation::open(opening(1));
            let mut highest = 0;
            for (post, up_to) in steps {
                if post {
                    conversation.post(draft(AuthorRole::Agent)).expect("agents may");
                } else {
                    match conversation.mark_read(up_to, Timestamp::UNIX_EPOCH) {
                        Ok(change) => {
                            prop_assert_eq!(change.is_some(), up_to > highest);
                            highest = highest.max(up_to);
                        }
                        Err(beyond) => prop_assert!(up_to > beyond.last_seq),
                    }
                }
                prop_assert_eq!(conversation.read_up_to, highest);
                prop_assert!(conversation.read_up_to <= conversation.last_seq);
            }
        }
    }
}
