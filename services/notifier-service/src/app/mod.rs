//! Use cases, one per file. Each runs the domain's decision inside a transaction and does what it says.

mod answer_keyword;
mod attempt;
mod call;
mod callback;
mod carry_message;
mod check;
mod claim;
mod erase_person;
mod explain_follow_up;
mod export_person;
mod get_opt_out;
mod hand_over;
mod join_inbound_text;
mod list_follow_ups;
mod mail_reminder;
mod note_channel;
mod note_conversation;
mod note_message;
mod note_presence;
mod note_read;
mod open_case;
mod outcome;
mod prune;
mod quiet_hours;
mod read_keyword;
mod record_bound_text;
mod record_inbound_mail;
mod record_inbound_text;
mod record_receipt;
mod record_submitted_text;
mod redeem_return_link;
mod redeem_unsubscribe_link;
mod resolve_return_link;
mod resolve_unsubscribe_link;
mod revoke_links;
mod send;
mod send_transcript;
mod set_opt_out;
mod settle_case;
mod settle_unknown;
mod take_due;
mod timeline;

pub use callback::Callback;
pub use explain_follow_up::{Explained, Subject};
pub use hand_over::Desk;
pub use record_inbound_mail::{Envelope, Outcome as MailOutcome};
pub(crate) use record_receipt::Told;
pub(crate) use send::purpose_on_wire;
pub(crate) use settle_case::end_on_wire;

use crate::domain::keys::Keys;
use crate::domain::{Medium, Step};
use crate::metrics::Metrics;
use crate::outbound::billing::Billing;
use crate::outbound::contacts::Contacts;
use crate::outbound::conversation::Conversations;
use crate::outbound::mail_smtp::MailServer;
use crate::outbound::postgres::delivery::Delivery;
use crate::outbound::presence::Presences;
use crate::outbound::routing::Agents;
use crate::outbound::text_providers::TextProviders;
use domain::{TextSender, TimeScale, Timestamp};
use events::common::MessageKind;
use jiff::SignedDuration;
use store::Store;

/// How long a return link works.
pub(crate) const LINK_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long the address that a mail is answered to works.
pub(crate) const REPLY_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What a workspace may send in a day (UTC).
#[derive(Debug, Clone, Copy)]
pub struct Daily {
    pub micro_pu: u64,
    /// Texts to numbers that differ in their last four digits only.
    pub texts_per_prefix: u32,
    pub texts_per_visitor: u32,
    pub texts: u32,
    /// Of conversations, that somebody asked for.
    pub copies: u32,
}

/// Everything the use cases work with.
pub struct App {
    pub store: Store,
    pub time_scale: TimeScale,
    pub keys: Keys,
    /// Where return links and callbacks point; without a slash at the end.
    pub public_url: String,
    /// Sender of texts where the channel names none.
    pub text_from: TextSender,
    /// What may be sent in a day.
    pub daily: Daily,
    /// How old a conversation has to be before it may cause a text.
    pub session_age: SignedDuration,
    /// An answer that is older when it is first heard of is not followed up.
    pub answer_max_age: SignedDuration,
    /// History, receipts and visitors' presence are kept for this long.
    pub retention: SignedDuration,
    pub metrics: Metrics,
    pub conversations: Conversations,
    pub presences: Presences,
    pub agents: Agents,
    pub contacts: Contacts,
    pub billing: Billing,
    pub texts: TextProviders,
    pub mails: MailServer,
    /// Where deliveries that are due now are handed over.
    pub desk: Desk,
}

impl App {
    pub(crate) fn now(&self) -> Timestamp {
        self.store.clock().now()
    }

    /// Whether a message of this moment is too old to be followed up, if it is heard of only now.
    pub(crate) fn is_too_old(&self, at: Timestamp) -> bool {
        self.now().duration_since(at) > self.answer_max_age
    }
}

/// How a delivery is priced.
pub(crate) fn kind(row: &Delivery) -> MessageKind {
    match row.step {
        Step::Text if row.medium == Medium::Whatsapp => MessageKind::Whatsapp,
        Step::Text if row.lms => MessageKind::Lms,
        Step::Text => MessageKind::Sms,
        Step::Mail => MessageKind::Email,
    }
}
