use crate::event;

/// A kind of fact. Published versions never change: a new shape is a new version under a new type, and old ones are
/// lifted where they are decoded.
pub trait Fact: prost::Message + Default {
    /// What it happened to, as in the subject.
    const AGGREGATE: &'static str;
    /// What happened, as in the subject.
    const EVENT: &'static str;
    /// CloudEvents type, with its version.
    const TYPE: &'static str;
}

macro_rules! facts {
    ($($message:ident, $aggregate:literal, $event:literal;)+) => {
        $(impl Fact for event::$message {
            const AGGREGATE: &'static str = $aggregate;
            const EVENT: &'static str = $event;
            const TYPE: &'static str = concat!("homing.", $aggregate, ".", $event, ".v1");
        })+

        /// Every kind of fact: (aggregate, event, type).
        pub const REGISTRY: &[(&str, &str, &str)] =
            &[$(($aggregate, $event, concat!("homing.", $aggregate, ".", $event, ".v1"))),+];
    };
}

facts! {
    WorkspaceCreated, "workspace", "created";
    WorkspaceChanged, "workspace", "changed";
    ChannelChanged, "channel", "changed";
    ConversationStarted, "conversation", "started";
    ConversationReachable, "conversation", "reachable";
    ConversationResolved, "conversation", "resolved";
    ConversationTranscriptRequested, "conversation", "transcript_requested";
    ConversationTakenOver, "conversation", "taken_over";
    MessagePosted, "message", "posted";
    FormChanged, "form", "changed";
    ReminderDue, "reminder", "due";
    WorkflowChanged, "workflow", "changed";
    ConversationHandedOver, "conversation", "handed_over";
    CardChanged, "card", "changed";
    MembershipChanged, "membership", "changed";
    OpeningHoursChanged, "opening_hours", "changed";
    MessageRead, "message", "read";
    MessageDeliveryChanged, "message", "delivery_changed";
    VisitorPresenceChanged, "visitor", "presence_changed";
    FollowUpStarted, "follow_up", "started";
    FollowUpEnded, "follow_up", "ended";
    DeliveryAttempting, "delivery", "attempting";
    DeliveryAccepted, "delivery", "accepted";
    DeliveryFailed, "delivery", "failed";
    DeliveryDelivered, "delivery", "delivered";
    DeliveryUndelivered, "delivery", "undelivered";
    DeliveryUnknown, "delivery", "unknown";
    ChargeCaptured, "charge", "captured";
    ChargeReleased, "charge", "released";
    AgentAvailabilityChanged, "agent", "availability_changed";
    TeamStaffingChanged, "team", "staffing_changed";
    InvitationChanged, "invitation", "changed";
    RequestChanged, "request", "changed";
    AccountBalanceLow, "account", "balance_low";
    AccountTopUpRequested, "account", "top_up_requested";
}
