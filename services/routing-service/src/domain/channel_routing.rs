//! How a channel starts chats by itself and gives them to agents: a document, checked as a whole.

use super::launch::{LaunchRule, Pattern};
use ::domain::Invalid;
use events::event::ProactiveMode;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Rules of a channel at most.
const RULES: usize = 20;
const DAYS: RangeInclusive<u32> = 0..=365;
const A_DAY: RangeInclusive<u32> = 0..=86_400;

/// How chats begin on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    #[default]
    Off,
    /// The visitor is asked, gives their data and waits in the queue.
    WithInvitation,
    /// An agent is alerted to the visitor, and may speak first.
    WithoutInvitation,
}

impl Mode {
    const ALL: [Self; 3] = [Self::Off, Self::WithInvitation, Self::WithoutInvitation];

    /// The word as stored.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::WithInvitation => "with_invitation",
            Self::WithoutInvitation => "without_invitation",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.word() == word)
    }

    /// `None` for unspecified.
    pub(crate) fn from_event(mode: ProactiveMode) -> Option<Self> {
        Self::ALL.into_iter().find(|own| ProactiveMode::from(*own) == mode)
    }
}

impl From<Mode> for ProactiveMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Off => Self::Off,
            Mode::WithInvitation => Self::WithInvitation,
            Mode::WithoutInvitation => Self::WithoutInvitation,
        }
    }
}

/// The document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChannelRouting {
    pub(crate) mode: Mode,
    pub(crate) rules: Vec<LaunchRule>,
    pub(crate) declined_days: u32,
    pub(crate) per_visitor_day: u32,
    pub(crate) answer_seconds: u32,
    pub(crate) alert_seconds: u32,
    pub(crate) last_agent_seconds: u32,
    pub(crate) queue_conversations: bool,
    /// Documents of before do not.
    #[serde(default)]
    pub(crate) keep_opening_hours: bool,
}

impl Default for ChannelRouting {
    fn default() -> Self {
        Self {
            mode: Mode::Off,
            rules: Vec::new(),
            declined_days: 30,
            per_visitor_day: 1,
            answer_seconds: 120,
            alert_seconds: 30,
            last_agent_seconds: 0,
            queue_conversations: false,
            keep_opening_hours: false,
        }
    }
}

/// What cannot be, and where in the document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) field: String,
    pub(crate) remedy: String,
}

fn misfit(field: impl Into<String>, remedy: impl Into<String>) -> Misfit {
    Misfit {
        field: field.into(),
        remedy: remedy.into(),
    }
}

impl ChannelRouting {
    /// Refuses what cannot be, and rules of which one could never count; the first misfit is named.
    pub(crate) fn check(&self) -> Result<(), Misfit> {
        within("declined_days", self.declined_days, DAYS)?;
        within("per_visitor_day", self.per_visitor_day, 1..=100)?;
        within("answer_seconds", self.answer_seconds, 5..=3_600)?;
        within("alert_seconds", self.alert_seconds, 5..=600)?;
        within("last_agent_seconds", self.last_agent_seconds, 0..=600)?;
        if self.rules.len() > RULES {
            return Err(misfit("rules", "at most 20 rules; several pages fit one pattern"));
        }
        if self.mode != Mode::Off && self.rules.is_empty() {
            return Err(misfit("rules", "needs a rule, or the mode off"));
        }
        for (index, rule) in self.rules.iter().enumerate() {
            check_rule(rule, &format!("rules[{index}]"))?;
            let before = &self.rules[..index];
            if before.iter().any(|other| other.name == rule.name) {
                return Err(misfit(
                    format!("rules[{index}].name"),
                    "is the name of an earlier rule; choose another",
                ));
            }
            if let Some(other) = before.iter().find(|other| other.has_the_conditions_of(rule)) {
                let remedy = format!(
                    "has the conditions of {}; change them, or leave one of the two out",
                    other.name
                );
                return Err(misfit(format!("rules[{index}]"), remedy));
            }
            if let Some(other) = self.wider_than(index) {
                let remedy = format!(
                    "never counts: {} counts first wherever this rule fits; change its conditions or priority, or leave it out",
                    other.name
                );
                return Err(misfit(format!("rules[{index}]"), remedy));
            }
        }
        Ok(())
    }

    /// The rule that comes first wherever the one at `index` fits.
    pub(crate) fn wider_than(&self, index: usize) -> Option<&LaunchRule> {
        let rule = self.rules.get(index)?;
        let mut others = self.rules.iter().enumerate();
        let found = others
            .find(|(at, other)| (other.priority, *at) < (rule.priority, index) && other.always_counts_before(rule));
        found.map(|(_, other)| other)
    }
}

fn check_rule(rule: &LaunchRule, at: &str) -> Result<(), Misfit> {
    let field = |name: &str| format!("{at}.{name}");
    let is_slug = (1..=32).contains(&rule.name.len())
        && rule
            .name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !is_slug {
        return Err(misfit(
            field("name"),
            "needs 1 to 32 characters out of a-z, 0-9 and '-'",
        ));
    }
    within(&field("priority"), rule.priority, 1..=9)?;
    within(&field("page_seconds"), rule.page_seconds, A_DAY)?;
    within(&field("site_seconds"), rule.site_seconds, A_DAY)?;
    within(&field("once_in_days"), rule.once_in_days, DAYS)?;
    within(&field("per_day"), rule.per_day, 0..=1_000_000)?;
    within(&field("visits_from"), rule.visits_from, 0..=1_000_000)?;
    within(&field("visits_to"), rule.visits_to, 0..=1_000_000)?;
    if rule.visits_to != 0 && rule.visits_to < rule.visits_from {
        return Err(misfit(
            field("visits_to"),
            "is less than visits_from; nobody came so often",
        ));
    }
    let refused = |name: &str| {
        let field = field(name);
        move |invalid: Invalid| misfit(field, invalid.remedy)
    };
    Pattern::path(&rule.page).map_err(refused("page"))?;
    Pattern::url(&rule.referrer).map_err(refused("referrer"))?;
    if rule.greeting.chars().count() > 300 || rule.greeting.chars().any(char::is_control) {
        return Err(misfit(
            field("greeting"),
            "needs at most 300 characters, without line breaks",
        ));
    }
    Ok(())
}

fn within(field: &str, value: u32, range: RangeInclusive<u32>) -> Result<(), Misfit> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(misfit(field, format!("must be {} to {}", range.start(), range.end())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str) -> LaunchRule {
        LaunchRule {
            name: name.into(),
            ..LaunchRule::default()
        }
    }

    fn refused(rules: Vec<LaunchRule>) -> Option<String> {
        let routing = ChannelRouting {
            mode: Mode::WithInvitation,
            rules,
            ..ChannelRouting::default()
        };
        routing.check().err().map(|misfit| misfit.field)
    }

    #[test]
    fn what_cannot_be_names_its_field() {
        for (rules, field) in [
            (vec![], Some("rules")),
            (vec![rule("a")], None),
            (vec![rule("A b")], Some("rules[0].name")),
            (
                vec![
                    LaunchRule {
                        page: "/a".into(),
                        ..rule("a")
                    },
                    rule("a"),
                ],
                Some("rules[1].name"),
            ),
            (vec![rule("a"), rule("b")], Some("rules[1]")),
            (
                vec![
                    LaunchRule {
                        page: "*".into(),
                        ..rule("a")
                    },
                    rule("b"),
                ],
                Some("rules[1]"),
            ),
            (
                vec![
                    LaunchRule {
                        page: "/b".into(),
                        ..rule("b")
                    },
                    LaunchRule {
                        priority: 1,
                        once_in_days: 0,
                        ..rule("a")
                    },
                ],
                Some("rules[0]"),
            ),
            (
                vec![
                    LaunchRule {
                        page: "/x*".into(),
                        once_in_days: 0,
                        ..rule("a")
                    },
                    LaunchRule {
                        page: "/x/*/y".into(),
                        ..rule("b")
                    },
                ],
                Some("rules[1]"),
            ),
            (
                vec![
                    LaunchRule {
                        page: "/x*y".into(),
                        once_in_days: 0,
                        ..rule("a")
                    },
                    LaunchRule {
                        page: "/x*".into(),
                        ..rule("b")
                    },
                ],
                None,
            ),
            (
                vec![
                    rule("a"),
                    LaunchRule {
                        page: "/b".into(),
                        ..rule("b")
                    },
                ],
                None,
            ),
            (
                vec![
                    LaunchRule {
                        once_in_days: 0,
                        ..rule("a")
                    },
                    LaunchRule {
                        page: "/b".into(),
                        ..rule("b")
                    },
                ],
                Some("rules[1]"),
            ),
            (
                vec![
                    LaunchRule {
                        page: "/b".into(),
                        ..rule("b")
                    },
                    rule("a"),
                ],
                None,
            ),
            (
                vec![
                    LaunchRule {
                        once_in_days: 3,
                        ..rule("a")
                    },
                    rule("b"),
                ],
                Some("rules[1]"),
            ),
            (
                vec![
                    LaunchRule {
                        page_seconds: 9,
                        ..rule("a")
                    },
                    rule("b"),
                ],
                None,
            ),
            (
                vec![
                    LaunchRule {
                        priority: 6,
                        ..rule("a")
                    },
                    rule("b"),
                ],
                Some("rules[1]"),
            ),
            (
                vec![LaunchRule {
                    page: "pricing".into(),
                    ..rule("a")
                }],
                Some("rules[0].page"),
            ),
            (
                vec![LaunchRule {
                    page: "/a b".into(),
                    ..rule("a")
                }],
                Some("rules[0].page"),
            ),
            (
                vec![LaunchRule {
                    page: "/?*".into(),
                    ..rule("a")
                }],
                Some("rules[0].page"),
            ),
            (
                vec![LaunchRule {
                    referrer: "x".repeat(201),
                    ..rule("a")
                }],
                Some("rules[0].referrer"),
            ),
            (
                vec![LaunchRule {
                    visits_from: 3,
                    visits_to: 2,
                    ..rule("a")
                }],
                Some("rules[0].visits_to"),
            ),
            (
                vec![LaunchRule {
                    priority: 0,
                    ..rule("a")
                }],
                Some("rules[0].priority"),
            ),
            (
                vec![LaunchRule {
                    greeting: "x".repeat(301),
                    ..rule("a")
                }],
                Some("rules[0].greeting"),
            ),
            (
                (0..21)
                    .map(|n| LaunchRule {
                        page: format!("/{n}"),
                        ..rule(&format!("r{n}"))
                    })
                    .collect(),
                Some("rules"),
            ),
        ] {
            assert_eq!(refused(rules.clone()).as_deref(), field, "{rules:?}");
        }
    }

    #[test]
    fn modes_read_back() {
        for mode in Mode::ALL {
            assert_eq!(Mode::from_word(mode.word()), Some(mode));
            assert_eq!(Mode::from_event(mode.into()), Some(mode));
        }
    }
}
