//! What the domain refuses, as faults.

use crate::domain::given;
use crate::domain::ingest::Refusal;
use crate::domain::refused::Refused;
use fault::{Fault, codes};

impl From<given::Refused> for Fault {
    fn from(refused: given::Refused) -> Self {
        match refused {
            given::Refused::Missing(fields) => {
                let fields = fields.join(", ");
                Self::new(
                    &codes::FIELDS_MISSING,
                    format!("this channel requires {fields}; ask the customer"),
                )
                .of(fields)
            }
            given::Refused::Invalid(invalid) => invalid.into(),
        }
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        Self::invalid(refused.field, refused.remedy)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::ReplayDiffers => Self::new(
                &codes::REPLAY_DIFFERS,
                "was accepted before with other content; a new event needs a new id",
            )
            .of("id"),
            Refusal::ReferenceUnknown => Self::new(
                &codes::REFERENCE_UNKNOWN,
                "is not known; the first message of a conversation needs data.channel",
            )
            .of("subject"),
            Refusal::ChannelUnknown => {
                Self::invalid("data.channel", "does not exist in this workspace; create it first")
            }
            Refusal::MessageUnknown => Self::new(&codes::REFERENCE_UNKNOWN, "is not known").of("data.up_to_message_id"),
            Refusal::MessageElsewhere => Self::invalid(
                "data.up_to_message_id",
                "belongs to another conversation than the subject names",
            ),
            Refusal::Erased => Self::new(
                &codes::ERASED,
                "was erased; who writes again does so in another conversation",
            )
            .of("subject"),
            Refusal::BeyondLast => Self::invalid(
                "data.up_to_sequence",
                "lies past the newest message of the conversation",
            ),
        }
    }
}
