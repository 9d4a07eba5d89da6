//! UUID v7 newtypes. A new kind of id is one line of the registry below.

use crate::{Entropy, Invalid};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $field:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id; ids of one process sort by creation.
            pub fn generate(entropy: &dyn Entropy) -> Self {
                Self(entropy.id())
            }

            /// Reads the hyphenated form.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                Uuid::try_parse(text).map(Self).map_err(|_| Invalid::new($field, "is not a UUID"))
            }

            /// Reads a field where the empty string means 'none'.
            pub fn parse_optional(text: &str) -> Result<Option<Self>, Invalid> {
                if text.is_empty() { Ok(None) } else { Self::parse(text).map(Some) }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

ids! {
    /// One conversation.
    ConversationId, "conversation";
    /// One message.
    MessageId, "message";
    /// A form in a conversation.
    FormId, "form";
    /// A visitor of a page: one browser, known by its session.
    VisitorId, "visitor";
    /// A person.
    ContactId, "contact";
    /// A phone number or e-mail address of a contact.
    AddressId, "address";
    /// A decision to bring a customer back.
    FollowUpId, "follow_up";
    /// One message to the outside.
    DeliveryId, "delivery";
    /// A copy of a conversation that somebody asked for.
    TranscriptId, "transcript";
    /// One recorded fact or ingested event.
    EventId, "event";
}
