//! The rules: what a visitor's tabs mean at a moment. A function of what is known now, whatever was decided before, so
//! that the order in which things became known does not matter.

use crate::domain::gateway::Gateways;
use crate::domain::tab::{Life, Tab};
use crate::domain::visitor::Visitor;
use crate::domain::{Limits, Moment};
use ::domain::{PresenceCause as Cause, PresenceState as State};

/// What else counts.
pub(crate) struct World<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) gateways: &'a Gateways,
    /// When the new owner stopped waiting for the gateways of the rows it found; `None`: it still waits.
    pub(crate) recovered_at: Option<Moment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) state: State,
    pub(crate) cause: Cause,
    /// Since when, where the rules say it; `None`: since this was noticed.
    pub(crate) since: Option<Moment>,
    /// When time alone may change it.
    pub(crate) due: Option<Moment>,
    /// Nothing but a new tab can change it, since this moment, when the last tab went.
    pub(crate) settled: Option<Moment>,
}

/// How a tab went. On a tie the one that says less about the visitor counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gone {
    Closed,
    Lost,
    Gateway,
}

impl Verdict {
    fn lasting(state: State, cause: Cause, since: Option<Moment>, due: Option<Moment>) -> Self {
        Self {
            state,
            cause,
            since,
            due,
            settled: None,
        }
    }

    fn settled(cause: Cause, since: Moment, gone_at: Moment) -> Self {
        Self {
            state: State::Offline,
            cause,
            since: Some(since),
            due: None,
            settled: Some(gone_at),
        }
    }
}

/// `None`: the last transition stands until the gateways have been asked.
pub(crate) fn judge(visitor: &Visitor, world: &World<'_>, now: Moment) -> Option<Verdict> {
    let tabs = visitor.tabs.as_slice();
    let gone = |tab: &Tab| match tab.life {
        Life::Closed(at) => Some((at, Gone::Closed)),
        Life::Lost(at) => Some((at, Gone::Lost)),
        Life::Live => world.gateways.lost_at(tab.gateway).map(|at| (at, Gone::Gateway)),
    };
    if tabs.iter().any(|tab| gone(tab).is_none()) {
        let live = tabs.iter().filter(|tab| gone(tab).is_none());
        return Some(judge_live(live, visitor.input_at, world.limits, now));
    }
    let mut ends: Vec<(Moment, Gone)> = tabs.iter().filter_map(gone).collect();
    if visitor.restored {
        match world.recovered_at {
            None => return None,
            Some(at) if tabs.is_empty() => ends.push((at, Gone::Gateway)),
            Some(_) => {}
        }
    }
    let last = ends.iter().copied().max()?;
    let at_the_end = tabs.iter().filter(|tab| gone(tab).is_some_and(|(at, _)| at == last.0));
    if let Some((cause, since)) = absence(at_the_end, visitor.input_at, world.limits, last.0) {
        return Some(judge_absent(cause, since, last, world.limits, now));
    }
    Some(judge_gone(&ends, last, visitor.opened_at, world, now))
}

/// Some tab is open: only the input clock and the hidden clock count.
fn judge_live<'a>(
    live: impl Iterator<Item = &'a Tab> + Clone,
    input_at: Option<Moment>,
    limits: &Limits,
    now: Moment,
) -> Verdict {
    if let Some((cause, since)) = absence(live.clone(), input_at, limits, now) {
        return Verdict::lasting(State::Offline, cause, Some(since), None);
    }
    let (idle, hidden) = deadlines(live, input_at, limits);
    Verdict::lasting(
        State::Online,
        Cause::Returned,
        None,
        [idle, hidden].into_iter().flatten().min(),
    )
}

/// The visitor was idle or hidden before the last tab went: a lost connection adds nothing, an explicit close does.
fn judge_absent(cause: Cause, since: Moment, last: (Moment, Gone), limits: &Limits, now: Moment) -> Verdict {
    let left = last.0 + limits.grace;
    match last.1 {
        Gone::Closed if left <= now => Verdict::settled(Cause::Left, left, last.0),
        Gone::Closed => Verdict::lasting(State::Offline, cause, Some(since), Some(left)),
        Gone::Lost | Gone::Gateway => Verdict::settled(cause, since, last.0),
    }
}

/// The visitor was there when the last tab went.
fn judge_gone(
    ends: &[(Moment, Gone)],
    last: (Moment, Gone),
    opened_at: Option<Moment>,
    world: &World<'_>,
    now: Moment,
) -> Verdict {
    let limits = world.limits;
    // A tab that opened later is the lost one, come back.
    let newest = |kind: Gone| {
        let ends = ends.iter().filter(|(at, gone)| *gone == kind && Some(*at) >= opened_at);
        ends.map(|(at, _)| *at).max()
    };
    let mut until = last.0;
    if let Some(lost) = newest(Gone::Gateway) {
        let due = world
            .gateways
            .accepting_since()
            .map(|since| since.max(lost) + limits.gateway_lost);
        match due {
            Some(due) if due <= now => until = until.max(due),
            due => return Verdict::lasting(State::Unknown, Cause::GatewayLost, Some(lost), due),
        }
    }
    if let Some(lost) = newest(Gone::Lost) {
        let due = lost + limits.connection_lost;
        if due > now {
            return Verdict::lasting(State::Unknown, Cause::ConnectionLost, Some(lost), Some(due));
        }
        until = until.max(due);
    }
    let cause = match last.1 {
        Gone::Closed => {
            let due = last.0 + limits.grace;
            if due > now {
                return Verdict::lasting(State::Online, Cause::Returned, None, Some(due));
            }
            until = until.max(due);
            Cause::Left
        }
        Gone::Lost => Cause::ConnectionLost,
        Gone::Gateway => Cause::GatewayLost,
    };
    Verdict::settled(cause, until, last.0)
}

/// Idle or hidden at that moment, and since when. The earlier deadline gives the cause; on a tie, hidden says more.
fn absence<'a>(
    tabs: impl Iterator<Item = &'a Tab> + Clone,
    input_at: Option<Moment>,
    limits: &Limits,
    at: Moment,
) -> Option<(Cause, Moment)> {
    let (idle, hidden) = deadlines(tabs, input_at, limits);
    let idle = idle.filter(|due| *due <= at).map(|due| (due, 1, Cause::Idle));
    let hidden = hidden.filter(|due| *due <= at).map(|due| (due, 0, Cause::Hidden));
    let first = [hidden, idle]
        .into_iter()
        .flatten()
        .min_by_key(|(due, rank, _)| (*due, *rank));
    first.map(|(due, _, cause)| (cause, due))
}

/// When the input clock and the hidden clock of these tabs run out; `None`: the clock stands.
fn deadlines<'a>(
    tabs: impl Iterator<Item = &'a Tab> + Clone,
    input_at: Option<Moment>,
    limits: &Limits,
) -> (Option<Moment>, Option<Moment>) {
    let input_goes_on = tabs.clone().any(|tab| tab.active);
    let idle = input_at.filter(|_| !input_goes_on).map(|at| at + limits.input);
    let visible = tabs.clone().any(|tab| tab.hidden_at.is_none());
    let hidden = tabs.filter_map(|tab| tab.hidden_at).max().filter(|_| !visible);
    (idle, hidden.map(|at| at + limits.hidden))
}
