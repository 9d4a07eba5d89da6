//! Token buckets: who is too fast. Time is the age of the process, given by the caller.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// How fast something may happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// As many at once.
    pub burst: f64,
    /// So many more a second.
    pub per_second: f64,
}

impl Rate {
    pub const fn new(burst: f64, per_second: f64) -> Self {
        Self { burst, per_second }
    }
}

/// One bucket: full at first.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    left: f64,
    at: Duration,
}

impl Bucket {
    pub fn full(rate: Rate, now: Duration) -> Self {
        Self {
            left: rate.burst,
            at: now,
        }
    }

    /// Takes one; false if there is none.
    pub fn take(&mut self, rate: Rate, now: Duration) -> bool {
        self.refill(rate, now);
        let fits = self.left >= 1.0;
        if fits {
            self.left -= 1.0;
        }
        fits
    }

    fn refill(&mut self, rate: Rate, now: Duration) {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.left = (self.left + passed * rate.per_second).min(rate.burst);
        self.at = self.at.max(now);
    }
}

/// One bucket per key. Holds at most `MOST_KEYS`; full buckets are forgotten first, since they say nothing.
#[derive(Debug)]
pub struct Buckets<K> {
    rate: Rate,
    held: HashMap<K, Bucket>,
}

/// About 10 MB of addresses; an attack from more of them is for the network in front.
const MOST_KEYS: usize = 100_000;

impl<K: Eq + Hash> Buckets<K> {
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            held: HashMap::new(),
        }
    }

    /// Takes one from the key's bucket; false if there is none, or no room for another key.
    pub fn take(&mut self, key: K, now: Duration) -> bool {
        let rate = self.rate;
        if self.held.len() >= MOST_KEYS && !self.held.contains_key(&key) {
            self.held.retain(|_, bucket| {
                bucket.refill(rate, now);
                bucket.left < rate.burst
            });
            if self.held.len() >= MOST_KEYS {
                return false;
            }
        }
        self.held
            .entry(key)
            .or_insert_with(|| Bucket::full(rate, now))
            .take(rate, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let mut buckets = Buckets::new(Rate::new(3.0, 2.0));
        let at = Duration::from_millis;
        assert!((0..3).all(|_| buckets.take("a", at(0))));
        assert!(!buckets.take("a", at(499)));
        assert!(buckets.take("a", at(501)));
        assert!(!buckets.take("a", at(502)));
        assert!(buckets.take("b", at(502)), "another key has its own bucket");
        assert!(buckets.take("a", at(60_000)));
    }

    #[test]
    fn a_flood_of_keys_does_not_grow_without_end() {
        let mut buckets = Buckets::new(Rate::new(1.0, 1.0));
        for key in 0..MOST_KEYS {
            assert!(buckets.take(key, Duration::ZERO));
        }
        assert!(
            !buckets.take(MOST_KEYS, Duration::ZERO),
            "no room, and nobody has recovered"
        );
        assert!(
            buckets.take(MOST_KEYS, Duration::from_secs(2)),
            "the recovered were forgotten"
        );
        assert_eq!(buckets.held.len(), 1);
    }
}
