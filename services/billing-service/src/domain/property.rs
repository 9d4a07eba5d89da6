//! The journal under random interleavings with repetition, and the hold under any order of its facts.

use super::{Account, Broken, Entry, Hold, HoldState, Kind, Ledger, Mark, Movement, Reason, Terms};
use domain::{Country, DeliveryId, Pu};
use proptest::prelude::*;
use uuid::Uuid;

fn pu(micro: i64) -> Pu {
    Pu::from_micro(micro).expect("not negative")
}

fn terms(parts: u32) -> Terms {
    Terms::new(Kind::Sms, Country::parse("PL").ok(), parts).expect("terms")
}

#[derive(Debug, Clone, Copy)]
enum Step {
    TopUp(i64),
    Hold(usize),
    Mark(usize, Mark),
}

/// As the service does it, in memory.
struct Books {
    account: Account,
    journal: Vec<(Option<DeliveryId>, Entry)>,
    holds: Vec<Hold>,
}

const DELIVERIES: usize = 5;

impl Books {
    fn new() -> Self {
        let holds = (0..DELIVERIES)
            .map(|n| Hold::unknown(DeliveryId(Uuid::from_u128(n as u128))))
            .collect();
        Self {
            account: Account::default(),
            journal: Vec::new(),
            holds,
        }
    }

    fn book(&mut self, delivery: Option<DeliveryId>, movement: Option<Movement>) -> Result<(), Broken> {
        let Some(movement) = movement else { return Ok(()) };
        let (account, entry) = self.account.book(movement)?;
        self.account = account;
        self.journal.extend(entry.map(|entry| (delivery, entry)));
        Ok(())
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::TopUp(micro) => self
                .book(None, Some(Movement::TopUp(pu(micro))))
                .expect("small amounts"),
            Step::Hold(n) => {
                let hold = self.holds[n];
                let parts = n as u32 + 1;
                let (placed, movement) = hold
                    .place(terms(parts), pu(i64::from(parts) * 10))
                    .expect("the same terms each time");
                match self.book(Some(hold.delivery), movement) {
                    Ok(()) => self.holds[n] = placed,
                    Err(broken) => assert_eq!(broken, Broken::NotCovered),
                }
            }
            Step::Mark(n, mark) => {
                let parts = n as u32 + 1;
                let mut hold = self.holds[n];
                if mark == Mark::Accepted {
                    hold = hold.quote(terms(parts), pu(i64::from(parts) * 10));
                }
                let (hold, movement) = hold.fold(mark);
                self.book(Some(hold.delivery), movement)
                    .expect("facts can always be booked");
                self.holds[n] = hold;
            }
        }
    }

    fn balance(&self, ledger: Ledger) -> i64 {
        self.journal
            .iter()
            .map(|(_, entry)| {
                let amount = entry.amount.micro();
                i64::from(entry.credit == ledger) * amount - i64::from(entry.debit == ledger) * amount
            })
            .sum()
    }

    fn check(&self) {
        assert_eq!(self.balance(Ledger::Available), self.account.available.micro());
        assert_eq!(self.balance(Ledger::Held), self.account.held.micro());
        let all = [
            Ledger::Funds,
            Ledger::Available,
            Ledger::Held,
            Ledger::Spent,
            Ledger::Shortfall,
            Ledger::Plan,
            Ledger::Lapsed,
        ];
        assert_eq!(all.map(|ledger| self.balance(ledger)).iter().sum::<i64>(), 0);
        let open = self.holds.iter().filter(|hold| hold.state == HoldState::Held);
        assert_eq!(
            open.map(|hold| hold.amount.micro()).sum::<i64>(),
            self.account.held.micro()
        );
        for hold in &self.holds {
            let charges = self.journal.iter().filter(|(delivery, entry)| {
                *delivery == Some(hold.delivery) && matches!(entry.reason, Reason::Capture | Reason::LateCharge)
            });
            assert_eq!(charges.count(), usize::from(hold.state == HoldState::Captured));
        }
    }
}

fn mark() -> impl Strategy<Value = Mark> {
    prop_oneof![
        Just(Mark::Attempting),
        Just(Mark::Accepted),
        Just(Mark::Failed),
        Just(Mark::TimeOut)
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (1..100i64).prop_map(Step::TopUp),
        3 => (0..DELIVERIES).prop_map(Step::Hold),
        4 => ((0..DELIVERIES), mark()).prop_map(|(n, mark)| Step::Mark(n, mark)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_books_hold_after_every_step(steps in prop::collection::vec(step(), 0..120)) {
        let mut books = Books::new();
        for step in steps {
            books.step(step);
            books.check();
        }
    }

    /// The same facts in two orders, each with repetitions: the same hold and, where the balance covers it, the same
    /// balances.
    #[test]
    fn order_and_repetition_of_facts_do_not_matter(
        (once, shuffled) in prop::collection::vec(
            prop_oneof![Just(Mark::Attempting), Just(Mark::Accepted), Just(Mark::Failed)], 1..6)
            .prop_flat_map(|marks| {
                let twice: Vec<Mark> = marks.iter().chain(&marks).copied().collect();
                (Just(marks), Just(twice).prop_shuffle())
            })
    ) {
        let run = |marks: &[Mark]| {
            let mut books = Books::new();
            books.step(Step::TopUp(100));
            books.step(Step::Hold(0));
            for mark in marks {
                books.step(Step::Mark(0, *mark));
            }
            books.check();
            (books.holds[0], books.account)
        };
        prop_assert_eq!(run(&once), run(&shuffled));
    }

    /// Facts that overtake the hold: it still ends where they lead.
    #[test]
    fn a_hold_may_come_late(marks in prop::collection::vec(mark(), 0..6), place in 0..6usize) {
        let mut books = Books::new();
        books.step(Step::TopUp(100));
        for (at, mark) in marks.iter().enumerate() {
            if at == place {
                books.step(Step::Hold(0));
            }
            books.step(Step::Mark(0, *mark));
        }
        books.step(Step::Hold(0));
        books.check();
        let expected = if marks.contains(&Mark::Accepted) {
            HoldState::Captured
        } else if marks.contains(&Mark::Failed) {
            HoldState::Released
        } else {
            HoldState::Held
        };
        prop_assert_eq!(books.holds[0].state, expected);
    }
}

#[test]
fn other_terms_are_refused() {
    let delivery = DeliveryId(Uuid::from_u128(1));
    let (hold, _) = Hold::unknown(delivery).place(terms(1), pu(10)).expect("placed");
    assert!(hold.place(terms(2), pu(20)).is_err());
    assert_eq!(hold.place(terms(1), pu(99)).expect("repeated"), (hold, None));
}

#[test]
fn an_attempted_hold_does_not_expire() {
    let (hold, _) = Hold::unknown(DeliveryId(Uuid::from_u128(1)))
        .place(terms(1), pu(10))
        .expect("placed");
    let (attempted, _) = hold.fold(Mark::Attempting);
    assert_eq!(attempted.fold(Mark::TimeOut), (attempted, None));
    assert_eq!(hold.fold(Mark::TimeOut).0.state, HoldState::Expired);
}

#[test]
fn a_late_charge_that_nothing_covers_is_a_shortfall() {
    let (account, entry) = Account::default().book(Movement::ChargeLate(pu(10))).expect("booked");
    assert_eq!(account, Account::default());
    assert_eq!(entry.map(|entry| entry.debit), Some(Ledger::Shortfall));
}
