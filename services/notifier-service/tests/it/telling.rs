//! What other services know and tell: customers, messages, presence.

use crate::harness::{EMAIL, Harness, PHONE, Tested};
use crate::peers::Truth;
use crate::words::posted;
use domain::{AddressId, Clock, ContactId, ConversationId, Entropy, EventId, Timestamp, VisitorId};
use events::common::{AuthorRole, AutomaticMessageKind, Carriage, ChannelKind, PresenceCause, PresenceState};
use events::event::{ChannelChanged, ConversationStarted, MessagePosted, MessageRead, VisitorPresenceChanged};
use events::{Fact, Outgoing, stamp};
use rpc::contacts::{Address, AddressKind};
use rpc::conversation::message::Content;
use rpc::conversation::{GetFollowUpContextResponse, Message, SaidAutomatically};
use rpc::notifier::DeliveryStatus;
use rpc::presence::Presence;
use std::sync::Mutex;

/// A customer in a conversation.
pub struct Customer {
    pub conversation: ConversationId,
    pub visitor: VisitorId,
    presence_version: Mutex<u64>,
}

impl Harness {
    /// Publishes a fact as its owner would.
    pub async fn publish<F: Fact>(&self, fact: &F) -> Tested {
        let id = EventId::generate(&self.entropy);
        self.publish_as(id, fact, None).await
    }

    pub async fn publish_as<F: Fact>(&self, id: EventId, fact: &F, traceparent: Option<&str>) -> Tested {
        let mut outgoing = Outgoing::new(id, &self.workspace, "test", self.clock.now(), fact);
        if let Some(traceparent) = traceparent {
            outgoing.headers.push(("traceparent".into(), traceparent.into()));
        }
        for published in self.bus.publish(&[outgoing]).await {
            published?;
        }
        Ok(())
    }

    pub async fn publish_channel(&self, version: u64) -> Tested {
        self.publish(&ChannelChanged {
            channel: "web".into(),
            version,
            kind: ChannelKind::Web.into(),
            settings: Some(self.settings.clone()),
            at: Some(stamp(self.clock.now())),
        })
        .await
    }

    /// A customer who is on the page and has written the first message; `phone` and `email` are given or not.
    pub async fn customer(&self, phone: bool, email: bool) -> anyhow::Result<Customer> {
        let customer = self.customer_of(AuthorRole::Customer, phone, email).await?;
        self.post(&customer, 1, AuthorRole::Customer, true).await?;
        Ok(customer)
    }

    pub async fn customer_of(&self, opened_by: AuthorRole, phone: bool, email: bool) -> anyhow::Result<Customer> {
        let customer = self.make_up(opened_by, "web", phone, email);
        self.publish_channel(1).await?;
        self.presence(&customer, PresenceState::Online, PresenceCause::Returned)
            .await?;
        self.start_conversation(&customer, &customer.visitor.to_string())
            .await?;
        Ok(customer)
    }

    /// Tells that the conversation began; an empty visitor: nobody tells of presence.
    pub async fn start_conversation(&self, customer: &Customer, visitor: &str) -> Tested {
        self.publish(&self.started(customer, visitor)).await
    }

    /// The fact that a conversation began, as its owner's context has it.
    pub fn started(&self, customer: &Customer, visitor: &str) -> ConversationStarted {
        let context = self.truth().contexts[&customer.conversation.to_string()].clone();
        ConversationStarted {
            conversation: customer.conversation.to_string(),
            number: 42,
            channel: context.channel.clone(),
            visitor: visitor.to_owned(),
            contact: ContactId::generate(&self.entropy).to_string(),
            phone_address: context.phone_address.clone(),
            email_address: context.email_address.clone(),
            opened_by: context.opened_by,
            at: Some(stamp(self.clock.now())),
            ..Default::default()
        }
    }

    /// A customer whom the owners know, and nobody told of yet.
    pub fn make_up(&self, opened_by: AuthorRole, channel: &str, phone: bool, email: bool) -> Customer {
        let conversation = ConversationId::generate(&self.entropy);
        let visitor = VisitorId::generate(&self.entropy);
        let address = |given: bool, kind: AddressKind, value: &str, country: &str| {
            let id = AddressId::generate(&self.entropy).to_string();
            let address = Address {
                address: id.clone(),
                kind: kind.into(),
                value: value.into(),
                country: country.into(),
                ..Default::default()
            };
            self.truth().addresses.insert(id.clone(), (address, "Ann".into()));
            if given { id } else { String::new() }
        };
        let phone_address = address(phone, AddressKind::Phone, PHONE, "PL");
        let email_address = address(email, AddressKind::Email, EMAIL, "");
        let context = GetFollowUpContextResponse {
            number: 42,
            channel: channel.into(),
            visitor: visitor.to_string(),
            page_url: "https://shop.example/cart".into(),
            phone_address: phone_address.clone(),
            email_address: email_address.clone(),
            opened_by: opened_by.into(),
            settings: Some(self.settings.clone()),
            settings_version: 1,
            ..Default::default()
        };
        self.truth().contexts.insert(conversation.to_string(), context);
        Customer {
            conversation,
            visitor,
            presence_version: Mutex::new(0),
        }
    }

    pub fn truth(&self) -> std::sync::MutexGuard<'_, Truth> {
        self.peers.truth()
    }

    pub fn change_context(&self, customer: &Customer, change: impl FnOnce(&mut GetFollowUpContextResponse)) {
        let id = customer.conversation.to_string();
        change(self.truth().contexts.get_mut(&id).expect("the customer's conversation"));
    }

    /// A message, known to its owner and told as a fact.
    pub async fn post(&self, customer: &Customer, seq: u64, author: AuthorRole, follow_up: bool) -> Tested {
        let text = format!("message {seq} <b>");
        self.say(customer, seq, author, follow_up, &text, self.clock.now())
            .await
    }

    /// The same with these words, at this moment.
    pub async fn say(
        &self,
        customer: &Customer,
        seq: u64,
        author: AuthorRole,
        follow_up: bool,
        text: &str,
        at: Timestamp,
    ) -> Tested {
        self.know(customer, seq, author, follow_up, text, at);
        self.publish(&posted(customer, seq, author, follow_up, Some(stamp(at))))
            .await
    }

    /// What a team says by itself.
    pub async fn say_by_itself(&self, customer: &Customer, seq: u64, carriage: Carriage) -> Tested {
        let (text, now) = (format!("message {seq} <b>"), self.clock.now());
        self.know(customer, seq, AuthorRole::System, false, &text, now);
        let said = Content::Automatic(SaidAutomatically {
            kind: AutomaticMessageKind::MissedCall.into(),
            carriage: carriage.into(),
        });
        let place = (customer.conversation.to_string(), seq);
        if let Some(message) = self.truth().messages.get_mut(&place) {
            message.content = Some(said);
        }
        let fact = posted(customer, seq, AuthorRole::System, false, Some(stamp(now)));
        let automatic = carriage.into();
        self.publish(&MessagePosted { automatic, ..fact }).await
    }

    /// The owner has a message; the fact is not told.
    pub fn know(&self, customer: &Customer, seq: u64, author: AuthorRole, follow_up: bool, text: &str, at: Timestamp) {
        let at = Some(stamp(at));
        let message = Message {
            message: self.entropy.id().to_string(),
            seq,
            author: author.into(),
            text: text.to_owned(),
            at,
            ..Default::default()
        };
        let said = (customer.conversation.to_string(), seq);
        self.truth().messages.insert(said, message.clone());
        self.change_context(customer, |context| {
            context.last_seq = seq;
            match author {
                AuthorRole::Customer => {
                    context.customer_up_to = seq;
                    context.question = Some(message.clone());
                }
                _ if follow_up => context.answers.push(message.clone()),
                _ => {}
            }
        });
    }

    /// A customer with a number who left, was answered and got the text.
    pub async fn texted(&self) -> anyhow::Result<Customer> {
        let customer = self.customer(true, false).await?;
        self.leave(&customer).await?;
        self.answer(&customer, 2).await?;
        self.armed(&customer).await?;
        self.advance(30).await;
        self.delivery(&customer, DeliveryStatus::Delivered).await?;
        Ok(customer)
    }

    pub async fn answer(&self, customer: &Customer, seq: u64) -> Tested {
        self.post(customer, seq, AuthorRole::Agent, true).await
    }

    pub async fn read(&self, customer: &Customer, up_to: u64) -> Tested {
        self.change_context(customer, |context| context.read_up_to = up_to);
        self.publish(&MessageRead {
            conversation: customer.conversation.to_string(),
            up_to,
            at: Some(stamp(self.clock.now())),
        })
        .await
    }

    pub async fn presence(&self, customer: &Customer, state: PresenceState, cause: PresenceCause) -> Tested {
        let fact = self.only_presence_knows(customer, state, cause);
        self.publish(&fact).await
    }

    /// Changes what presence-service says; the fact is returned, not published.
    pub fn only_presence_knows(
        &self,
        customer: &Customer,
        state: PresenceState,
        cause: PresenceCause,
    ) -> VisitorPresenceChanged {
        let mut version = customer.presence_version.lock().expect("nobody panics with it");
        *version += 1;
        let since = Some(stamp(self.clock.now()));
        let presence = Presence {
            visitor: customer.visitor.to_string(),
            state: state.into(),
            cause: cause.into(),
            since,
            epoch: 1,
            version: *version,
            ..Default::default()
        };
        self.truth().presences.insert(customer.visitor.to_string(), presence);
        VisitorPresenceChanged {
            visitor: customer.visitor.to_string(),
            state: state.into(),
            cause: cause.into(),
            since,
            epoch: 1,
            version: *version,
        }
    }

    pub async fn leave(&self, customer: &Customer) -> Tested {
        self.presence(customer, PresenceState::Offline, PresenceCause::Left)
            .await
    }

    pub async fn come_back(&self, customer: &Customer) -> Tested {
        self.presence(customer, PresenceState::Online, PresenceCause::Returned)
            .await
    }
}
