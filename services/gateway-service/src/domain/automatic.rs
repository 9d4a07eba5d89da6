//! The automatic messages that a team has, in the words of HTTP and of the socket.

use events::common::AutomaticMessageKind as Wire;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident),+ $(,)?) => {
        /// Which automatic message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind {
            $($(#[$doc])* $kind),+
        }

        impl Kind {
            /// `None`: one that this version does not know.
            pub fn of_wire(wire: Wire) -> Option<Self> {
                match wire {
                    $(Wire::$kind => Some(Self::$kind),)+
                    Wire::Unspecified => None,
                }
            }

            pub fn on_wire(self) -> Wire {
                match self {
                    $(Self::$kind => Wire::$kind),+
                }
            }
        }
    };
}

kinds! {
    /// A call was hung up while ringing, after the greeting, or after choosing in the menu.
    MissedCall,
    /// A caller left a voicemail.
    Voicemail,
    /// An answered call has ended.
    CallEnded,
    /// How was the help? Said by agents.
    AskRating,
    /// Is the problem solved? Said by agents.
    AskSolved,
    /// The first message of a chat.
    FirstMessage,
    /// Please send a photo or a video. Said by agents.
    AskMedia,
    /// Where else the team can be reached. Said by agents.
    ContactPage,
    /// A call outside of opening hours.
    CallOutOfHours,
    /// A call was hung up in the voicemail's greeting, or in the menu before choosing.
    CallGivenUp,
    /// Please approve. Said by agents.
    AskApproval,
    /// Please pay. Said by agents.
    AskPayment,
    /// A text outside of opening hours, by SMS or WhatsApp.
    TextOutOfHours,
    /// A conversation that was created outside of opening hours, on the web.
    ChatOutOfHours,
}
