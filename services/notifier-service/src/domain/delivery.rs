use crate::domain::keywords::Keyword;
use crate::domain::transcript::Occasion;
use thiserror::Error;

/// What a delivery is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    FollowUp,
    Confirmation,
    /// What an agent or a bot wrote, on a channel that carries messages by itself.
    Message,
    /// The answer to a keyword, where its provider gives none.
    Keyword(Keyword),
    /// A copy of the conversation.
    Transcript(Occasion),
}

impl Purpose {
    const ALL: [Self; 8] = [
        Self::FollowUp,
        Self::Confirmation,
        Self::Message,
        Self::Keyword(Keyword::Stop),
        Self::Keyword(Keyword::Start),
        Self::Keyword(Keyword::Help),
        Self::Transcript(Occasion::Requested),
        Self::Transcript(Occasion::End),
    ];

    /// It bears a link by which the customer comes back, and by which it is known among the provider's texts.
    pub fn has_link(self) -> bool {
        matches!(self, Self::FollowUp | Self::Confirmation)
    }

    /// The word as stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::FollowUp => "follow_up",
            Self::Confirmation => "confirmation",
            Self::Message => "message",
            Self::Keyword(keyword) => keyword.word(),
            Self::Transcript(occasion) => occasion.word(),
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == word)
    }
}

/// Where one message to the outside stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Waits for its time.
    Due,
    /// The owners are being asked and the hold is being placed.
    Checking,
    /// Committed before the provider is called: from here on nobody can take it back.
    Attempting,
    /// The provider took it.
    Accepted,
    /// A receipt says that it arrived.
    Delivered,
    /// It was taken, and a receipt says that it did not arrive.
    Undelivered,
    /// Proved: nothing was taken.
    Failed,
    /// The outcome of the call is not known.
    Unknown,
    /// Nobody will ever tell; it may have been taken.
    Unconfirmed,
    /// Taken back before the attempt.
    Cancelled,
}

/// What a provider's receipt says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Receipt {
    /// It has the message: queued, sending, sent.
    Taken,
    Arrived,
    NotArrived,
}

/// What happens to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Turn {
    /// Tx 1: the claim.
    Check,
    /// An owner did not answer, or says 'not now'.
    Postpone,
    /// Tx 2: from here on it runs to its outcome.
    Attempt,
    Accept,
    /// Proved that nothing was taken, and it is given up; also a refusal before the attempt.
    Fail,
    /// Proved that nothing was taken, and it is tried again.
    Retry,
    /// The answer was lost.
    Lose,
    /// Nobody told in time.
    GiveUp,
    Cancel,
    Receipt(Receipt),
}

/// The outcome of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    To(Status),
    /// Told before, or overtaken: nothing changes.
    Stay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a delivery that is {status:?} cannot take the turn {turn:?}")]
pub struct IllegalMove {
    pub status: Status,
    pub turn: Turn,
}

impl Status {
    pub const ALL: [Self; 10] = [
        Self::Due,
        Self::Checking,
        Self::Attempting,
        Self::Accepted,
        Self::Delivered,
        Self::Undelivered,
        Self::Failed,
        Self::Unknown,
        Self::Unconfirmed,
        Self::Cancelled,
    ];

    /// The word as stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Checking => "checking",
            Self::Attempting => "attempting",
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Unconfirmed => "unconfirmed",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// Not yet attempted, and still meant to be.
    pub fn may_be_cancelled(self) -> bool {
        matches!(self, Self::Due | Self::Checking)
    }

    /// A claim, an attempt or its time is still to come.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Due | Self::Checking | Self::Attempting)
    }

    /// The provider has it, or may have it.
    pub fn may_have_reached(self) -> bool {
        matches!(
            self,
            Self::Accepted | Self::Delivered | Self::Unknown | Self::Unconfirmed
        )
    }

    /// The words of all that a reply may be an answer to: what is being attempted may have gone out already.
    pub fn answerable() -> Vec<String> {
        let may = |status: &Self| status.may_have_reached() || *status == Self::Attempting;
        Self::ALL
            .iter()
            .filter(|status| may(status))
            .map(|status| status.word().to_owned())
            .collect()
    }

    /// The words of all that later messages of a conversation wait for.
    pub fn under_way() -> Vec<String> {
        let words = Self::ALL.iter().filter(|status| status.is_under_way());
        words.map(|status| status.word().to_owned()).collect()
    }

    /// Whether what is said of an attempt comes after that was settled otherwise, or after a newer one began. `taken`: it
    /// says that the provider has the message.
    pub fn is_late(self, newest: u32, attempt: u32, taken: bool) -> bool {
        newest != attempt
            || match self {
                // Found absent, and about to be tried again: that it was taken after all stops that.
                Self::Due | Self::Checking => !taken,
                Self::Failed | Self::Cancelled | Self::Unconfirmed => true,
                _ => false,
            }
    }

    /// Takes a turn. `attempted`: the provider was called at least once for this delivery, so a receipt can be true.
    pub fn take(self, turn: Turn, attempted: bool) -> Result<Move, IllegalMove> {
        use Move::{Stay, To};
        let illegal = Err(IllegalMove { status: self, turn });
        match (turn, self) {
            (Turn::Check, Self::Due) => Ok(To(Self::Checking)),
            // A crash resumes where it was.
            (Turn::Check, Self::Checking) => Ok(Stay),
            (Turn::Postpone, Self::Checking) => Ok(To(Self::Due)),
            (Turn::Attempt, Self::Checking) => Ok(To(Self::Attempting)),
            (Turn::Accept, Self::Attempting | Self::Unknown) => Ok(To(Self::Accepted)),
            // Whoever called was slower than the lease, and the next one was about to try again.
            (Turn::Accept, Self::Due | Self::Checking) if attempted => Ok(To(Self::Accepted)),
            (Turn::Accept, Self::Accepted | Self::Delivered | Self::Undelivered) => Ok(Stay),
            (Turn::Fail, Self::Checking | Self::Attempting | Self::Unknown) => Ok(To(Self::Failed)),
            (Turn::Retry, Self::Attempting | Self::Unknown) => Ok(To(Self::Due)),
            (Turn::Lose, Self::Attempting) => Ok(To(Self::Unknown)),
            (Turn::Lose, Self::Unknown) => Ok(Stay),
            (Turn::GiveUp, Self::Unknown) => Ok(To(Self::Unconfirmed)),
            (Turn::Cancel, status) if status.may_be_cancelled() => Ok(To(Self::Cancelled)),
            (Turn::Cancel, Self::Cancelled) => Ok(Stay),
            // A receipt overtook our own bookkeeping of the call: what it says stands.
            (Turn::Fail | Turn::Retry | Turn::Lose, Self::Accepted | Self::Delivered | Self::Undelivered) => Ok(Stay),
            (Turn::Receipt(receipt), status) => Ok(status.told(receipt, attempted)),
            _ => illegal,
        }
    }

    /// Receipts form a lattice: taken < not arrived < arrived. Any order with repetitions ends in the same place.
    fn told(self, receipt: Receipt, attempted: bool) -> Move {
        let target = match receipt {
            Receipt::Taken => Self::Accepted,
            Receipt::NotArrived => Self::Undelivered,
            Receipt::Arrived => Self::Delivered,
        };
        let possible = match self {
            Self::Due | Self::Checking => attempted,
            Self::Attempting | Self::Unknown | Self::Unconfirmed => true,
            Self::Accepted => receipt != Receipt::Taken,
            Self::Undelivered => receipt == Receipt::Arrived,
            // Failed is proved and its hold released; a receipt after it is kept in the history only.
            Self::Delivered | Self::Failed | Self::Cancelled => false,
        };
        if possible { Move::To(target) } else { Move::Stay }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fold(status: Status, receipts: &[Receipt]) -> Status {
        receipts.iter().fold(status, |status, receipt| {
            match status.take(Turn::Receipt(*receipt), true) {
                Ok(Move::To(next)) => next,
                _ => status,
            }
        })
    }

    fn receipt() -> impl Strategy<Value = Receipt> {
        prop_oneof![Just(Receipt::Taken), Just(Receipt::Arrived), Just(Receipt::NotArrived)]
    }

    proptest! {
        #[test]
        fn receipts_in_any_order_with_repetitions_end_in_the_same_status(
            receipts in prop::collection::vec(receipt(), 1..6),
            shuffled in any::<prop::sample::Index>(),
            start in prop_oneof![Just(Status::Attempting), Just(Status::Unknown), Just(Status::Accepted)],
        ) {
            let mut other = receipts.clone();
            other.rotate_left(shuffled.index(receipts.len()));
            other.extend(receipts.iter().rev());
            prop_assert_eq!(fold(start, &receipts), fold(start, &other));
        }

        #[test]
        fn nothing_leaves_a_proved_end(turn in 0usize..10, receipt in receipt()) {
            let turns = [
                Turn::Check, Turn::Postpone, Turn::Attempt, Turn::Accept, Turn::Fail, Turn::Retry, Turn::Lose,
                Turn::GiveUp, Turn::Cancel, Turn::Receipt(receipt),
            ];
            for end in [Status::Failed, Status::Cancelled, Status::Delivered] {
                prop_assert!(!matches!(end.take(turns[turn], true), Ok(Move::To(_))));
            }
        }
    }

    #[test]
    fn an_earlier_attempt_never_settles_a_later_one() {
        for status in Status::ALL {
            assert!(status.is_late(2, 1, true) && status.is_late(2, 1, false), "{status:?}");
        }
        assert!(!Status::Attempting.is_late(1, 1, false));
        assert!(!Status::Unknown.is_late(1, 1, true));
        assert!(!Status::Due.is_late(1, 1, true) && Status::Due.is_late(1, 1, false));
        assert!(Status::Failed.is_late(1, 1, true));
    }

    #[test]
    fn what_is_attempted_cannot_be_cancelled() {
        for status in Status::ALL {
            let cancelled = status.take(Turn::Cancel, true) == Ok(Move::To(Status::Cancelled));
            assert_eq!(
                cancelled,
                matches!(status, Status::Due | Status::Checking),
                "{status:?}"
            );
        }
    }

    #[test]
    fn a_receipt_cannot_be_true_before_the_first_attempt() {
        assert_eq!(Status::Due.take(Turn::Receipt(Receipt::Arrived), false), Ok(Move::Stay));
        assert_eq!(
            Status::Due.take(Turn::Receipt(Receipt::Taken), true),
            Ok(Move::To(Status::Accepted))
        );
    }

    #[test]
    fn an_unknown_outcome_is_never_attempted_again_without_proof() {
        assert!(Status::Unknown.take(Turn::Attempt, true).is_err());
        assert!(Status::Unknown.take(Turn::Check, true).is_err());
        assert_eq!(Status::Unknown.take(Turn::Retry, true), Ok(Move::To(Status::Due)));
    }
}
