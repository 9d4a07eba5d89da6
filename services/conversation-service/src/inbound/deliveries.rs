//! What notifier-service tells of the messages that it delivers.

use crate::app::App;
use crate::domain::delivery::{DeliveryState, Outcome};
use bus::{ConsumerSpec, Handler};
use domain::ConversationId;
use events::event::{
    DeliveryAccepted, DeliveryAttempting, DeliveryDelivered, DeliveryFailed, DeliveryUndelivered, DeliveryUnknown,
};
use events::{Received, fact_filter, instant};
use fault::{Fault, Result};

/// The consumer of what became of deliveries.
pub fn delivery_spec() -> ConsumerSpec {
    ConsumerSpec::facts(
        "conversation-deliveries",
        vec![
            fact_filter::<DeliveryAttempting>(),
            fact_filter::<DeliveryAccepted>(),
            fact_filter::<DeliveryFailed>(),
            fact_filter::<DeliveryDelivered>(),
            fact_filter::<DeliveryUndelivered>(),
            fact_filter::<DeliveryUnknown>(),
        ],
    )
}

/// Hands each fact about the delivery of a message to the use case. Outcomes have an order of their own, so repetition
/// changes nothing and needs no inbox.
#[derive(Debug)]
pub struct Deliveries(pub App);

/// A fact, as far as it is about a message.
struct Told {
    conversation: String,
    /// 0: it is about something else, such as a follow-up.
    seq: u64,
    state: DeliveryState,
    reason: String,
    at: Option<prost_types::Timestamp>,
}

macro_rules! read {
    ($message:ident: $($fact:ident => $state:ident $(, $reason:ident)?;)+) => {
        $(if $message.is::<$fact>() {
            let fact: $fact = $message.decode()?;
            let reasons: &[&String] = &[$(&fact.$reason)?];
            return Ok(Told {
                reason: reasons.first().map(|reason| (*reason).clone()).unwrap_or_default(),
                conversation: fact.conversation,
                seq: fact.seq,
                state: DeliveryState::$state,
                at: fact.at,
            });
        })+
    };
}

fn read(message: &Received) -> Result<Told> {
    read! { message:
        DeliveryAttempting => Sending;
        DeliveryAccepted => Sent;
        DeliveryFailed => Failed, reason;
        DeliveryDelivered => Delivered;
        DeliveryUndelivered => Failed, reason;
        DeliveryUnknown => Unknown, reason;
    }
    Err(Fault::invalid("subject", "is not a fact that this consumer asked for"))
}

impl Handler for Deliveries {
    async fn handle(&self, message: Received) -> Result<()> {
        let told = read(&message)?;
        if told.seq == 0 {
            return Ok(());
        }
        let conversation = ConversationId::parse(&told.conversation)?;
        let at = instant(told.at).ok_or_else(|| Fault::invalid("at", "is missing"))?;
        let outcome = Outcome {
            state: told.state,
            at,
            reason: told.reason,
        };
        self.0
            .note_delivery(message.workspace(), conversation, told.seq, outcome)
            .await
    }
}
