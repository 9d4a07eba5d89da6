//! Golden bytes of every fact and ingest message, and the JSON schemas of ingest. A difference means that a published
//! contract would change: add a new version instead. New files are written with UPDATE_GOLDEN=1; existing ones never.

use events::common::{
    AuthorRole, CardKind, CardState, ChannelKind, ChannelSettings, MessageDeliveryState, MessageKind, PresenceCause,
    PresenceState,
};
use events::event::*;
use prost::Message;
use std::path::PathBuf;

fn stamp() -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp {
        seconds: 1_790_000_000,
        nanos: 5_000_000,
    })
}

fn compare(name: &str, actual: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    match std::fs::read_to_string(&path) {
        Ok(golden) => assert_eq!(
            golden.trim(),
            actual.trim(),
            "{name}: a published contract would change"
        ),
        Err(_) => {
            let update = option_env!("UPDATE_GOLDEN").is_some();
            assert!(update, "{name} is missing; write it with UPDATE_GOLDEN=1");
            std::fs::write(&path, format!("{}\n", actual.trim())).expect("the golden folder can be written");
        }
    }
}

#[test]
fn facts_keep_their_bytes() {
    let id = |n: u8| format!("018f4e3a-0000-7000-8000-0000000000{n:02}");
    let (kind, country) = (MessageKind::Sms as i32, "PL".to_owned());
    let purpose = DeliveryPurpose::FollowUp as i32;
    let settings = ChannelSettings {
        debounce_ms: 30_000,
        language: "pl".into(),
        ..Default::default()
    };
    #[rustfmt::skip]
    let samples: Vec<(&str, Vec<u8>)> = vec![
        ("workspace.created", WorkspaceCreated { name: "Acme".into(), time_zone: "Europe/Warsaw".into(), language: "pl".into(), at: stamp() }.encode_to_vec()),
        ("workspace.changed", WorkspaceChanged { version: 2, name: "Acme".into(), time_zone: "Europe/Paris".into(), language: "fr".into(), at: stamp() }.encode_to_vec()),
        ("channel.changed", ChannelChanged { channel: "web".into(), version: 2, kind: ChannelKind::Web as i32, settings: Some(settings), at: stamp() }.encode_to_vec()),
        ("conversation.started", ConversationStarted { conversation: id(1), number: 17, channel: "web".into(), visitor: id(2), contact: id(3), phone_address: id(4), email_address: id(5), opened_by: AuthorRole::Customer as i32, at: stamp(), continues: String::new(), team: String::new() }.encode_to_vec()),
        ("conversation.reachable", ConversationReachable { conversation: id(1), contact: id(3), phone_address: id(4), email_address: String::new(), version: 1, at: stamp() }.encode_to_vec()),
        ("conversation.resolved", ConversationResolved { conversation: id(1), version: 1, at: stamp(), last_seq: 0 }.encode_to_vec()),
        ("conversation.transcript_requested", ConversationTranscriptRequested { conversation: id(1), transcript: id(12), up_to_seq: 3, at: stamp() }.encode_to_vec()),
        ("conversation.taken_over", ConversationTakenOver { conversation: id(1), agent: "maria".into(), seq: 3, at: stamp() }.encode_to_vec()),
        ("message.posted", MessagePosted { conversation: id(1), seq: 3, message: id(6), author: AuthorRole::Agent as i32, follow_up: true, at: stamp(), automatic: 0, rating: 0 }.encode_to_vec()),
        ("form.changed", FormChanged { form: id(9), conversation: id(1), page: 2, at: stamp() }.encode_to_vec()),
        ("reminder.due", ReminderDue { conversation: id(1), agent: "maria".into(), at: stamp(), version: 3 }.encode_to_vec()),
        ("workflow.changed", WorkflowChanged { run: id(10), conversation: id(1), workflow: "welcome".into(), workflow_version: 2, state: WorkflowRunState::Cancelled as i32, end: WorkflowRunEnd::CustomerWrote as i32, step: 3, version: 4, at: stamp() }.encode_to_vec()),
        ("conversation.handed_over", ConversationHandedOver { conversation: id(1), team: "sales".into(), run: id(10), last_seq: 3, at: stamp() }.encode_to_vec()),
        ("card.changed", CardChanged { card: id(15), conversation: id(1), seq: 4, kind: CardKind::Payment as i32, state: CardState::Ready as i32, version: 2, at: stamp() }.encode_to_vec()),
        ("membership.changed", MembershipChanged { agent: "maria".into(), teams: vec!["parcels".into(), "sales".into()], version: 2, at: stamp() }.encode_to_vec()),
        ("opening_hours.changed", OpeningHoursChanged { team: "sales".into(), version: 2, at: stamp() }.encode_to_vec()),
        ("message.read", MessageRead { conversation: id(1), up_to: 3, at: stamp() }.encode_to_vec()),
        ("message.delivery_changed", MessageDeliveryChanged { conversation: id(1), seq: 3, message: id(6), state: MessageDeliveryState::Failed as i32, reason: "blocked".into(), version: 2, at: stamp() }.encode_to_vec()),
        ("visitor.presence_changed", VisitorPresenceChanged { visitor: id(2), state: PresenceState::Offline as i32, cause: PresenceCause::Left as i32, since: stamp(), epoch: 4, version: 9 }.encode_to_vec()),
        ("follow_up.started", FollowUpStarted { follow_up: id(7), conversation: id(1), from_seq: 3, at: stamp() }.encode_to_vec()),
        ("follow_up.ended", FollowUpEnded { follow_up: id(7), conversation: id(1), from_seq: 3, to_seq: 4, reason: FollowUpEnd::Returned as i32, causes: vec![FollowUpEnd::Returned as i32, FollowUpEnd::Read as i32], at: stamp() }.encode_to_vec()),
        ("delivery.attempting", DeliveryAttempting { delivery: id(8), follow_up: id(7), conversation: id(1), purpose, kind, country: country.clone(), parts: 2, at: stamp(), seq: 0 }.encode_to_vec()),
        ("delivery.accepted", DeliveryAccepted { delivery: id(8), follow_up: id(7), conversation: id(1), purpose, kind, country: country.clone(), parts: 2, provider: "twilio".into(), at: stamp(), provider_message: String::new(), seq: 0 }.encode_to_vec()),
        ("delivery.failed", DeliveryFailed { delivery: id(8), follow_up: id(7), conversation: id(1), kind, reason: "sms.provider_refused".into(), at: stamp(), seq: 0 }.encode_to_vec()),
        ("delivery.delivered", DeliveryDelivered { delivery: id(8), conversation: id(1), kind, at: stamp(), seq: 0 }.encode_to_vec()),
        ("delivery.undelivered", DeliveryUndelivered { delivery: id(8), conversation: id(1), kind, reason: "30003".into(), at: stamp(), seq: 0 }.encode_to_vec()),
        ("delivery.unknown", DeliveryUnknown { delivery: id(8), follow_up: id(7), conversation: id(1), kind, reason: "sms.outcome_unknown".into(), at: stamp(), seq: 0 }.encode_to_vec()),
        ("charge.captured", ChargeCaptured { delivery: id(8), micro_pu: 2_000_000, kind, country, parts: 2, at: stamp() }.encode_to_vec()),
        ("charge.released", ChargeReleased { delivery: id(8), micro_pu: 2_000_000, at: stamp() }.encode_to_vec()),
        ("agent.availability_changed", AgentAvailabilityChanged { agent: "maria".into(), availability: AgentAvailability::Available as i32, version: 1, at: stamp() }.encode_to_vec()),
        ("team.staffing_changed", TeamStaffingChanged { team: "sales".into(), is_staffed: true, version: 3, at: stamp() }.encode_to_vec()),
        ("invitation.changed", InvitationChanged { invitation: id(13), channel: "web".into(), visitor: id(2), mode: ProactiveMode::WithInvitation as i32, state: InvitationState::Queued as i32, version: 5, request: id(14), conversation: id(1), agent: String::new(), at: stamp(), rule: "pricing".into() }.encode_to_vec()),
        ("request.changed", RequestChanged { request: id(14), channel: "web".into(), team: "sales".into(), state: RequestState::Alerted as i32, assignee_kind: AssigneeKind::Agent as i32, assignee: "maria".into(), taken_from: "ola".into(), cause: AssignmentCause::Declined as i32, conversation: id(1), visitor: id(2), invitation: id(13), version: 3, at: stamp() }.encode_to_vec()),
        ("account.balance_low", AccountBalanceLow { available_micro_pu: 900_000, below_micro_pu: 1_000_000, version: 1, at: stamp() }.encode_to_vec()),
        ("account.top_up_requested", AccountTopUpRequested { request_id: id(9), micro_pu: 50_000_000, available_micro_pu: 900_000, version: 2, at: stamp() }.encode_to_vec()),
    ];
    let sampled: Vec<String> = samples.iter().map(|(name, _)| (*name).to_owned()).collect();
    let registered: Vec<String> = events::REGISTRY.iter().map(|(a, e, _)| format!("{a}.{e}")).collect();
    assert_eq!(sampled, registered, "one sample per fact, in the registry's order");
    for (name, bytes) in samples {
        compare(&format!("{name}.v1.hex"), &hex::encode(bytes));
    }
}

#[test]
fn ingest_keeps_its_bytes_and_schemas() {
    let message = IngestMessage {
        channel: Some("web".into()),
        author: Some(IngestAuthor {
            role: "agent".into(),
            agent: Some("maria".into()),
        }),
        text: "Hello".into(),
        message_id: Some("m-1".into()),
        no_follow_up: Some(true),
        customer: Some(IngestCustomer {
            external_id: Some("c-1".into()),
            name: Some("Ann".into()),
            phone: Some("+48600700123".into()),
            email: Some("ann@example.com".into()),
            ..Default::default()
        }),
    };
    compare("ingest.message.v1.hex", &hex::encode(message.encode_to_vec()));
    let read = IngestMessageRead {
        up_to_sequence: Some(3),
        up_to_message_id: None,
    };
    compare("ingest.message_read.v1.hex", &hex::encode(read.encode_to_vec()));

    let pretty = |schema: schemars::Schema| serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    compare(
        "ingest.message.v1.schema.json",
        &pretty(schemars::schema_for!(IngestMessage)),
    );
    compare(
        "ingest.message_read.v1.schema.json",
        &pretty(schemars::schema_for!(IngestMessageRead)),
    );
    compare(
        "ingest.conversation_resolved.v1.schema.json",
        &pretty(schemars::schema_for!(IngestConversationResolved)),
    );
    let call = IngestCallEnded {
        channel: "phone".into(),
        outcome: "in_menu".into(),
        customer: message.customer.clone(),
        team: Some("parcels".into()),
        seconds: Some(12),
    };
    compare("ingest.call_ended.v1.hex", &hex::encode(call.encode_to_vec()));
    compare(
        "ingest.call_ended.v1.schema.json",
        &pretty(schemars::schema_for!(IngestCallEnded)),
    );
    let outcome = IngestCardOutcome {
        state: "ready".into(),
        reference: Some("P-17".into()),
        url: Some("https://pay.example/P-17".into()),
        reason: None,
    };
    compare("ingest.card_outcome.v1.hex", &hex::encode(outcome.encode_to_vec()));
    compare(
        "ingest.card_outcome.v1.schema.json",
        &pretty(schemars::schema_for!(IngestCardOutcome)),
    );
    let order = IngestOrder {
        version: 2,
        status: "shipped".into(),
        currency: "PLN".into(),
        total_minor: 12_900,
        lines: vec![IngestOrderLine {
            name: "Shoes".into(),
            sku: Some("sh-38".into()),
            quantity: 1,
            unit_minor: 12_900,
        }],
        parcels: vec![IngestParcel {
            carrier: "InPost".into(),
            tracking_number: "6000123".into(),
            tracking_url: Some("https://inpost.pl/6000123".into()),
            status: Some("sent".into()),
        }],
        customer: message.customer,
        country: Some("PL".into()),
        channel: Some("web".into()),
        placed_at: Some("2026-11-21T10:00:00Z".into()),
        ..Default::default()
    };
    compare("ingest.order.v1.hex", &hex::encode(order.encode_to_vec()));
    compare(
        "ingest.order.v1.schema.json",
        &pretty(schemars::schema_for!(IngestOrder)),
    );
}
