//! One tab: what its edges make of it, and the signal that tells of it. A signal is the tab's whole state with ages
//! instead of clock times, so it means the same whenever it arrives.

use domain::{Timestamp, VisitorId, WorkspaceId};
use events::event::{TabEnd, TabSignal};
use jiff::SignedDuration;
use std::time::Duration;
use uuid::Uuid;

/// An age beyond this says nothing more.
const OLDEST: Duration = Duration::from_secs(24 * 3600);
/// Two reports of the last input closer than this are the same input.
const SAME_INPUT: SignedDuration = SignedDuration::from_secs(1);

/// A live tab (one socket).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    pub id: Uuid,
    pub workspace: WorkspaceId,
    pub visitor: VisitorId,
    /// When the newest input happened.
    input_at: Timestamp,
    /// False: input goes on now.
    quiet: bool,
    /// Since when it has been hidden; `None` while it is visible.
    hidden_since: Option<Timestamp>,
    /// The panel with the messages is open. Of no matter for presence: who is on the page can open it.
    panel_open: bool,
}

/// What a tab reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TabReport {
    pub visible: bool,
    /// Milliseconds since the last input.
    pub idle_ms: u64,
    /// False: input goes on now.
    pub quiet: bool,
    pub panel_open: bool,
}

impl Tab {
    /// A tab opens visible, its panel open; opening it is input. A page that never reports anything goes idle from here.
    pub fn open(id: Uuid, workspace: WorkspaceId, visitor: VisitorId, now: Timestamp) -> Self {
        Self {
            id,
            workspace,
            visitor,
            input_at: now,
            quiet: true,
            hidden_since: None,
            panel_open: true,
        }
    }

    pub fn is_visible(&self) -> bool {
        self.hidden_since.is_none()
    }

    /// Whether messages are before the customer's eyes: the tab is visible and the panel open.
    pub fn shows_messages(&self) -> bool {
        self.is_visible() && self.panel_open
    }

    /// Applies a report; true if it says something new for presence.
    pub fn report(&mut self, report: TabReport, now: Timestamp) -> bool {
        let idle = Duration::from_millis(if report.quiet { report.idle_ms } else { 0 }).min(OLDEST);
        // Only newer input counts: an old age may be a clock that stood still.
        let input_at = now.saturating_sub(idle).unwrap_or(now).max(self.input_at);
        let newer = report.quiet && input_at.duration_since(self.input_at) >= SAME_INPUT;
        let changed = newer || report.quiet != self.quiet || report.visible != self.is_visible();
        self.input_at = input_at;
        self.quiet = report.quiet;
        self.panel_open = report.panel_open;
        self.hidden_since = if report.visible {
            None
        } else {
            self.hidden_since.or(Some(now))
        };
        changed
    }

    /// Something was typed and sent: input, whatever the page reports. True if it says something new.
    pub fn typed(&mut self, now: Timestamp) -> bool {
        let changed = self.quiet && now.duration_since(self.input_at) >= SAME_INPUT;
        self.input_at = self.input_at.max(now);
        changed
    }

    /// The whole state as of `now`.
    pub fn signal(&self, gateway: Uuid, number: u64, end: TabEnd, now: Timestamp) -> TabSignal {
        TabSignal {
            gateway: gateway.to_string(),
            number,
            workspace: self.workspace.to_string(),
            visitor: self.visitor.to_string(),
            tab: self.id.to_string(),
            idle_ms: if self.quiet { age_ms(self.input_at, now) } else { 0 },
            quiet: self.quiet,
            hidden_ms: self.hidden_since.map(|since| age_ms(since, now)),
            end: end.into(),
        }
    }
}

fn age_ms(since: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.duration_since(since).as_millis()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn at(seconds: i64) -> Timestamp {
        START + SignedDuration::from_secs(seconds)
    }

    fn tab() -> Tab {
        Tab::open(
            Uuid::nil(),
            WorkspaceId::parse("acme").expect("a slug"),
            VisitorId(Uuid::nil()),
            START,
        )
    }

    fn quiet(idle_ms: u64) -> TabReport {
        TabReport {
            visible: true,
            idle_ms,
            quiet: true,
            panel_open: true,
        }
    }

    const ACTIVE: TabReport = TabReport {
        visible: true,
        idle_ms: 0,
        quiet: false,
        panel_open: true,
    };

    fn ages(tab: &Tab, now: Timestamp) -> (u64, bool, Option<u64>) {
        let signal = tab.signal(Uuid::nil(), 1, TabEnd::Unspecified, now);
        (signal.idle_ms, signal.quiet, signal.hidden_ms)
    }

    #[test]
    fn a_page_that_reports_nothing_goes_idle_from_opening() {
        assert_eq!(ages(&tab(), at(60)), (60_000, true, None));
    }

    #[test]
    fn the_input_clock_stands_while_input_goes_on() {
        let mut tab = tab();
        assert!(tab.report(ACTIVE, at(10)));
        assert_eq!(ages(&tab, at(300)), (0, false, None));
        assert!(!tab.report(ACTIVE, at(20)), "nothing new");
        assert!(tab.report(quiet(5_000), at(300)));
        assert_eq!(ages(&tab, at(310)), (15_000, true, None));
    }

    #[test]
    fn the_hidden_clock_starts_once() {
        let mut tab = tab();
        let hidden = TabReport {
            visible: false,
            ..quiet(1_000)
        };
        assert!(tab.report(hidden, at(1)));
        assert!(
            !tab.report(
                TabReport {
                    idle_ms: 9_000,
                    ..hidden
                },
                at(9)
            ),
            "nothing new"
        );
        assert_eq!(ages(&tab, at(11)).2, Some(10_000));
        assert!(!tab.is_visible());
        assert!(tab.report(quiet(11_000), at(12)));
        assert_eq!(ages(&tab, at(13)).2, None);
    }

    #[test]
    fn messages_are_seen_in_an_open_panel_of_a_visible_tab() {
        let mut tab = tab();
        assert!(tab.shows_messages(), "until something else is told");
        for (visible, panel_open) in [(true, false), (false, true), (false, false), (true, true)] {
            let report = TabReport {
                visible,
                panel_open,
                ..quiet(0)
            };
            tab.report(report, at(1));
            assert_eq!(tab.shows_messages(), visible && panel_open, "{report:?}");
        }
    }

    #[test]
    fn the_panel_is_nothing_to_presence() {
        let mut tab = tab();
        let closed = TabReport {
            panel_open: false,
            ..quiet(0)
        };
        assert!(!tab.report(closed, START));
        assert_eq!(ages(&tab, at(1)), (1_000, true, None));
    }

    #[test]
    fn input_never_becomes_older() {
        let mut tab = tab();
        tab.report(quiet(0), at(100));
        assert!(!tab.report(quiet(u64::MAX), at(101)));
        assert_eq!(ages(&tab, at(101)).0, 1_000);
    }

    #[test]
    fn a_sent_message_is_input() {
        let mut tab = tab();
        assert!(tab.typed(at(50)));
        assert!(!tab.typed(at(50)));
        assert_eq!(ages(&tab, at(60)).0, 10_000);
    }
}
