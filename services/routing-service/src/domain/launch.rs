//! When a visitor is asked, or an agent told of them: rules over where the visitor is and what they were asked before.

use super::channel_routing::{ChannelRouting, Mode};
use ::domain::{Invalid, Timestamp};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Characters of a pattern at most, and wildcards in it: matching takes time with both.
const PATTERN_CHARS: usize = 200;
const WILDCARDS: usize = 10;

/// When a visitor is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LaunchRule {
    pub(crate) name: String,
    /// 1 counts first.
    pub(crate) priority: u32,
    pub(crate) page_seconds: u32,
    pub(crate) site_seconds: u32,
    /// Empty: every page.
    pub(crate) page: String,
    /// Empty: any.
    pub(crate) referrer: String,
    /// 0: no such limit.
    pub(crate) visits_from: u32,
    pub(crate) visits_to: u32,
    pub(crate) once_in_days: u32,
    pub(crate) per_day: u32,
    pub(crate) greeting: String,
}

impl Default for LaunchRule {
    fn default() -> Self {
        Self {
            name: String::new(),
            priority: 5,
            page_seconds: 0,
            site_seconds: 0,
            page: String::new(),
            referrer: String::new(),
            visits_from: 0,
            visits_to: 0,
            once_in_days: 1,
            per_day: 0,
            greeting: String::new(),
        }
    }
}

impl LaunchRule {
    /// Whether `other` asks the same visitors at the same moment.
    pub(crate) fn has_the_conditions_of(&self, other: &Self) -> bool {
        let all = |pattern: &str| {
            if pattern == "*" {
                String::new()
            } else {
                pattern.to_owned()
            }
        };
        let conditions = |rule: &Self| Self {
            page: all(&rule.page),
            referrer: all(&rule.referrer),
            name: String::new(),
            greeting: String::new(),
            priority: 0,
            once_in_days: 0,
            per_day: 0,
            ..rule.clone()
        };
        conditions(self) == conditions(other)
    }

    /// Whether this rule, which comes first of the two, asks wherever `later` would, without limits of its own.
    pub(crate) fn always_counts_before(&self, later: &Self) -> bool {
        let is_wider = |own: &str, other: &str| Pattern(own).covers(Pattern(other));
        self.once_in_days == 0
            && self.per_day == 0
            && self.page_seconds <= later.page_seconds
            && self.site_seconds <= later.site_seconds
            && is_wider(&self.page, &later.page)
            && is_wider(&self.referrer, &later.referrer)
            && self.visits_from <= later.visits_from
            && (self.visits_to == 0 || (later.visits_to != 0 && later.visits_to <= self.visits_to))
    }

    /// Does it fit this visit, but for how long it lasts?
    fn fits(&self, visit: &Visit<'_>) -> bool {
        Pattern(&self.page).matches(visit.path)
            && Pattern(&self.referrer).matches(visit.referrer)
            && (self.visits_from == 0 || visit.visits >= self.visits_from)
            && (self.visits_to == 0 || (1..=self.visits_to).contains(&visit.visits))
    }

    /// How much longer the visit has to last.
    fn wait(&self, visit: &Visit<'_>) -> Duration {
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        let on_page = seconds(self.page_seconds).saturating_sub(visit.on_page);
        on_page.max(seconds(self.site_seconds).saturating_sub(visit.on_site))
    }
}

/// A text with '*' for anything; empty: every text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pattern<'a>(&'a str);

impl<'a> Pattern<'a> {
    /// Of a page's path.
    pub(crate) fn path(text: &'a str) -> Result<Self, Invalid> {
        let is_path = text.is_empty() || text.starts_with(['/', '*']);
        if !is_path || text.contains(['?', '#']) {
            return Err(Invalid::new(
                "page",
                "needs a path that begins with '/' or '*', without '?' and '#'",
            ));
        }
        Self::url(text)
    }

    /// Of a whole URL.
    pub(crate) fn url(text: &'a str) -> Result<Self, Invalid> {
        if text.len() > PATTERN_CHARS || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Invalid::new(
                "pattern",
                "needs at most 200 printable ASCII characters, without spaces",
            ));
        }
        if text.bytes().filter(|byte| *byte == b'*').count() > WILDCARDS {
            return Err(Invalid::new("pattern", "has more than 10 '*'"));
        }
        Ok(Self(text))
    }

    /// Whether it matches all that `other` does: then it matches it letter by letter, where only a '*' stands for a '*'.
    fn covers(self, other: Self) -> bool {
        self.matches(if other.0.is_empty() { "*" } else { other.0 })
    }

    fn matches(self, text: &str) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else {
            return false;
        };
        let Some(last) = parts.next_back() else {
            return rest.is_empty();
        };
        for part in parts {
            match rest.split_once(part) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

/// Where a visitor is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit<'a> {
    /// Path of the page, without query.
    pub(crate) path: &'a str,
    pub(crate) referrer: &'a str,
    /// This time included; 0: not known.
    pub(crate) visits: u32,
    pub(crate) on_page: Duration,
    pub(crate) on_site: Duration,
}

/// What the visitor was asked before, and how often rules asked anybody today.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// When they last said no.
    pub(crate) declined_at: Option<Timestamp>,
    /// Invitations they got in this UTC day.
    pub(crate) today: u32,
    /// By which rules, and when last.
    pub(crate) by_rule: Vec<(String, Timestamp)>,
    /// How often rules asked anybody in this UTC day.
    pub(crate) of_rule_today: Vec<(String, u32)>,
}

/// What to do about a visitor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Launch<'a> {
    Now(&'a LaunchRule),
    /// On this page, after so long.
    After(Duration),
    /// Not on this page.
    Never,
}

impl ChannelRouting {
    /// Which rule asks this visitor now. One that has to wait does not keep the others waiting.
    pub(crate) fn launch(&self, visit: &Visit<'_>, asked: &Asked, now: Timestamp) -> Launch<'_> {
        let is_recent =
            |at: Timestamp, days: u32| now.duration_since(at) < SignedDuration::from_hours(24 * i64::from(days));
        let said_no = asked.declined_at.is_some_and(|at| is_recent(at, self.declined_days));
        if self.mode == Mode::Off || said_no || asked.today >= self.per_visitor_day {
            return Launch::Never;
        }
        let is_due = |rule: &&LaunchRule| {
            let was_asked = asked
                .by_rule
                .iter()
                .any(|(name, at)| *name == rule.name && is_recent(*at, rule.once_in_days));
            let is_used_up = rule.per_day != 0
                && asked
                    .of_rule_today
                    .iter()
                    .any(|(name, count)| *name == rule.name && *count >= rule.per_day);
            !was_asked && !is_used_up && rule.fits(visit)
        };
        let due: Vec<&LaunchRule> = self.rules.iter().filter(is_due).collect();
        let ready = due.iter().filter(|rule| rule.wait(visit).is_zero());
        match ready.min_by_key(|rule| rule.priority) {
            Some(rule) => Launch::Now(rule),
            None => due
                .iter()
                .map(|rule| rule.wait(visit))
                .min()
                .map_or(Launch::Never, Launch::After),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn visit(path: &str, seconds: u64) -> Visit<'_> {
        Visit {
            path,
            referrer: "https://search.example/?q=shoes",
            visits: 2,
            on_page: Duration::from_secs(seconds),
            on_site: Duration::from_secs(seconds + 60),
        }
    }

    fn rule(name: &str, page: &str, seconds: u32) -> LaunchRule {
        LaunchRule {
            name: name.into(),
            page: page.into(),
            page_seconds: seconds,
            ..LaunchRule::default()
        }
    }

    fn routing(rules: Vec<LaunchRule>) -> ChannelRouting {
        ChannelRouting {
            mode: Mode::WithInvitation,
            rules,
            ..ChannelRouting::default()
        }
    }

    fn name(launch: &Launch<'_>) -> Option<String> {
        match launch {
            Launch::Now(rule) => Some(rule.name.clone()),
            _ => None,
        }
    }

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, fits) in [
            ("", "/x", true),
            ("/pricing", "/pricing", true),
            ("/pricing", "/pricing/a", false),
            ("/pricing*", "/pricing/a", true),
            ("*", "", true),
            ("*/cart", "/pl/cart", true),
            ("*/cart", "/pl/cart/2", false),
            ("/a*b*c", "/a-b-b-c", true),
            ("/a*b*c", "/ac", false),
            ("/ab*ba", "/aba", false),
            ("/a**c", "/ac", true),
        ] {
            assert_eq!(Pattern(pattern).matches(text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_rule_that_waits_does_not_keep_another_waiting() {
        let first = LaunchRule {
            priority: 1,
            ..rule("slow", "", 30)
        };
        let both = routing(vec![first, rule("pricing", "/pricing*", 10)]);
        let launch = |path, seconds| both.launch(&visit(path, seconds), &Asked::default(), at(0));
        assert_eq!(launch("/pricing", 4), Launch::After(Duration::from_secs(6)));
        assert_eq!(name(&launch("/pricing", 10)).as_deref(), Some("pricing"));
        assert_eq!(name(&launch("/pricing", 30)).as_deref(), Some("slow"));
        assert_eq!(launch("/", 4), Launch::After(Duration::from_secs(26)));
    }

    #[test]
    fn conditions_and_limits_each_hold_back() {
        let limited = LaunchRule {
            once_in_days: 7,
            per_day: 5,
            visits_from: 2,
            visits_to: 3,
            referrer: "https://search.*".into(),
            ..rule("a", "", 0)
        };
        let one = routing(vec![limited]);
        let launch = |visit: Visit<'_>, asked: Asked| name(&one.launch(&visit, &asked, at(90 * 86_400))).is_some();
        let here = visit("/", 0);
        assert!(launch(here, Asked::default()));
        assert!(!launch(Visit { visits: 1, ..here }, Asked::default()));
        assert!(!launch(Visit { visits: 4, ..here }, Asked::default()));
        assert!(!launch(Visit { referrer: "", ..here }, Asked::default()));
        let day = |day: i64| at(day * 86_400);
        assert!(!launch(
            here,
            Asked {
                declined_at: Some(day(61)),
                ..Asked::default()
            }
        ));
        assert!(launch(
            here,
            Asked {
                declined_at: Some(day(60)),
                ..Asked::default()
            }
        ));
        assert!(!launch(
            here,
            Asked {
                today: 1,
                ..Asked::default()
            }
        ));
        assert!(!launch(
            here,
            Asked {
                by_rule: vec![("a".into(), day(84))],
                ..Asked::default()
            }
        ));
        assert!(launch(
            here,
            Asked {
                by_rule: vec![("a".into(), day(83)), ("b".into(), day(90))],
                ..Asked::default()
            }
        ));
        assert!(!launch(
            here,
            Asked {
                of_rule_today: vec![("a".into(), 5)],
                ..Asked::default()
            }
        ));
        let off = ChannelRouting {
            mode: Mode::Off,
            ..one.clone()
        };
        assert_eq!(off.launch(&here, &Asked::default(), at(0)), Launch::Never);
    }

    fn any_rule() -> impl Strategy<Value = LaunchRule> {
        let page = prop::sample::select(vec!["", "/a", "/a*", "/b"]);
        (
            1..4_u32,
            0..4_u32,
            0..4_u32,
            page,
            0..3_u32,
            0..3_u32,
            0..3_u32,
            0..3_u32,
        )
            .prop_map(
                |(priority, page_seconds, site_seconds, page, visits_from, visits_to, once_in_days, per_day)| {
                    LaunchRule {
                        priority,
                        page_seconds,
                        site_seconds,
                        page: page.into(),
                        visits_from,
                        visits_to,
                        once_in_days,
                        per_day,
                        ..LaunchRule::default()
                    }
                },
            )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        /// A rule that the document refuses as one that never counts is never chosen.
        #[test]
        fn a_rule_behind_a_wider_one_never_counts(
            rules in prop::collection::vec(any_rule(), 2..8), path in "/[ab]{0,2}",
            (visits, on_page, more) in (0..4_u32, 0..5_u64, 0..5_u64), asked in prop::collection::vec((0..8_usize, 0..3_i64, 0..3_u32), 0..4),
        ) {
            let named = rules.into_iter().enumerate();
            let all = routing(named.map(|(n, rule)| LaunchRule { name: n.to_string(), ..rule }).collect());
            let visit = Visit {
                path: &path, referrer: "", visits,
                on_page: Duration::from_secs(on_page), on_site: Duration::from_secs(on_page + more),
            };
            let asked = Asked {
                by_rule: asked.iter().map(|(rule, days, _)| (rule.to_string(), at((10 - days) * 86_400))).collect(),
                of_rule_today: asked.iter().map(|(rule, _, count)| (rule.to_string(), *count)).collect(),
                ..Asked::default()
            };
            if let Launch::Now(chosen) = all.launch(&visit, &asked, at(10 * 86_400)) {
                let index = all.rules.iter().position(|rule| rule.name == chosen.name);
                prop_assert_eq!(index.and_then(|index| all.wider_than(index)), None);
            }
        }
    }
}
