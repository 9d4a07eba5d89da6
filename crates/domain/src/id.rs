//! UUID v7 newtypes. A new kind of id is one line of the registry below.

use crate::{AgentId, Entropy, Invalid, WorkspaceId};
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

/// Of the ids that [`VisitorId::of_agent`] makes.
const AGENTS: Uuid = Uuid::from_u128(0x6f0d_2a3e_5c1b_4f7a_9d86_31e4_b7c2_58f9);

impl VisitorId {
    /// As whom presence knows an agent's console. No visitor has it: theirs are made from chance and the time.
    pub fn of_agent(workspace: &WorkspaceId, agent: &AgentId) -> Self {
        Self(Uuid::new_v5(&AGENTS, format!("{workspace}/{agent}").as_bytes()))
    }
}

ids! {
    /// One conversation.
    ConversationId, "conversation";
    /// One message.
    MessageId, "message";
    /// A form in a conversation.
    FormId, "form";
    /// A workflow under way in a conversation.
    RunId, "run";
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
    /// A visitor who is asked, or to whom an agent may speak first.
    InvitationId, "invitation";
    /// A chat that an agent is to serve.
    RequestId, "request";
    /// One recorded fact or ingested event.
    EventId, "event";
}
