use crate::domain::Moment;

/// One slot. Deadlines themselves are exact; a slot only says where to look.
const SLOT_MILLIS: u64 = 100;
/// A turn of 410 s: longer than any deadline of the product, so that an entry is met once.
const SLOTS: usize = 4096;

/// A hashed timing wheel: arming and firing cost the same however many deadlines wait. An entry is never moved: the
/// owner remembers which deadline counts and drops the others when they fire.
#[derive(Debug)]
pub(crate) struct Wheel<K> {
    slots: Vec<Vec<(Moment, K)>>,
    entries: usize,
    /// Every slot before the one of this moment has been emptied.
    cursor: Moment,
    /// No entry is due before; exact unless entries were dropped.
    next: Option<Moment>,
}

fn turn(at: Moment) -> u64 {
    at.millis() / SLOT_MILLIS
}

fn slot(turn: u64) -> usize {
    usize::try_from(turn % SLOTS as u64).expect("a remainder of the slots fits")
}

impl<K> Wheel<K> {
    pub(crate) fn new(now: Moment) -> Self {
        Self {
            slots: std::iter::repeat_with(Vec::new).take(SLOTS).collect(),
            entries: 0,
            cursor: now,
            next: None,
        }
    }

    /// A deadline in the past fires at the next advance.
    pub(crate) fn arm(&mut self, due: Moment, key: K) {
        let place = slot(turn(due.max(self.cursor)));
        self.slots[place].push((due, key));
        self.entries += 1;
        self.next = Some(self.next.map_or(due, |next| next.min(due)));
    }

    /// When to look again, at the latest.
    pub(crate) fn next(&self) -> Option<Moment> {
        self.next
    }

    /// Takes out everything due by now, earliest first.
    pub(crate) fn advance(&mut self, now: Moment) -> Vec<(Moment, K)> {
        if self.next.is_none_or(|next| next > now) {
            return Vec::new();
        }
        let (from, to) = (turn(self.cursor), turn(now.max(self.cursor)));
        let mut due = Vec::new();
        for turn in from..=to.min(from + SLOTS as u64 - 1) {
            let entries = &mut self.slots[slot(turn)];
            due.extend(entries.extract_if(.., |(at, _)| *at <= now));
            if entries.is_empty() {
                *entries = Vec::new();
            }
        }
        self.entries -= due.len();
        self.cursor = now.max(self.cursor);
        self.next = self.earliest();
        due.sort_by_key(|(at, _)| *at);
        due
    }

    fn earliest(&self) -> Option<Moment> {
        if self.entries == 0 {
            return None;
        }
        let from = turn(self.cursor);
        let mut found: Option<Moment> = None;
        for turn_no in from..from + SLOTS as u64 {
            let first = self.slots[slot(turn_no)].iter().map(|(at, _)| *at).min();
            found = [found, first].into_iter().flatten().min();
            if found.is_some_and(|at| turn(at) <= turn_no) {
                break;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    proptest! {
        #[test]
        fn everything_fires_once_in_time_and_the_next_is_never_late(
            deadlines in prop::collection::vec(0u64..1_500_000, 1..60),
            steps in prop::collection::vec(1u64..300_000, 1..40),
        ) {
            let start = Moment::MIN + Duration::from_secs(1_000_000);
            let mut wheel = Wheel::new(start);
            for (key, millis) in deadlines.iter().enumerate() {
                wheel.arm(start + Duration::from_millis(*millis), key);
            }
            let mut waiting: Vec<(u64, usize)> = deadlines.iter().copied().zip(0..).collect();
            let mut elapsed = 0;
            for step in steps {
                let first = waiting.iter().map(|(millis, _)| *millis).min();
                prop_assert_eq!(wheel.next(), first.map(|millis| start + Duration::from_millis(millis)));
                elapsed += step;
                let now = start + Duration::from_millis(elapsed);
                let mut fired: Vec<_> = wheel.advance(now).into_iter().map(|(_, key)| key).collect();
                let mut expected: Vec<_> =
                    waiting.extract_if(.., |(millis, _)| *millis <= elapsed).map(|(_, key)| key).collect();
                fired.sort_unstable();
                expected.sort_unstable();
                prop_assert_eq!(fired, expected);
            }
        }
    }
}
