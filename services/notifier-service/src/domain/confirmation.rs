//! The text that confirms a customer's first message, once per conversation in which a number was given.

use crate::domain::Case;
use domain::AuthorRole;
use jiff::{SignedDuration, Timestamp};

/// What was written, or given, longer ago is not confirmed any more: it would only surprise.
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
        .phone_of_its_own()
        .is_some_and(|phone| now.duration_since(phone.at) <= FRESH);
    // Old messages that are brought in from elsewhere are not confirmed.
    let just_written = conversation.customer_up_to > 0
        && conversation
            .customer_at
            .is_none_or(|at| now.duration_since(at) <= FRESH);
    asked_for && by_customer && just_given && just_written
}

/// Whether it is too late for a confirmation that has been due since then.
pub fn is_over(due_since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(due_since) > FRESH
}
