//! Any order and any repetition of the same facts ends in the same case, and no order sends what must not be sent.

use crate::domain::*;
use domain::{
    AddressId, AuthorRole, ChannelId, DeliveryId, FollowUpId, PresenceCause, PresenceState, TimeScale, VisitorId,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

const START: i64 = 1_700_000_000;

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).expect("a moment of this century")
}

pub(crate) fn settings() -> Settings {
    Settings {
        web: true,
        sms: false,
        whatsapp: Some(false),
        follow_up: true,
        policy: Policy::TextThenEmail,
        presence_told: true,
        bot_answers: false,
        confirmation_text: true,
        phone: true,
        email: true,
        name: true,
        debounce_ms: 30_000,
        ceiling_ms: 120_000,
        escalation_ms: 600_000,
        unread_mail_ms: 60_000,
        language: "en".into(),
        business_name: "Acme".into(),
        allowed_origins: vec![],
        texts_per_number_per_day: 3,
        mails_per_address_per_day: 3,
        text_quiet_hours: None,
        mail_quiet_hours: None,
        text_from: None,
        text_countries: vec![],
        transcript_at_end: None,
        verified_only: false,
    }
}

#[derive(Debug, Clone)]
pub(super) enum Fact {
    Started,
    Reachable {
        version: u64,
        phone: bool,
        email: bool,
    },
    Posted {
        seq: u64,
        author: AuthorRole,
        follow_up: bool,
        too_old: bool,
    },
    Read(u64),
    Presence {
        epoch: u64,
        version: u64,
        state: PresenceState,
    },
    Returned(i64),
    Resolved(u64),
    Channel,
}

fn visitor() -> VisitorId {
    VisitorId(Uuid::from_u128(7))
}

pub(super) fn fold(case: &mut Case, fact: &Fact) {
    let conversation = &mut case.conversation;
    match fact {
        Fact::Started => conversation.started(Started {
            number: 1,
            channel: ChannelId::parse("web").expect("a slug"),
            visitor: Some(visitor()),
            opened_by: AuthorRole::Customer,
            at: at(0),
            continues: None,
        }),
        Fact::Reachable { version, phone, email } => {
            let id = |given: &bool, kind: u128| given.then(|| AddressId(Uuid::from_u128(kind + u128::from(*version))));
            conversation.reachable(Reach {
                version: *version,
                at: at(0),
                contact: None,
                phone: id(phone, 100),
                email: id(email, 200),
            });
        }
        // The owner numbers messages in the order of their time.
        Fact::Posted {
            seq,
            author,
            follow_up,
            too_old,
        } => {
            let posted_at = at(i64::try_from(*seq).expect("small") * 10);
            conversation.posted(*seq, *author, *follow_up, posted_at, *too_old);
        }
        Fact::Read(up_to) => conversation.read(*up_to),
        Fact::Presence { epoch, version, state } => {
            let second = epoch * 100 + version * 15;
            case.presence.changed(Presence {
                state: Some(*state),
                cause: Some(PresenceCause::Left),
                since: Some(at(i64::try_from(second).expect("small") - 100)),
                epoch: *epoch,
                version: *version,
            });
        }
        Fact::Resolved(version) => conversation.resolved(*version, None),
        Fact::Returned(second) => conversation.returned(at(*second)),
        Fact::Channel => {
            case.timing = Some(settings().timing(TimeScale::default()));
            case.settings = Some(settings());
        }
    }
}

pub(super) fn ids(number: &mut u128) -> Ids {
    *number += 1;
    Ids {
        follow_up: FollowUpId(Uuid::from_u128(*number)),
        delivery: DeliveryId(Uuid::from_u128(*number)),
    }
}

/// What stays the same whatever the order: everything folded, and the open follow-up but for its id and the moment of
/// opening. One that ended is history: an answer that was known to be read before it was known to be posted never had
/// one.
fn essence(case: &Case) -> impl PartialEq + std::fmt::Debug {
    let open = case.follow_up.as_ref().filter(|f| f.state != State::Done).map(|f| {
        let sent = (f.text.is_some(), f.mail.is_some());
        (f.from_seq, f.to_seq, f.first_at, f.state, f.why, f.due_at, sent)
    });
    (case.conversation.clone(), case.presence, open)
}

pub(super) fn run(facts: &[Fact], now: Timestamp) -> Case {
    let (mut case, mut number) = (Case::default(), 0);
    for fact in facts {
        fold(&mut case, fact);
        // Settled at a moment when nothing is due, so that only the facts matter.
        case.settle(None, ids(&mut number), at(0));
    }
    case.settle(None, ids(&mut number), now);
    case
}

fn author() -> impl Strategy<Value = AuthorRole> {
    prop_oneof![
        3 => Just(AuthorRole::Agent),
        1 => Just(AuthorRole::Customer),
        1 => Just(AuthorRole::Bot),
        1 => Just(AuthorRole::System),
    ]
}

fn state() -> impl Strategy<Value = PresenceState> {
    prop_oneof![
        Just(PresenceState::Online),
        Just(PresenceState::Offline),
        Just(PresenceState::Unknown)
    ]
}

/// A history as its owners would tell it: messages numbered without gaps, one state per epoch and version of presence.
fn history() -> impl Strategy<Value = Vec<Fact>> {
    let messages = prop::collection::vec((author(), prop::bool::weighted(0.85), prop::bool::weighted(0.15)), 1..7);
    let reads = prop::collection::vec(1u64..8, 0..3);
    let presence = prop::collection::vec((state(), prop::bool::weighted(0.3)), 0..5);
    let resolved = 0u64..4;
    let reach = prop::collection::vec((any::<bool>(), any::<bool>()), 1..3);
    let returned = prop::option::weighted(0.2, 1i64..100);
    let parts = (messages, reads, presence, reach, returned, resolved);
    parts.prop_map(|(messages, reads, presence, reach, returned, resolved)| {
        let numbered = (1u64..).zip(messages);
        let mut facts = vec![Fact::Started, Fact::Channel];
        facts.extend(numbered.map(|(seq, (author, follow_up, too_old))| Fact::Posted {
            seq,
            author,
            follow_up,
            too_old,
        }));
        facts.extend(reads.into_iter().map(Fact::Read));
        // A new owner of presence numbers from 1 again, in a higher epoch.
        let (mut epoch, mut version) = (1, 0);
        facts.extend(presence.into_iter().map(|(state, new_owner)| {
            (epoch, version) = if new_owner {
                (epoch + 1, 1)
            } else {
                (epoch, version + 1)
            };
            Fact::Presence { epoch, version, state }
        }));
        facts.extend((1..=resolved).map(Fact::Resolved));
        facts.extend(
            (0u64..)
                .zip(reach)
                .map(|(version, (phone, email))| Fact::Reachable { version, phone, email }),
        );
        facts.extend(returned.map(Fact::Returned));
        facts
    })
}

fn shuffled() -> impl Strategy<Value = (Vec<Fact>, Vec<Fact>)> {
    history().prop_flat_map(|facts| {
        let repeated: Vec<Fact> = facts.iter().chain(&facts).cloned().collect();
        (Just(facts), Just(repeated).prop_shuffle())
    })
}

/// One step of a run in which sends take place.
#[derive(Debug, Clone)]
enum Event {
    Fact(Fact),
    /// The provider's answer to whatever is on its way.
    Outcome(Status),
    Later(i64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        2 => prop_oneof![Just(Status::Accepted), Just(Status::Unknown), Just(Status::Failed)].prop_map(Event::Outcome),
        2 => (1i64..900).prop_map(Event::Later),
    ];
    (
        shuffled(),
        prop::collection::vec((event, any::<prop::sample::Index>()), 4..20),
    )
        .prop_map(|((_, facts), extra)| {
            let mut events: Vec<Event> = facts.into_iter().map(Event::Fact).collect();
            for (event, place) in extra {
                events.insert(place.index(events.len() + 1), event);
            }
            events
        })
}

/// Takes the pending delivery to its attempt, if the case still says so; tells which step was attempted.
fn attempt(case: &mut Case, now: Timestamp) -> Option<Step> {
    let step = case.follow_up.as_ref()?.state.step()?;
    let record = *case.follow_up.as_ref()?.record(step)?;
    if record.status != Status::Due {
        return None;
    }
    if case.verdict_on(step, Fresh::default(), now) != Some(Verdict::Send(step)) {
        return None;
    }
    let status = Status::Attempting;
    case.note_step(
        step,
        StepRecord {
            status,
            attempted: true,
            at: now,
            ..record
        },
        now,
    );
    Some(step)
}

fn outcome(case: &mut Case, status: Status, now: Timestamp) {
    let Some(step) = case.follow_up.as_ref().and_then(|follow_up| follow_up.state.step()) else {
        return;
    };
    let record = case
        .follow_up
        .as_ref()
        .and_then(|follow_up| follow_up.record(step).copied());
    if let Some(record) = record.filter(|record| record.status == Status::Attempting) {
        case.note_step(
            step,
            StepRecord {
                status,
                at: now,
                ..record
            },
            now,
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn any_order_with_repetitions_ends_in_the_same_case((facts, other) in shuffled(), second in 100i64..2000) {
        let (one, two) = (run(&facts, at(second)), run(&other, at(second)));
        prop_assert_eq!(
            format!("{:?}", essence(&one)),
            format!("{:?}", essence(&two))
        );
    }

    #[test]
    fn whatever_happens_no_send_breaks_a_rule(events in events()) {
        let (mut case, mut number, mut now) = (Case::default(), 0, at(100));
        let mut attempted: Vec<(FollowUpId, Step)> = vec![];
        for event in events {
            match event {
                Event::Fact(fact) => fold(&mut case, &fact),
                Event::Outcome(status) => outcome(&mut case, status, now),
                Event::Later(seconds) => now += SignedDuration::from_secs(seconds),
            }
            case.settle(None, ids(&mut number), now);
            let Some(step) = attempt(&mut case, now) else { continue };
            let follow_up = case.follow_up.as_ref().expect("an attempt belongs to a follow-up");
            let unread = case.conversation.unread_from(follow_up.from_seq, &settings()).count();
            prop_assert!(unread > 0, "sent although everything was read or replied to");
            prop_assert_eq!(case.presence.state.unwrap_or(PresenceState::Offline), PresenceState::Offline);
            let key = (follow_up.id, step);
            prop_assert!(!attempted.contains(&key), "a step was taken twice");
            if step == Step::Text {
                prop_assert!(!attempted.contains(&(follow_up.id, Step::Mail)), "text after mail");
                prop_assert!(case.conversation.phone.is_some());
            } else {
                let skipped = case.conversation.phone.is_some() && follow_up.text.is_none();
                prop_assert!(!skipped, "mail before text");
            }
            attempted.push(key);
        }
    }

    #[test]
    fn settling_twice_changes_nothing(facts in history(), second in 100i64..2000) {
        let (now, mut number) = (at(second), 1000);
        let mut case = run(&facts, now);
        let before = case.clone();
        let effects = case.settle(None, ids(&mut number), now);
        case.closed = before.closed.clone();
        prop_assert_eq!(effects, vec![]);
        prop_assert_eq!(case, before);
    }
}
