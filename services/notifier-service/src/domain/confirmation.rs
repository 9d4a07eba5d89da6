//! The text that confirms a customer's first message, once per conversation.

use crate::domain::Case;
use domain::AuthorRole;
use jiff::{SignedDuration, Timestamp};

/// A number that was given longer ago gets no confirmation any more: it would only surprise.
pub const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// Whether the conversation is to get its confirmation text, if it had none.
pub fn is_due(case: &Case, now: Timestamp) -> bool {
    let conversation = &case.conversation;
    let asked_for = case
        .settings
        .as_ref()
        .is_some_and(|settings| settings.web && settings.phone && settings.confirmation_text);
    let by_customer = conversation
        .started
        .as_ref()
        .is_some_and(|started| started.opened_by == AuthorRole::Customer);
    let just_given = conversation
        .phone
        .is_some_and(|phone| now.duration_since(phone.at) <= FRESH);
    asked_for && by_customer && just_given && conversation.customer_up_to > 0
}
