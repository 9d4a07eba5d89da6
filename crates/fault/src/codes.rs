//! The catalogue of error codes: what CLI, HTTP, gRPC and logs call the same thing. Published names never change their
//! meaning.

use crate::Kind;

/// One entry of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Stable name, `area.what`.
    pub name: &'static str,
    pub kind: Kind,
    /// What it means, one sentence.
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($name:ident = $text:literal, $kind:ident, $meaning:literal;)+) => {
        $(#[doc = $meaning] pub static $name: Code = Code { name: $text, kind: Kind::$kind, meaning: $meaning };)+

        /// Every code.
        pub static CATALOGUE: &[&Code] = &[$(&$name),+];
    };
}

codes! {
    INVALID_ARGUMENT = "request.invalid", InvalidArgument, "A field cannot be what it is; the answer names it.";
    NOT_FOUND = "request.not_found", NotFound, "Nothing by that id in this workspace.";
    CONFLICT = "request.conflict", Conflict, "Somebody changed it in between; read again and repeat.";
    EXISTS = "request.exists", AlreadyExists, "The id is taken by something with other content.";
    UNAUTHENTICATED = "access.unauthenticated", Unauthenticated, "No valid token.";
    DENIED = "access.denied", PermissionDenied, "The token does not allow this.";
    PURPOSE_DENIED = "access.purpose", PermissionDenied, "The data were not given for this purpose.";
    FIELD_DENIED = "access.field", PermissionDenied, "The caller's role does not see this field, or may not change it.";
    SIGNATURE = "access.signature", Unauthenticated, "A provider callback whose signature does not fit.";
    RATE_LIMITED = "limit.rate", RateLimited, "Too many requests; slow down.";
    TOO_LARGE = "limit.size", InvalidArgument, "Larger than allowed.";
    CONTACT_MERGED = "contact.merged", FailedPrecondition, "The contact went into another one; name that, or undo the merge first.";
    ROLE_HELD = "role.held", FailedPrecondition, "An integration has this role; give it another one first.";
    FIELDS_MISSING = "conversation.fields_missing", InvalidArgument, "Required contact fields were not given; the answer names them.";
    UNANSWERED = "conversation.unanswered", FailedPrecondition, "An earlier first message to this contact has no answer yet; go on in its conversation, or resolve that.";
    VERSION = "conversation.version", Conflict, "The settings have another version by now.";
    AUTOMATIC_OFF = "automatic.off", FailedPrecondition, "The team of the channel does not have this automatic message switched on.";
    ERASED = "conversation.erased", FailedPrecondition, "The person asked for the conversation to be erased; nothing is added to it.";
    ROUTING_VERSION = "routing.version", Conflict, "The routing of the channel has another version by now.";
    INVITATION_OVER = "invitation.over", FailedPrecondition, "The invitation is over, or asked nothing; it is shown no more.";
    FORM_CLOSED = "form.closed", FailedPrecondition, "The form is not open any more.";
    WORKFLOW_OFF = "workflow.off", FailedPrecondition, "The workflow is switched off, or of another channel.";
    WORKFLOW_RUNNING = "workflow.running", FailedPrecondition, "Another workflow runs in the conversation; cancel it first, or wait for its end.";
    DELIVERED_HERE = "conversation.delivered_here", FailedPrecondition, "Homing delivers the messages of this channel; nobody else reports on them.";
    SENDER_UNASSIGNED = "channel.sender_unassigned", FailedPrecondition, "The sender of texts is not assigned to this workspace.";
    SENDER_TAKEN = "sender.taken", AlreadyExists, "The sender of texts is assigned to another workspace.";
    SENDER_IN_USE = "sender.in_use", FailedPrecondition, "A channel of the workspace names the sender of texts.";
    REFERENCE_UNKNOWN = "ingest.reference_unknown", NotFound, "The conversation or order is not known (yet).";
    REPLAY_DIFFERS = "ingest.replay_differs", AlreadyExists, "The same event id, or version of an order, came before with other content.";
    MALFORMED = "ingest.malformed", InvalidArgument, "Not a CloudEvents 1.0 document of a known type.";
    ALERT_OVER = "alert.over", FailedPrecondition, "The agent is not alerted to the request any more: its time is over, or somebody else has it.";
    NOT_YOURS = "request.not_yours", FailedPrecondition, "Somebody else serves the conversation, or nobody.";
    REQUEST_DONE = "request.done", FailedPrecondition, "The conversation was resolved; nobody is asked to serve it.";
    HOLD_DIFFERS = "billing.hold_differs", AlreadyExists, "The delivery has a hold with other parameters.";
    HOLD_SETTLED = "billing.hold_settled", FailedPrecondition, "The hold cannot be settled this way (any more).";
    NOT_COVERED = "billing.not_covered", FailedPrecondition, "The balance does not cover the message.";
    ACCOUNT_CLOSED = "billing.account_closed", FailedPrecondition, "The account is closed: nothing is held or paid in.";
    PLAN_UNPAID = "billing.plan_unpaid", FailedPrecondition, "Prepaying needs a paid plan.";
    PRICE_MISSING = "billing.price_missing", FailedPrecondition, "There is no price for this kind and country.";
    SMS_REFUSED = "sms.provider_refused", FailedPrecondition, "The provider refused the text; nothing was accepted.";
    SMS_UNREACHABLE = "sms.provider_unreachable", Unavailable, "The provider could not be reached; nothing was accepted.";
    SMS_NO_PROVIDER = "sms.no_provider", FailedPrecondition, "No provider of texts serves this country.";
    SMS_UNKNOWN = "sms.outcome_unknown", Timeout, "The provider's answer was lost; the text may have been accepted.";
    WHATSAPP_NO_SENDER = "whatsapp.no_sender", FailedPrecondition, "No provider has a WhatsApp sender; set HOMING_NOTIFIER_WHATSAPP_FROM, or whatsapp_from of a provider.";
    WHATSAPP_WINDOW = "whatsapp.window_closed", FailedPrecondition, "WhatsApp takes free text only within 24 hours of the customer's last message there; reach them by text or mail, or wait until they write.";
    MAIL_REFUSED = "mail.refused", FailedPrecondition, "The mail server refused the mail; nothing was accepted.";
    MAIL_UNREACHABLE = "mail.unreachable", Unavailable, "The mail server could not be reached; nothing was accepted.";
    MAIL_UNKNOWN = "mail.outcome_unknown", Timeout, "The connection was lost after the data; the mail may have been accepted.";
    OPTED_OUT = "send.opted_out", FailedPrecondition, "The recipient opted out.";
    NO_ADDRESS = "send.no_address", FailedPrecondition, "No address of this kind was given.";
    NOT_VERIFIED = "send.not_verified", FailedPrecondition, "The channel follows up only at addresses that are proved to be the customer's, and this one is not.";
    NO_CONSENT = "send.no_consent", FailedPrecondition, "Nobody is written to first without a consent for outreach that names the address; record one, or wait until they write.";
    NO_HOUR = "send.no_hour", FailedPrecondition, "The quiet hours leave no time of the recipient's day at which it may be sent; shorten the channel's.";
    SEND_LIMIT = "send.limit", RateLimited, "The number or address, or the workspace's day, has reached its limit.";
    SEND_TOO_LONG = "send.too_long", FailedPrecondition, "The message is longer than the 1,600 characters of a text; send it in parts.";
    SEND_COUNTRY = "send.country", FailedPrecondition, "The channel allows no texts to this country.";
    CANCELLED = "send.cancelled", FailedPrecondition, "Cancelled before the attempt: the customer read, replied or returned.";
    SWITCHED_OFF = "send.switched_off", FailedPrecondition, "The channel's setting was switched off before it was sent.";
    TOO_LATE = "send.too_late", FailedPrecondition, "It could not be sent in time, and later it would only surprise.";
    TIMEOUT = "service.timeout", Timeout, "It took too long.";
    UNAVAILABLE = "service.unavailable", Unavailable, "A dependency does not answer.";
    INTERNAL = "service.internal", Internal, "Ours to mend; the log has the chain.";
}

/// Finds a code by its name.
pub fn find(name: &str) -> Option<&'static Code> {
    CATALOGUE.iter().copied().find(|code| code.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = CATALOGUE.iter().map(|code| code.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CATALOGUE.len());
    }
}
