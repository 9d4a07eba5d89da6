//! What a follow-up does, by example.

use super::case_tests::{Fact, at, fold, ids, run};
use crate::domain::*;
use domain::{AuthorRole, DeliveryId, PresenceState};
use uuid::Uuid;

fn told(facts: &[Fact], now: i64) -> Case {
    let usual = [
        Fact::Started,
        Fact::Channel,
        Fact::Reachable {
            version: 0,
            phone: true,
            email: true,
        },
    ];
    let customer = Fact::Posted {
        seq: 1,
        author: AuthorRole::Customer,
        follow_up: true,
        too_old: false,
    };
    let facts: Vec<Fact> = usual
        .into_iter()
        .chain([customer])
        .chain(facts.iter().cloned())
        .collect();
    run(&facts, at(now))
}

fn answer(seq: u64) -> Fact {
    Fact::Posted {
        seq,
        author: AuthorRole::Agent,
        follow_up: true,
        too_old: false,
    }
}

fn presence(version: u64, state: PresenceState) -> Fact {
    let epoch = 1;
    Fact::Presence { epoch, version, state }
}

fn follow_up(case: &Case) -> &FollowUp {
    case.follow_up.as_ref().expect("a follow-up")
}

#[test]
fn the_text_is_due_after_the_debounce_and_only_once_away() {
    use PresenceState::{Offline, Online};
    let away = told(&[presence(1, Offline), answer(2)], 49);
    assert_eq!(follow_up(&away).due_at, Some(at(50)));
    let due = told(&[presence(1, Offline), answer(2)], 50);
    assert_eq!(follow_up(&due).state, State::Running(Step::Text));
    let there = told(&[presence(1, Online), answer(2)], 500);
    assert_eq!(
        (follow_up(&there).state, follow_up(&there).why),
        (State::Watching, Some(Why::Online))
    );
    let unclear = told(&[presence(1, PresenceState::Unknown), answer(2)], 500);
    assert_eq!(follow_up(&unclear).state, State::Deferred);
}

#[test]
fn a_long_burst_ends_at_the_ceiling() {
    let burst: Vec<Fact> = (2..=14)
        .map(answer)
        .chain([presence(1, PresenceState::Offline)])
        .collect();
    assert_eq!(follow_up(&told(&burst, 100)).due_at, Some(at(20 + 120)));
}

#[test]
fn coming_back_ends_it_and_leaving_again_arms_it_again() {
    use PresenceState::{Offline, Online};
    let returned = told(&[presence(1, Offline), answer(2), presence(2, Online)], 40);
    assert_eq!(follow_up(&returned).causes.strongest(), Some(End::Returned));
    let left = told(
        &[
            presence(1, Offline),
            answer(2),
            presence(2, Online),
            presence(3, Offline),
        ],
        49,
    );
    assert_eq!(
        (follow_up(&left).state, follow_up(&left).causes.is_empty()),
        (State::Watching, true)
    );
}

#[test]
fn without_an_address_nothing_is_sent_and_the_reason_is_kept() {
    let facts = [Fact::Started, Fact::Channel, presence(1, PresenceState::Offline)];
    let customer = Fact::Posted {
        seq: 1,
        author: AuthorRole::Customer,
        follow_up: true,
        too_old: false,
    };
    let facts: Vec<Fact> = facts.into_iter().chain([customer, answer(2)]).collect();
    assert_eq!(follow_up(&run(&facts, at(49))).state, State::Watching);
    assert_eq!(follow_up(&run(&facts, at(50))).causes.strongest(), Some(End::NoAddress));
}

#[test]
fn old_answers_end_a_follow_up_at_once_and_new_ones_open_the_next() {
    let old = |seq| Fact::Posted {
        seq,
        author: AuthorRole::Agent,
        follow_up: true,
        too_old: true,
    };
    let away = presence(1, PresenceState::Offline);
    let case = told(&[away.clone(), old(2), old(3)], 500);
    assert_eq!(follow_up(&case).causes.strongest(), Some(End::TooOld));
    assert!(follow_up(&case).text.is_none() && follow_up(&case).mail.is_none());
    let case = told(&[away, old(2), answer(3)], 60);
    assert_eq!(
        (follow_up(&case).from_seq, follow_up(&case).state),
        (3, State::Running(Step::Text))
    );
}

#[test]
fn a_number_alone_is_not_texted_where_nobody_tells_of_presence() {
    let mut case = told(&[answer(2)], 0);
    let started = case.conversation.started.as_mut().expect("it began");
    started.visitor = None;
    let mut mailed = case.clone();
    case.conversation.email = None;
    let mut number = 7000;
    case.settle(None, ids(&mut number), at(500));
    assert_eq!(follow_up(&case).causes.strongest(), Some(End::NoPresence));
    mailed.settle(None, ids(&mut number), at(500));
    assert_eq!(follow_up(&mailed).state, State::Running(Step::Mail));
}

fn sent(case: &mut Case, step: Step, status: Status, second: i64) {
    let delivery = DeliveryId(Uuid::from_u128(999));
    let record = StepRecord {
        delivery,
        status: Status::Attempting,
        attempted: true,
        at: at(second),
    };
    case.note_step(step, record, at(second));
    case.note_step(step, StepRecord { status, ..record }, at(second));
    let mut number = 5000;
    case.settle(None, ids(&mut number), at(second));
}

#[test]
fn the_mail_follows_the_text_after_the_escalation_or_at_once_where_it_failed() {
    let away = [presence(1, PresenceState::Offline), answer(2)];
    for (status, state, due) in [
        (Status::Accepted, State::Running(Step::Text), Some(at(650))),
        (Status::Unknown, State::Running(Step::Text), Some(at(650))),
        (Status::Failed, State::Running(Step::Mail), None),
        (Status::Undelivered, State::Running(Step::Mail), None),
    ] {
        let mut case = told(&away, 50);
        sent(&mut case, Step::Text, status, 50);
        assert_eq!(
            (follow_up(&case).state, follow_up(&case).due_at),
            (state, due),
            "{status:?}"
        );
    }
}

#[test]
fn a_later_answer_joins_the_mail_or_opens_a_new_key() {
    let mut case = told(&[presence(1, PresenceState::Offline), answer(2)], 50);
    sent(&mut case, Step::Text, Status::Accepted, 50);
    let first = follow_up(&case).id;
    let mut number = 6000;
    fold(&mut case, &answer(7));
    case.settle(None, ids(&mut number), at(80));
    assert_eq!((follow_up(&case).id, follow_up(&case).from_seq), (first, 2));
    sent(&mut case, Step::Mail, Status::Accepted, 650);
    assert_eq!(follow_up(&case).to_seq, 7);
    fold(&mut case, &answer(8));
    case.settle(None, ids(&mut number), at(700));
    let (next, closed) = (follow_up(&case), case.closed.as_ref().expect("the first one"));
    assert_eq!(closed.causes.strongest(), Some(End::Superseded));
    assert_eq!(
        (next.from_seq, next.due_at, next.why),
        (8, Some(at(650 + 3600)), Some(Why::Gap))
    );
}

#[test]
fn it_is_exhausted_only_after_the_customer_had_time_to_respond() {
    let mut case = told(&[presence(1, PresenceState::Offline), answer(2)], 50);
    sent(&mut case, Step::Text, Status::Accepted, 50);
    sent(&mut case, Step::Mail, Status::Accepted, 650);
    assert_eq!(follow_up(&case).due_at, Some(at(1250)));
    let mut number = 6000;
    case.settle(None, ids(&mut number), at(1250));
    assert_eq!(follow_up(&case).causes.strongest(), Some(End::Exhausted));
    fold(&mut case, &Fact::Returned(1300));
    case.settle(None, ids(&mut number), at(1300));
    assert_eq!(follow_up(&case).causes.strongest(), Some(End::Returned));
}

#[test]
fn without_presence_only_mail_on_unread_applies() {
    let mut case = told(&[answer(2)], 30);
    case.settings.as_mut().expect("settings").presence_told = false;
    let mut number = 6000;
    case.settle(None, ids(&mut number), at(30));
    assert_eq!(
        (follow_up(&case).due_at, follow_up(&case).why),
        (Some(at(80)), Some(Why::UnreadTime))
    );
    case.settle(None, ids(&mut number), at(80));
    assert_eq!(follow_up(&case).state, State::Running(Step::Mail));
}

#[test]
fn mail_on_unread_goes_out_while_the_page_is_open_but_untouched() {
    let mut case = told(&[presence(1, PresenceState::Online), answer(2)], 30);
    case.settings.as_mut().expect("settings").policy = Policy::EmailOnUnread;
    let mut number = 6000;
    case.settle(None, ids(&mut number), at(80));
    assert_eq!(follow_up(&case).state, State::Running(Step::Mail));
    let touched = Fresh {
        last_input_at: Some(at(60)),
        mass_loss: false,
    };
    let verdict = case.verdict_on(Step::Mail, touched, at(80));
    assert_eq!(
        verdict,
        Some(Verdict::Wait {
            until: None,
            why: Why::InputSinceAnswer
        })
    );
    let losing = Fresh {
        last_input_at: None,
        mass_loss: true,
    };
    let verdict = case.verdict_on(Step::Mail, losing, at(80));
    assert_eq!(
        verdict,
        Some(Verdict::Wait {
            until: Some(at(110)),
            why: Why::MassLoss
        })
    );
}

#[test]
fn an_answer_that_was_read_before_we_heard_of_it_is_told_of_once() {
    let mut case = told(&[Fact::Read(2), answer(2)], 40);
    assert_eq!(case.follow_up, None);
    let mut number = 6000;
    case.heard = Some((2, at(20)));
    case.settle(None, ids(&mut number), at(40));
    assert_eq!(
        (follow_up(&case).state, follow_up(&case).causes.strongest()),
        (State::Done, Some(End::Read))
    );
    let first = follow_up(&case).id;
    case.heard = Some((2, at(20)));
    assert_eq!(case.settle(None, ids(&mut number), at(41)), vec![]);
    assert_eq!(follow_up(&case).id, first);
}
