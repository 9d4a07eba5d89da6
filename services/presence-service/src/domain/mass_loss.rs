use crate::domain::{Limits, Moment};
use std::collections::VecDeque;

/// Losses of one instant are one entry; beyond this many the oldest two are merged into the later one.
const ENTRIES: usize = 4096;

/// Notices when many sockets go without a close at once: that is an outage, not their absence.
#[derive(Debug, Default)]
pub(crate) struct MassLoss {
    losses: VecDeque<(Moment, u32)>,
    in_window: u64,
    until: Option<Moment>,
}

impl MassLoss {
    /// `lost` sockets went at once; `left` are still open.
    pub(crate) fn note(&mut self, lost: u32, left: u64, now: Moment, limits: &Limits) {
        if lost == 0 {
            return;
        }
        self.forget(now, limits);
        match self.losses.back_mut() {
            Some((at, count)) if *at >= now => *count += lost,
            _ => self.losses.push_back((now, lost)),
        }
        self.in_window += u64::from(lost);
        if self.losses.len() > ENTRIES {
            let (_, oldest) = self.losses.pop_front().expect("more than one entry");
            if let Some((_, count)) = self.losses.front_mut() {
                *count += oldest;
            }
        }
        let sockets = left + self.in_window;
        let share = self.in_window * 100 >= sockets * u64::from(limits.mass_percent);
        if share && self.in_window >= u64::from(limits.mass_sockets) {
            self.until = Some(now + limits.mass_hold);
        }
    }

    pub(crate) fn is_on(&self, now: Moment) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    fn forget(&mut self, now: Moment, limits: &Limits) {
        while let Some((at, count)) = self.losses.front().copied() {
            if at + limits.mass_window > now {
                break;
            }
            self.in_window -= u64::from(count);
            self.losses.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(seconds: u64) -> Moment {
        Moment::MIN + Duration::from_secs(seconds)
    }

    #[test]
    fn many_and_a_third_at_once_are_a_mass_loss_until_two_minutes_after() {
        let limits = Limits::default();
        let mut mass = MassLoss::default();
        mass.note(99, 100, at(1), &limits);
        assert!(!mass.is_on(at(1)), "fewer than 100");
        mass.note(1, 99, at(30), &limits);
        assert!(mass.is_on(at(30)) && mass.is_on(at(149)) && !mass.is_on(at(150)));
    }

    #[test]
    fn losses_spread_over_time_or_few_among_many_are_ordinary() {
        let limits = Limits::default();
        let mut mass = MassLoss::default();
        for second in 0..600 {
            mass.note(1, 20, at(second), &limits);
            assert!(!mass.is_on(at(second)), "60 a minute");
        }
        mass.note(500, 10_000, at(1000), &limits);
        assert!(!mass.is_on(at(1000)), "5 of 100");
    }
}
