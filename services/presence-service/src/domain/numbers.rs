use std::collections::BTreeSet;

/// Numbers kept beyond a gap; more mean that a snapshot is on its way and repairs it all.
const AHEAD: usize = 1024;

/// Which numbers of one (gateway, shard) have been heard.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers {
    /// Everything up to here is known.
    settled: u64,
    ahead: BTreeSet<u64>,
}

impl Numbers {
    /// False if it was heard before.
    pub(crate) fn note(&mut self, number: u64) -> bool {
        if number <= self.settled || self.ahead.contains(&number) {
            return false;
        }
        if self.ahead.len() < AHEAD || number == self.settled + 1 {
            self.ahead.insert(number);
        }
        self.advance();
        true
    }

    /// A snapshot tells everything up to `number`.
    pub(crate) fn restate(&mut self, number: u64) {
        self.settled = self.settled.max(number);
        self.ahead = self.ahead.split_off(&(self.settled + 1));
        self.advance();
    }

    /// True if something up to `last` was missed.
    pub(crate) fn misses(&self, last: u64) -> bool {
        last > self.settled || !self.ahead.is_empty()
    }

    pub(crate) fn has_gap(&self) -> bool {
        !self.ahead.is_empty()
    }

    fn advance(&mut self) {
        while self.ahead.remove(&(self.settled + 1)) {
            self.settled += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_closes_when_it_is_filled_or_restated() {
        let mut numbers = Numbers::default();
        assert!(numbers.note(1) && !numbers.note(1));
        assert!(numbers.note(3) && numbers.has_gap() && !numbers.note(3));
        assert!(numbers.note(2) && !numbers.has_gap() && !numbers.misses(3));
        assert!(numbers.note(6) && numbers.misses(3));
        numbers.restate(5);
        assert!(!numbers.has_gap() && !numbers.misses(6) && numbers.misses(7));
    }
}
