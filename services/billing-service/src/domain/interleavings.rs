//! A hundred thousand random lives of an account: calls and facts in any order, repeated, and killed before they commit.

use super::{Account, Broken, Hold, HoldState, Kind, Ledger, Lot, Mark, Movement, Purse, Reason, Terms};
use domain::{Country, DeliveryId, Pu, Timestamp};
use uuid::Uuid;

const LIVES: u64 = 100_000;
const STEPS: u64 = 24;
const DELIVERIES: usize = 4;
const REQUESTS: usize = 3;

/// A small generator: the seed is the whole story.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Why a call was refused; nothing was changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    Closed,
    NotCovered,
    Differs,
}

/// What is committed. A transaction works on a copy, which takes its place or is dropped.
#[derive(Clone)]
struct Books {
    account: Account,
    purse: Purse,
    closed: bool,
    holds: [Hold; DELIVERIES],
    /// How often each delivery was charged.
    charges: [u32; DELIVERIES],
    /// The amount of each request to top up, once it is booked.
    requests: [Option<Pu>; REQUESTS],
    /// What each side of the journal has come to.
    sides: [i64; 7],
    lots: u128,
    now: i64,
}

fn pu(micro: i64) -> Pu {
    Pu::from_micro(micro).expect("not negative")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn terms(parts: u32) -> Terms {
    Terms::new(Kind::Sms, Country::parse("PL").ok(), parts).expect("terms")
}

fn side(ledger: Ledger) -> usize {
    match ledger {
        Ledger::Funds => 0,
        Ledger::Available => 1,
        Ledger::Held => 2,
        Ledger::Spent => 3,
        Ledger::Shortfall => 4,
        Ledger::Plan => 5,
        Ledger::Lapsed => 6,
    }
}

impl Books {
    fn new() -> Self {
        Self {
            account: Account::default(),
            purse: Purse::default(),
            closed: false,
            holds: std::array::from_fn(|n| Hold::unknown(DeliveryId(Uuid::from_u128(n as u128)))),
            charges: [0; DELIVERIES],
            requests: [None; REQUESTS],
            sides: [0; 7],
            lots: 0,
            now: 0,
        }
    }

    fn book(&mut self, n: Option<usize>, movement: Option<Movement>) -> Result<(), Broken> {
        let Some(movement) = movement else { return Ok(()) };
        let (account, entry) = self.account.book(movement)?;
        self.account = account;
        if let Some(entry) = entry {
            assert!(entry.amount > Pu::ZERO && entry.debit != entry.credit);
            self.sides[side(entry.debit)] -= entry.amount.micro();
            self.sides[side(entry.credit)] += entry.amount.micro();
            if let (Some(n), Reason::Capture | Reason::LateCharge) = (n, entry.reason) {
                self.charges[n] += 1;
            }
        }
        Ok(())
    }

    fn settle(&mut self) {
        self.purse = std::mem::take(&mut self.purse).settle(self.account.available);
    }

    fn pay_in(&mut self, movement: Movement, amount: Pu, expires_at: Option<i64>) {
        self.settle();
        self.book(None, Some(movement)).expect("small amounts");
        self.lots += 1;
        match expires_at {
            Some(second) => self.purse.lots.push(Lot {
                id: Uuid::from_u128(self.lots),
                amount,
                rest: amount,
                paid_at: at(self.now),
                expires_at: at(second),
            }),
            None => self.purse.unexpiring = self.purse.unexpiring.plus(amount).expect("small amounts"),
        }
    }

    fn top_up(&mut self, request: usize, amount: Pu, expires_at: Option<i64>) -> Result<(), Refused> {
        match self.requests[request] {
            Some(booked) if booked == amount => Ok(()),
            Some(_) => Err(Refused::Differs),
            None if self.closed => Err(Refused::Closed),
            None => {
                self.requests[request] = Some(amount);
                self.pay_in(Movement::TopUp(amount), amount, expires_at);
                Ok(())
            }
        }
    }

    fn hold(&mut self, n: usize, parts: u32) -> Result<(), Refused> {
        let (placed, movement) = self.holds[n]
            .place(terms(parts), pu(i64::from(parts) * 10))
            .map_err(|_| Refused::Differs)?;
        if movement.is_some() && self.closed {
            return Err(Refused::Closed);
        }
        self.book(Some(n), movement).map_err(|broken| {
            assert_eq!(broken, Broken::NotCovered);
            Refused::NotCovered
        })?;
        self.holds[n] = placed;
        Ok(())
    }

    fn learn(&mut self, n: usize, mark: Mark) {
        let mut hold = self.holds[n];
        if mark == Mark::Accepted {
            let parts = n as u32 + 1;
            hold = hold.quote(terms(parts), pu(i64::from(parts) * 10));
        }
        let (hold, movement) = hold.fold(mark);
        self.book(Some(n), movement).expect("facts can always be booked");
        self.holds[n] = hold;
    }

    /// What the timer of the lots does.
    fn lapse(&mut self) {
        self.settle();
        let due = self
            .purse
            .lots
            .iter()
            .find(|lot| lot.expires_at <= at(self.now))
            .map(|lot| lot.id);
        let Some(id) = due else { return };
        let (purse, expired) = std::mem::take(&mut self.purse).expire(id);
        self.purse = purse;
        let rest = expired.expect("it was found").rest;
        self.book(None, Some(Movement::Lapse(rest)))
            .expect("a rest is available");
    }

    fn check(&self) {
        assert_eq!(self.sides.iter().sum::<i64>(), 0);
        assert_eq!(self.sides[side(Ledger::Available)], self.account.available.micro());
        assert_eq!(self.sides[side(Ledger::Held)], self.account.held.micro());
        let open = self.holds.iter().filter(|hold| hold.state == HoldState::Held);
        assert_eq!(
            open.map(|hold| hold.amount.micro()).sum::<i64>(),
            self.account.held.micro()
        );
        for (hold, charges) in self.holds.iter().zip(self.charges) {
            assert_eq!(charges, u32::from(hold.state == HoldState::Captured));
        }
        let purse = self.purse.clone().settle(self.account.available);
        let rests: i64 = purse.lots.iter().map(|lot| lot.rest.micro()).sum();
        assert_eq!(rests + purse.unexpiring.micro(), self.account.available.micro());
    }
}

/// One step, as it would be committed.
fn step(dice: &mut Dice, books: &mut Books) {
    let n = dice.roll(DELIVERIES as u64) as usize;
    let parts = n as u32 + 1;
    match dice.roll(20) {
        0..=2 => {
            let request = dice.roll(REQUESTS as u64) as usize;
            let expires_at = [None, Some(books.now + 5)][request % 2];
            let (amount, closed) = (pu(10 + 10 * request as i64), books.closed);
            match books.top_up(request, amount, expires_at) {
                Ok(()) => assert!(books.requests[request] == Some(amount)),
                Err(refused) => assert_eq!((refused, closed), (Refused::Closed, true)),
            }
            // The same request with another amount is refused whatever else is true.
            if books.requests[request].is_some() {
                let other = books.top_up(request, pu(1), None);
                assert_eq!(other, Err(Refused::Differs));
            }
        }
        3 => {
            let amount = pu(15);
            if !books.closed {
                books.pay_in(Movement::Allowance(amount), amount, Some(books.now + 5));
            }
        }
        4..=8 => {
            let (closed, available) = (books.closed, books.account.available);
            match books.hold(n, parts) {
                Ok(()) => assert!(books.holds[n].state != HoldState::Noted),
                Err(Refused::Closed) => assert!(closed),
                Err(Refused::NotCovered) => assert!(available < pu(i64::from(parts) * 10)),
                Err(Refused::Differs) => unreachable!("the same terms each time"),
            }
            if books.holds[n].terms.is_some() {
                assert_eq!(books.hold(n, parts + 1), Err(Refused::Differs));
            }
        }
        9..=10 => books.learn(n, Mark::Attempting),
        11..=13 => books.learn(n, Mark::Accepted),
        14..=15 => books.learn(n, Mark::Failed),
        16 => books.learn(n, Mark::TimeOut),
        17 => books.now += 5,
        18 => books.lapse(),
        _ => books.closed = !books.closed,
    }
}

#[test]
fn a_hundred_thousand_lives_with_kills_leave_the_books_right() {
    let (mut kills, mut charged, mut lapsed, mut short) = (0u64, 0u64, 0u64, 0u64);
    for seed in 0..LIVES {
        let mut dice = Dice(seed);
        let mut books = Books::new();
        let mut last = dice.0;
        for _ in 0..STEPS {
            // What was killed after its commit comes again, as if nobody had seen it.
            let mut again = Dice(last);
            last = dice.0;
            let mut open = books.clone();
            match dice.roll(8) {
                0 => {
                    again.roll(8);
                    step(&mut again, &mut open);
                }
                _ => step(&mut dice, &mut open),
            }
            if dice.roll(4) == 0 {
                // Killed before its commit: as if it had not been.
                kills += 1;
            } else {
                open.check();
                books = open;
            }
        }
        charged += books.charges.iter().map(|charges| u64::from(*charges)).sum::<u64>();
        lapsed += u64::from(books.sides[side(Ledger::Lapsed)] > 0);
        short += u64::from(books.sides[side(Ledger::Shortfall)] < 0);
        // The facts come until they are taken: then what was accepted is charged once, and what failed is not.
        let held = books.account.held;
        for n in 0..DELIVERIES {
            for mark in [Mark::Failed, Mark::Accepted, Mark::Accepted]
                .into_iter()
                .take(1 + n % 3)
            {
                books.learn(n, mark);
            }
            let accepted = n % 3 > 0 || books.charges[n] > 0;
            assert_eq!(
                books.holds[n].state == HoldState::Captured,
                accepted,
                "seed {seed}, held before {held}"
            );
        }
        books.check();
        assert_eq!(
            books.account.held,
            Pu::ZERO,
            "seed {seed}: nothing is held once all is known"
        );
    }
    let enough = LIVES / 100;
    assert!(
        kills > LIVES && charged > LIVES && lapsed > enough && short > enough,
        "the dice play it all"
    );
}

#[test]
fn what_is_not_held_cannot_be_captured() {
    let account = Account {
        available: pu(100),
        held: pu(9),
    };
    for movement in [
        Movement::Capture(pu(10)),
        Movement::Release(pu(10)),
        Movement::Expire(pu(10)),
    ] {
        assert_eq!(account.book(movement), Err(Broken::HeldTooSmall));
    }
    assert_eq!(account.book(Movement::Hold(pu(101))), Err(Broken::NotCovered));
    assert_eq!(account.book(Movement::Lapse(pu(101))), Err(Broken::NotCovered));
}
