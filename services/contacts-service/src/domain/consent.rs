use super::Purpose;
use domain::{AddressId, ContactId, ConversationId, Invalid, Timestamp};
use jiff::SignedDuration;
use uuid::Uuid;

/// Clocks of those who tell of consents may be this far ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// Of a form's name and a request's id.
const NAME: usize = 100;

/// The words that a person agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// Name of the form.
    pub form: String,
    /// The version of the form whose words were shown.
    pub version: u32,
    /// BCP 47, the language they were shown in.
    pub language: String,
}

impl Wording {
    pub fn new(form: &str, version: u32, language: &str) -> Result<Self, Invalid> {
        let form = name("form", form)?;
        if version == 0 || i32::try_from(version).is_err() {
            return Err(Invalid::new("form_version", "must be 1 or more"));
        }
        let tag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if language.len() > 35 || !language.split('-').all(tag) {
            return Err(Invalid::new(
                "language",
                "needs a language tag, for example pl or pt-BR",
            ));
        }
        Ok(Self {
            form,
            version,
            language: language.to_owned(),
        })
    }
}

/// A name of 1 to 100 characters.
pub fn name(field: &'static str, text: &str) -> Result<String, Invalid> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > NAME || text.chars().any(char::is_control) {
        return Err(Invalid::new(field, "needs 1 to 100 characters"));
    }
    Ok(text.to_owned())
}

/// What a person agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    pub contact: ContactId,
    pub purpose: Purpose,
    /// At least one, sorted, none twice.
    pub addresses: Vec<AddressId>,
    pub wording: Wording,
    pub conversation: Option<ConversationId>,
    pub given_at: Timestamp,
}

impl Consent {
    /// Refuses a purpose that needs no consent, no address at all, and a time that is still to come.
    pub fn check(mut self, now: Timestamp) -> Result<Self, Invalid> {
        match self.purpose {
            Purpose::Outreach => {}
            Purpose::Support => {
                let remedy = "must be OUTREACH: support needs no consent, an address given for an answer serves it";
                return Err(Invalid::new("purpose", remedy));
            }
        }
        self.addresses.sort_unstable();
        self.addresses.dedup();
        if self.addresses.is_empty() {
            return Err(Invalid::new("addresses", "needs at least one address of the contact"));
        }
        not_ahead("given_at", self.given_at, now)?;
        Ok(self)
    }
}

/// Refuses a time that is still to come.
pub fn not_ahead(field: &'static str, at: Timestamp, now: Timestamp) -> Result<(), Invalid> {
    if at.duration_since(now) > AHEAD {
        return Err(Invalid::new(field, "lies in the future"));
    }
    Ok(())
}

/// How a person took a consent back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Form,
    /// A link in a mail.
    Unsubscribe,
    /// Words in a message.
    Message,
    /// An agent who was told.
    Agent,
}

impl By {
    pub const ALL: [Self; 4] = [Self::Form, Self::Unsubscribe, Self::Message, Self::Agent];

    /// The word as stored in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Unsubscribe => "unsubscribe",
            Self::Message => "message",
            Self::Agent => "agent",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.word() == word)
    }
}

/// What a person took back: every consent for the purpose that was given until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withdrawal {
    pub purpose: Purpose,
    pub at: Timestamp,
    pub by: By,
}

/// A consent as it is kept, with what ended it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptConsent {
    pub id: Uuid,
    pub consent: Consent,
    /// The first withdrawal after it; `None`: it counts.
    pub withdrawn: Option<Withdrawal>,
}

impl KeptConsent {
    /// Finds what ended a consent. The order in which consents and withdrawals were told of does not matter; of the
    /// same moment, the withdrawal counts.
    pub fn new(id: Uuid, consent: Consent, withdrawals: &[Withdrawal]) -> Self {
        let withdrawn = withdrawals
            .iter()
            .filter(|withdrawal| withdrawal.purpose == consent.purpose && withdrawal.at >= consent.given_at)
            .min_by_key(|withdrawal| withdrawal.at)
            .copied();
        Self { id, consent, withdrawn }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn consent(given: i64) -> Consent {
        Consent {
            contact: ContactId(Uuid::from_u128(1)),
            purpose: Purpose::Outreach,
            addresses: vec![AddressId(Uuid::from_u128(2))],
            wording: Wording::new("news", 3, "pl").expect("a wording"),
            conversation: None,
            given_at: at(given),
        }
    }

    fn withdrawal(second: i64) -> Withdrawal {
        Withdrawal {
            purpose: Purpose::Outreach,
            at: at(second),
            by: By::Agent,
        }
    }

    #[test]
    fn what_cannot_be_a_consent_is_refused_by_field() {
        let now = at(1_000);
        let field = |consent: Consent| consent.check(now).expect_err("refused").field;
        assert_eq!(
            field(Consent {
                purpose: Purpose::Support,
                ..consent(0)
            }),
            "purpose"
        );
        assert_eq!(
            field(Consent {
                addresses: vec![],
                ..consent(0)
            }),
            "addresses"
        );
        assert_eq!(field(consent(1_000 + 301)), "given_at");
        assert!(consent(1_000 + 300).check(now).is_ok());
        assert_eq!(Wording::new(" ", 1, "pl").expect_err("no name").field, "form");
        assert_eq!(
            Wording::new("news", 0, "pl").expect_err("no version").field,
            "form_version"
        );
        for language in ["", "polish language", "pl-", "pl_PL"] {
            assert_eq!(Wording::new("news", 1, language).expect_err(language).field, "language");
        }
    }

    #[test]
    fn the_first_withdrawal_after_it_ends_a_consent() {
        let kept = KeptConsent::new(
            Uuid::nil(),
            consent(10),
            &[withdrawal(30), withdrawal(9), withdrawal(20)],
        );
        assert_eq!(kept.withdrawn, Some(withdrawal(20)));
        // Given again after it, it counts again.
        let again = KeptConsent::new(Uuid::nil(), consent(31), &[withdrawal(30), withdrawal(20)]);
        assert_eq!(again.withdrawn, None);
        let same_moment = KeptConsent::new(Uuid::nil(), consent(30), &[withdrawal(30)]);
        assert_eq!(same_moment.withdrawn, Some(withdrawal(30)));
    }

    proptest! {
        #[test]
        fn the_order_of_telling_does_not_matter(
            given in 0..20_i64,
            (told, shuffled) in prop::collection::vec(0..20_i64, 0..6).prop_flat_map(|told| (Just(told.clone()), Just(told).prop_shuffle())),
        ) {
            let kept = |seconds: Vec<i64>| {
                let withdrawals: Vec<Withdrawal> = seconds.into_iter().map(withdrawal).collect();
                KeptConsent::new(Uuid::nil(), consent(given), &withdrawals)
            };
            let counts = told.iter().all(|second| *second < given);
            let (one, other) = (kept(told), kept(shuffled));
            prop_assert_eq!(one.withdrawn.is_none(), counts);
            prop_assert_eq!(one, other);
        }
    }
}
