/// What data may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The customer's own request.
    Support,
    /// Anything that we start; needs a consent of its own.
    Outreach,
}

impl Purpose {
    const ALL: [Self; 2] = [Self::Support, Self::Outreach];

    /// The word as stored in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Support => "support",
            Self::Outreach => "outreach",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == word)
    }
}

/// What a transaction reads addresses for; the database shows it no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Storing and comparing: nothing is handed out.
    Upkeep,
    For(Purpose),
}

impl Reading {
    /// The word that the database's policy knows.
    pub fn word(self) -> &'static str {
        match self {
            Self::Upkeep => "upkeep",
            Self::For(purpose) => purpose.word(),
        }
    }
}

/// The data were not given for this purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurposeDenied;

/// A value together with the purposes it was given for. Storage hands out nothing else, and `release` is the only way
/// to the value: code that names no purpose cannot read it.
#[derive(Debug, Clone)]
pub struct Bound<T> {
    value: T,
    purposes: Vec<Purpose>,
}

impl<T> Bound<T> {
    pub fn new(value: T, purposes: Vec<Purpose>) -> Self {
        Self { value, purposes }
    }

    /// Binds something more to the same purposes.
    pub fn with<U>(self, more: U) -> Bound<(T, U)> {
        Bound {
            value: (self.value, more),
            purposes: self.purposes,
        }
    }

    /// The value, for a purpose that it was given for. No purpose covers another.
    pub fn release(self, purpose: Purpose) -> Result<T, PurposeDenied> {
        if self.purposes.contains(&purpose) {
            Ok(self.value)
        } else {
            Err(PurposeDenied)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_for_support_serves_nothing_else() {
        let given = Bound::new("value", vec![Purpose::Support]);
        assert_eq!(given.clone().release(Purpose::Support), Ok("value"));
        assert_eq!(given.release(Purpose::Outreach), Err(PurposeDenied));
        assert_eq!(
            Bound::new("value", vec![]).release(Purpose::Support),
            Err(PurposeDenied)
        );
    }
}
