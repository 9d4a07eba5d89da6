//! What became of the delivery of a message, whoever delivers it: told in any order and however often, it comes to the
//! same end.

use domain::{Invalid, Timestamp};
use std::cmp::Reverse;

/// How far a delivery has come. What stands later outdoes what stands before it: a receipt that it arrived is worth more
/// than one that it did not, as the latter is also sent for a part or a first try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeliveryState {
    /// It is being handed over.
    Sending,
    /// It was handed over, perhaps: the answer was lost.
    Unknown,
    /// Somebody took it, and will bring it.
    Sent,
    /// It does not arrive.
    Failed,
    /// It arrived.
    Delivered,
    /// The customer has seen it.
    Read,
}

impl DeliveryState {
    pub const ALL: [Self; 6] = [
        Self::Sending,
        Self::Unknown,
        Self::Sent,
        Self::Failed,
        Self::Delivered,
        Self::Read,
    ];

    /// The word as stored in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What is told of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub state: DeliveryState,
    /// When it became so.
    pub at: Timestamp,
    /// A code; empty where there is none.
    pub reason: String,
}

impl Outcome {
    /// Which of two counts: the one that has come further, of two that say the same the earlier one.
    fn rank(&self) -> (DeliveryState, Reverse<Timestamp>, &str) {
        (self.state, Reverse(self.at), &self.reason)
    }
}

/// A delivery as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub outcome: Outcome,
    /// Grows by one with each change.
    pub version: u64,
}

impl Delivery {
    /// The delivery after something more was told; `None`: that was nothing new.
    pub fn after(present: Option<&Self>, told: Outcome) -> Option<Self> {
        match present {
            Some(present) if present.outcome.rank() >= told.rank() => None,
            Some(present) => Some(Self {
                outcome: told,
                version: present.version + 1,
            }),
            None => Some(Self {
                outcome: told,
                version: 1,
            }),
        }
    }
}

/// Longest code of a reason.
const MAX_REASON: usize = 64;

/// Checks a reason that somebody outside gives: a code, so that nobody's words get into facts, and only where there is
/// something to give a reason for.
pub fn reason(state: DeliveryState, text: String) -> Result<String, Invalid> {
    let is_code = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    if text.len() > MAX_REASON || !text.bytes().all(is_code) {
        let remedy =
            "must be a code of at most 64 characters out of a-z, 0-9, '.', '_' and '-', for example blocked.by_user";
        return Err(Invalid::new("reason", remedy));
    }
    match state {
        DeliveryState::Failed | DeliveryState::Unknown => Ok(text),
        _ if text.is_empty() => Ok(text),
        _ => Err(Invalid::new(
            "reason",
            "is only for the states failed and unknown; leave it empty",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn outcomes() -> impl Strategy<Value = Vec<Outcome>> {
        let state = prop::sample::select(DeliveryState::ALL.to_vec());
        let one =
            (state, 0..4_i64, prop::sample::select(vec!["", "a", "b"])).prop_map(|(state, second, reason)| Outcome {
                state,
                at: Timestamp::from_second(second).expect("a second"),
                reason: reason.to_owned(),
            });
        prop::collection::vec(one, 0..8)
    }

    fn folded(told: &[Outcome]) -> Option<Delivery> {
        told.iter().fold(None, |present, one| {
            Delivery::after(present.as_ref(), one.clone()).or(present)
        })
    }

    proptest! {
        #[test]
        fn order_and_repetition_change_nothing(
            (told, shuffled) in outcomes().prop_flat_map(|told| {
                let twice = [told.clone(), told.clone()].concat();
                (Just(told), Just(twice).prop_shuffle())
            })
        ) {
            let (one, other) = (folded(&told), folded(&shuffled));
            prop_assert_eq!(one.map(|one| one.outcome), other.map(|other| other.outcome));
        }

        #[test]
        fn versions_count_the_changes(told in outcomes()) {
            let mut present: Option<Delivery> = None;
            for one in told {
                if let Some(next) = Delivery::after(present.as_ref(), one) {
                    prop_assert_eq!(next.version, present.map_or(0, |present| present.version) + 1);
                    present = Some(next);
                }
            }
        }
    }

    #[test]
    fn a_receipt_that_it_arrived_is_the_last_word_but_reading() {
        let at = Timestamp::UNIX_EPOCH;
        let told = |state| Outcome {
            state,
            at,
            reason: String::new(),
        };
        for (first, then, wanted) in [
            (DeliveryState::Sent, DeliveryState::Sending, DeliveryState::Sent),
            (DeliveryState::Unknown, DeliveryState::Sent, DeliveryState::Sent),
            (DeliveryState::Sent, DeliveryState::Failed, DeliveryState::Failed),
            (
                DeliveryState::Delivered,
                DeliveryState::Failed,
                DeliveryState::Delivered,
            ),
            (DeliveryState::Read, DeliveryState::Delivered, DeliveryState::Read),
        ] {
            let end = folded(&[told(first), told(then)]).map(|end| end.outcome.state);
            assert_eq!(end, Some(wanted), "{first:?} {then:?}");
        }
    }

    #[test]
    fn reasons_are_codes_and_words_survive_storage() {
        for state in DeliveryState::ALL {
            assert_eq!(DeliveryState::from_word(state.word()), Some(state));
            assert!(reason(state, String::new()).is_ok());
        }
        assert!(reason(DeliveryState::Failed, "blocked.by_user-2".into()).is_ok());
        assert!(reason(DeliveryState::Sent, "late".into()).is_err());
        for bad in ["Ann blocked us", "Z", "ä", "a\nb", &"a".repeat(65)] {
            assert!(reason(DeliveryState::Failed, bad.into()).is_err(), "{bad}");
        }
    }
}
