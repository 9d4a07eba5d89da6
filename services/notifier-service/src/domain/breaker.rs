//! When to leave a provider alone: it is called less while most calls to it fail.

use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Calls that ended longer ago say nothing about now.
const WINDOW: SignedDuration = SignedDuration::from_secs(60);
/// Fewer calls say too little.
const AT_LEAST: usize = 10;
/// Of a hundred.
const FAILING: usize = 50;
/// The first pause, and the longest: it doubles each time that the provider still fails after it.
const PAUSE: SignedDuration = SignedDuration::from_secs(15);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// A probe that nobody told the end of is over after this.
const PROBE: SignedDuration = SignedDuration::from_secs(15);

/// Whether a provider is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    Closed,
    /// Not before then.
    Open {
        until: Timestamp,
        pause: SignedDuration,
    },
    /// One call is under way, to see whether it works again.
    HalfOpen {
        since: Timestamp,
        pause: SignedDuration,
    },
}

impl State {
    /// The word as shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen { .. } => "half_open",
        }
    }

    /// For a gauge: 0 closed, 1 half open, 2 open.
    pub fn level(self) -> u64 {
        match self {
            Self::Closed => 0,
            Self::HalfOpen { .. } => 1,
            Self::Open { .. } => 2,
        }
    }
}

/// A provider's breaker. It knows what this process saw.
#[derive(Debug, Clone)]
pub struct Breaker {
    state: State,
    /// When calls ended, and whether the provider worked.
    calls: VecDeque<(Timestamp, bool)>,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            state: State::Closed,
            calls: VecDeque::new(),
        }
    }
}

impl Breaker {
    /// `None`: it may be called now. Otherwise not before then.
    pub fn not_before(&self, now: Timestamp) -> Option<Timestamp> {
        let free_at = match self.state {
            State::Closed => return None,
            State::Open { until, .. } => until,
            State::HalfOpen { since, .. } => later(since, PROBE),
        };
        (free_at > now).then_some(free_at)
    }

    /// A call begins. `Some`: the new state.
    pub fn begin(&mut self, now: Timestamp) -> Option<State> {
        let pause = match self.state {
            State::Open { until, pause } if until <= now => pause,
            State::HalfOpen { since, pause } if later(since, PROBE) <= now => pause,
            _ => return None,
        };
        self.enter(State::HalfOpen { since: now, pause })
    }

    /// A call ended. `worked`: the provider took the text, or said why not. `Some`: the new state.
    pub fn end(&mut self, now: Timestamp, worked: bool) -> Option<State> {
        match (self.state, worked) {
            (State::Closed, _) => {
                self.calls.push_back((now, worked));
                self.calls.retain(|(at, _)| now.duration_since(*at) <= WINDOW);
                let failed = self.calls.iter().filter(|(_, worked)| !worked).count();
                let failing = self.calls.len() >= AT_LEAST && failed * 100 >= self.calls.len() * FAILING;
                failing.then(|| self.open(now, PAUSE)).flatten()
            }
            (State::HalfOpen { .. }, true) => self.enter(State::Closed),
            (State::HalfOpen { pause, .. }, false) => self.open(now, (pause * 2).min(LONGEST_PAUSE)),
            // A call that began before it opened.
            (State::Open { .. }, _) => None,
        }
    }

    fn open(&mut self, now: Timestamp, pause: SignedDuration) -> Option<State> {
        let until = later(now, pause);
        self.enter(State::Open { until, pause })
    }

    fn enter(&mut self, state: State) -> Option<State> {
        self.calls.clear();
        self.state = state;
        Some(state)
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        for second in 0..10 {
            breaker.end(at(second), false);
        }
        breaker
    }

    #[test]
    fn it_opens_when_half_of_enough_calls_fail() {
        let mut breaker = Breaker::default();
        for second in 0..9 {
            assert_eq!(breaker.end(at(second), second % 2 == 0), None, "too few to tell");
        }
        let open = State::Open {
            until: at(24),
            pause: PAUSE,
        };
        assert_eq!(breaker.end(at(9), false), Some(open));
        assert_eq!(breaker.not_before(at(23)), Some(at(24)));
        assert_eq!(breaker.not_before(at(24)), None);
    }

    #[test]
    fn what_is_older_than_the_window_does_not_count() {
        let mut breaker = Breaker::default();
        for second in 0..9 {
            breaker.end(at(second), false);
        }
        assert_eq!(breaker.end(at(100), false), None);
        for second in 101..120 {
            assert_eq!(breaker.end(at(second), true), None);
        }
    }

    #[test]
    fn one_call_tries_and_closes_it_or_doubles_the_pause() {
        let mut breaker = opened();
        assert_eq!(breaker.end(at(10), true), None, "a call that began before");
        assert!(matches!(breaker.begin(at(24)), Some(State::HalfOpen { .. })));
        assert_eq!(breaker.not_before(at(25)), Some(at(39)), "nobody else meanwhile");
        let open = State::Open {
            until: at(55),
            pause: PAUSE * 2,
        };
        assert_eq!(breaker.end(at(25), false), Some(open));
        breaker.begin(at(55));
        assert_eq!(breaker.end(at(56), true), Some(State::Closed));
        assert_eq!(breaker.not_before(at(56)), None);
        assert_eq!(breaker.end(at(57), false), None, "it begins anew");
    }

    #[test]
    fn a_probe_that_nobody_told_the_end_of_is_given_up() {
        let mut breaker = opened();
        breaker.begin(at(24));
        assert_eq!(breaker.not_before(at(39)), None);
        assert!(matches!(breaker.begin(at(39)), Some(State::HalfOpen { .. })));
    }

    proptest! {
        #[test]
        fn it_is_never_closed_to_calls_for_longer_than_the_longest_pause(
            calls in prop::collection::vec((0i64..120, any::<bool>(), any::<bool>()), 0..200),
        ) {
            let (mut breaker, mut now) = (Breaker::default(), 0);
            for (passed, begins, worked) in calls {
                now += passed;
                if begins && breaker.not_before(at(now)).is_none() {
                    breaker.begin(at(now));
                }
                breaker.end(at(now), worked);
                if let Some(until) = breaker.not_before(at(now)) {
                    prop_assert!(until.duration_since(at(now)) <= LONGEST_PAUSE);
                }
            }
        }
    }
}
