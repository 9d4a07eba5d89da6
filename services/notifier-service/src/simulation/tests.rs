//! Recordings that are written by hand, replayed.

use super::*;
use ::domain::{Timestamp, WorkspaceId};
use events::common::{AuthorRole, ChannelKind, ChannelSettings, MessageKind, PresenceState};
use events::event::{
    ChannelChanged, ChargeCaptured, ConversationStarted, DeliveryAccepted, DeliveryPurpose, MessagePosted, MessageRead,
    VisitorPresenceChanged,
};
use events::{Fact, Received, Subject, stamp};
use fault::Result;
use uuid::Uuid;

const START: i64 = 1_760_000_000;
/// The recorded settings, seconds.
const DEBOUNCE: i64 = 30;
const ESCALATION: i64 = 600;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).expect("a moment of this century")
}

fn recorded<F: Fact>(second: i64, fact: &F) -> Recorded {
    let subject = Subject::Fact {
        workspace: WorkspaceId::parse("acme").expect("a slug"),
        aggregate: F::AGGREGATE.into(),
        event: F::EVENT.into(),
    };
    let fact = Received {
        raw_subject: subject.to_string(),
        subject,
        id: String::new(),
        headers: Vec::new(),
        payload: fact.encode_to_vec().into(),
        delivered: 1,
    };
    Recorded { at: at(second), fact }
}

fn id(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

fn channel() -> Recorded {
    let settings = ChannelSettings {
        phone: 2,
        email: 2,
        presence_source: 1,
        follow_up: true,
        debounce_ms: 30_000,
        ceiling_ms: 120_000,
        escalation_ms: 600_000,
        unread_mail_ms: 300_000,
        language: "en".into(),
        texts_per_number_per_day: 3,
        mails_per_address_per_day: 3,
        text_quiet_hours: String::new(),
        mail_quiet_hours: String::new(),
        ..Default::default()
    };
    let fact = ChannelChanged {
        channel: "web".into(),
        version: 1,
        kind: ChannelKind::Web.into(),
        settings: Some(settings),
        at: Some(stamp(at(0))),
    };
    recorded(0, &fact)
}

fn started(second: i64, conversation: u128, phone: bool, email: bool) -> Recorded {
    let given = |given: bool, number| if given { id(number) } else { String::new() };
    let fact = ConversationStarted {
        conversation: id(conversation),
        number: 1,
        channel: "web".into(),
        visitor: id(7),
        phone_address: given(phone, 100),
        email_address: given(email, 200),
        opened_by: AuthorRole::Customer.into(),
        at: Some(stamp(at(second))),
        ..Default::default()
    };
    recorded(second, &fact)
}

fn posted(second: i64, conversation: u128, seq: u64, author: AuthorRole) -> Recorded {
    let fact = MessagePosted {
        conversation: id(conversation),
        seq,
        message: id(1_000 * conversation + u128::from(seq)),
        author: author.into(),
        follow_up: true,
        at: Some(stamp(at(second))),
        ..Default::default()
    };
    recorded(second, &fact)
}

fn presence(second: i64, version: u64, state: PresenceState) -> Recorded {
    let fact = VisitorPresenceChanged {
        visitor: id(7),
        state: state.into(),
        since: Some(stamp(at(second))),
        epoch: 1,
        version,
        ..Default::default()
    };
    recorded(second, &fact)
}

fn read(second: i64, conversation: u128, up_to: u64) -> Recorded {
    let fact = MessageRead {
        conversation: id(conversation),
        up_to,
        at: Some(stamp(at(second))),
    };
    recorded(second, &fact)
}

/// A customer writes, leaves and is answered at second 100.
fn left_and_answered() -> Vec<Recorded> {
    vec![
        channel(),
        presence(1, 1, PresenceState::Online),
        started(10, 1, true, true),
        posted(10, 1, 1, AuthorRole::Customer),
        presence(60, 2, PresenceState::Offline),
        posted(100, 1, 2, AuthorRole::Agent),
    ]
}

/// Something of another conversation, so that the recording goes on until then.
fn later(second: i64) -> Recorded {
    started(second, 99, false, false)
}

fn replay(facts: Vec<Recorded>, policy: &str) -> Result<Tally> {
    simulate(
        &Recording::new(facts),
        &Policies::from_json(policy)?,
        ::domain::TimeScale::default(),
    )
}

fn sent(tally: &Tally) -> Vec<(i64, Message)> {
    let second = |sent: &Sent| (sent.at.as_second() - START, sent.message);
    tally.sent.iter().map(second).collect()
}

#[test]
fn the_recorded_policy_sends_a_text_and_later_a_mail() -> Result<()> {
    let mut facts = left_and_answered();
    facts.push(later(2_000));
    let tally = replay(facts, "{}")?;
    let text = 100 + DEBOUNCE;
    assert_eq!(
        sent(&tally),
        [(text, Message::Text), (text + ESCALATION, Message::Mail)]
    );
    assert_eq!((tally.follow_ups, tally.reached(), tally.open), (1, 1, 0));
    assert_eq!(tally.ends.get("exhausted"), Some(&1));
    assert_eq!(tally.median_wait().map(|wait| wait.as_secs()), Some(DEBOUNCE));
    Ok(())
}

#[test]
fn another_policy_sends_something_else() -> Result<()> {
    let mut facts = left_and_answered();
    facts.push(later(2_000));
    let patient = replay(
        facts.clone(),
        r#"{"web": {"debounce_ms": 90000, "escalation_ms": 60000}}"#,
    )?;
    assert_eq!(sent(&patient), [(190, Message::Text), (250, Message::Mail)]);
    let by_mail = replay(facts.clone(), r#"{"*": {"policy": "email_on_unread"}}"#)?;
    assert_eq!(sent(&by_mail), [(130, Message::Mail)]);
    let unknown = replay(facts.clone(), r#"{"shop": {"follow_up": false}}"#).expect_err("a refusal");
    assert!(unknown.to_string().contains("shop"), "{unknown}");
    let off = replay(facts, r#"{"*": {"follow_up": false}}"#)?;
    assert_eq!(sent(&off), []);
    assert_eq!(off.ends.get("switched_off"), Some(&1));
    Ok(())
}

#[test]
fn a_customer_who_reads_in_time_is_left_alone_and_a_longer_debounce_leaves_more_alone() -> Result<()> {
    let mut facts = left_and_answered();
    facts.extend([presence(145, 3, PresenceState::Online), read(146, 1, 2), later(2_000)]);
    assert_eq!(sent(&replay(facts.clone(), "{}")?), [(130, Message::Text)]);
    let patient = replay(facts, r#"{"*": {"debounce_ms": 60000}}"#)?;
    assert_eq!(sent(&patient), []);
    assert_eq!(patient.ends.values().sum::<u64>(), 1);
    Ok(())
}

/// START is 08:53:20 UTC.
#[test]
fn quiet_hours_put_off_and_drop_nothing() -> Result<()> {
    let mut facts = left_and_answered();
    facts.push(later(40_000));
    let quiet = r#"{"web": {"text_quiet_hours": "07:00-10:00"}}"#;
    // 10:00 is second 4,000; then up to ten minutes, the same for every run.
    let tally = replay(facts.clone(), quiet)?;
    let all = sent(&tally);
    assert_eq!(
        all.iter().map(|(_, message)| *message).collect::<Vec<_>>(),
        [Message::Text, Message::Mail]
    );
    assert!((4_000..4_600).contains(&all[0].0), "{all:?}");
    assert_eq!(all[1].0, all[0].0 + ESCALATION);
    assert_eq!(tally, replay(facts.clone(), quiet)?);
    // It could ring until 09:10.
    let soon = replay(facts.clone(), r#"{"web": {"text_quiet_hours": "09:05-10:00"}}"#)?;
    assert!((4_000..4_600).contains(&sent(&soon)[0].0), "{:?}", sent(&soon));
    // By their number's country it is 10:53 already.
    let mut polish = facts.clone();
    polish.push(recorded(
        30_000,
        &DeliveryAccepted {
            conversation: id(1),
            country: "PL".into(),
            kind: MessageKind::Sms.into(),
            ..Default::default()
        },
    ));
    assert_eq!(sent(&replay(polish, quiet)?)[0], (130, Message::Text));
    // Read in the night: nothing is sent in the morning.
    let mut read_then = facts.clone();
    read_then.push(read(2_000, 1, 2));
    let tally = replay(read_then, quiet)?;
    assert_eq!((sent(&tally), tally.open), (vec![], 0));
    let wrong = replay(facts, r#"{"web": {"mail_quiet_hours": "25:00"}}"#).expect_err("no hours");
    assert!(wrong.to_string().contains("mail_quiet_hours"), "{wrong}");
    Ok(())
}

#[test]
fn what_lies_beyond_the_recording_is_open() -> Result<()> {
    let tally = replay(left_and_answered(), "{}")?;
    assert_eq!((sent(&tally), tally.open), (vec![], 1));
    Ok(())
}

#[test]
fn a_number_gets_no_more_texts_a_day_than_its_channel_allows() -> Result<()> {
    let mut facts = vec![channel(), presence(1, 1, PresenceState::Offline)];
    for conversation in 1..=3_u128 {
        let second = 10 * i64::try_from(conversation).expect("small");
        facts.push(started(second, conversation, true, false));
        facts.push(posted(second, conversation, 1, AuthorRole::Customer));
        facts.push(posted(second + 1, conversation, 2, AuthorRole::Agent));
    }
    facts.push(later(2_000));
    let tally = replay(facts, r#"{"*": {"texts_per_number_per_day": 2}}"#)?;
    assert_eq!((tally.count(Message::Text), tally.over_limit), (2, 1));
    Ok(())
}

#[test]
fn a_conversation_that_began_before_the_recording_is_left_out() -> Result<()> {
    let facts = vec![channel(), posted(100, 1, 2, AuthorRole::Agent), later(2_000)];
    let tally = replay(facts, "{}")?;
    assert_eq!((sent(&tally), tally.left_out), (vec![], 1));
    Ok(())
}

#[test]
fn what_was_true_before_its_channel_was_told_of_is_not_guessed() -> Result<()> {
    let mut facts = left_and_answered();
    facts.retain(|recorded| !recorded.fact.is::<ChannelChanged>());
    let told = Recorded {
        at: at(1_000),
        ..channel()
    };
    facts.extend([told, later(2_000)]);
    let tally = replay(facts, "{}")?;
    assert_eq!((sent(&tally), tally.left_out), (vec![], 1));
    Ok(())
}

#[test]
fn answers_that_are_brought_in_long_after_they_were_given_are_not_followed_up() -> Result<()> {
    let mut facts = left_and_answered();
    facts.pop();
    let days = 3 * 86_400;
    let old = Recorded {
        at: at(days),
        ..posted(100, 1, 2, AuthorRole::Agent)
    };
    facts.extend([old, later(days + 2_000)]);
    let tally = replay(facts, "{}")?;
    assert_eq!((sent(&tally), tally.ends.get("too_old")), (vec![], Some(&1)));
    Ok(())
}

#[test]
fn who_read_and_comes_again_later_has_read() -> Result<()> {
    let mut facts = left_and_answered();
    facts.extend([
        presence(110, 3, PresenceState::Online),
        read(111, 1, 2),
        presence(200, 4, PresenceState::Offline),
        presence(5_000, 5, PresenceState::Online),
        later(6_000),
    ]);
    let tally = replay(facts, "{}")?;
    assert_eq!((sent(&tally), tally.ends.values().sum::<u64>()), (vec![], 1));
    Ok(())
}

#[test]
fn what_was_and_what_it_cost_is_read_from_the_recording() -> Result<()> {
    let accepted = |second: i64, delivery: u128, kind: MessageKind, purpose: DeliveryPurpose| {
        let fact = DeliveryAccepted {
            delivery: id(delivery),
            conversation: id(1),
            purpose: purpose.into(),
            kind: kind.into(),
            ..Default::default()
        };
        recorded(second, &fact)
    };
    let charged = |second: i64, delivery: u128, kind: MessageKind, micro_pu: i64| {
        let fact = ChargeCaptured {
            delivery: id(delivery),
            micro_pu,
            kind: kind.into(),
            ..Default::default()
        };
        recorded(second, &fact)
    };
    let recording = Recording::new(vec![
        accepted(1, 1, MessageKind::Sms, DeliveryPurpose::Confirmation),
        accepted(2, 2, MessageKind::Sms, DeliveryPurpose::FollowUp),
        accepted(3, 3, MessageKind::Email, DeliveryPurpose::FollowUp),
        // Not played: an agent wrote the one, a customer asked for the other.
        accepted(3, 8, MessageKind::Whatsapp, DeliveryPurpose::Message),
        accepted(3, 9, MessageKind::Sms, DeliveryPurpose::Keyword),
        charged(4, 8, MessageKind::Whatsapp, 1),
        charged(4, 9, MessageKind::Sms, 1),
        charged(4, 1, MessageKind::Sms, 50_000),
        charged(5, 2, MessageKind::Sms, 100_000),
        charged(6, 3, MessageKind::Email, 10_000),
    ]);
    let was = recording.tally()?;
    let each = [Message::Confirmation, Message::Text, Message::Mail].map(|message| was.count(message));
    assert_eq!(each, [1, 1, 1]);
    assert_eq!(recording.charged()?, 160_000);
    let prices = recording.prices()?;
    assert_eq!((prices.text, prices.mail), (Some(75_000), Some(10_000)));
    assert_eq!(was.cost(prices), Some(160_000));
    assert_eq!(was.cost(Prices::default()), None);
    Ok(())
}

#[test]
fn a_policy_that_no_channel_would_take_is_refused_by_name() {
    let refused = |policy: &str| {
        let fault = replay(left_and_answered(), policy).expect_err("a refusal");
        fault.to_string()
    };
    assert!(refused(r#"{"*": {"debounce": 1}}"#).contains("debounce"));
    assert!(refused(r#"{"*": {"debounce_ms": 700000}}"#).contains("debounce_ms"));
    assert!(refused(r#"{"*": {"ceiling_ms": 1}}"#).contains("ceiling_ms"));
    assert!(refused(r#"{"*": {"texts_per_number_per_day": 0}}"#).contains("texts_per_number_per_day"));
}
