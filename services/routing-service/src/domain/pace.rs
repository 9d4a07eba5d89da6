/// How fast a queue moves, as the last ones that were served tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Pace {
    /// How long they waited, on average.
    pub(crate) wait_seconds: u32,
    /// How many of them were served lately, and how far apart the first and the last of those are.
    pub(crate) served: u32,
    pub(crate) span_seconds: u32,
}

impl Pace {
    /// Seconds until who has this position is served: from how far apart the last ones were; where fewer than two were served
    /// lately, as long as those before waited. 0: not known.
    pub(crate) fn wait(self, position: u32) -> u32 {
        let Some(gaps) = self.served.checked_sub(1).filter(|gaps| *gaps > 0) else {
            return self.wait_seconds;
        };
        let seconds = (u64::from(position) * u64::from(self.span_seconds)).div_ceil(u64::from(gaps));
        u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn who_is_fifth_waits_five_times_as_long_as_the_next_one() {
        let pace = Pace {
            wait_seconds: 300,
            served: 4,
            span_seconds: 90,
        };
        assert_eq!([1, 2, 5].map(|position| pace.wait(position)), [30, 60, 150]);
        let slow = Pace { served: 1, ..pace };
        assert_eq!((slow.wait(1), slow.wait(9), Pace::default().wait(9)), (300, 300, 0));
    }

    proptest! {
        #[test]
        fn nobody_is_told_less_than_who_comes_before_them(
            wait_seconds: u32, served in 0..20u32, span_seconds in 0..3_600u32, position in 1..10_000u32,
        ) {
            let pace = Pace { wait_seconds, served, span_seconds };
            prop_assert!(pace.wait(position) <= pace.wait(position + 1));
            prop_assert!(served < 2 || pace.wait(position) > 0, "it is known");
        }
    }
}
