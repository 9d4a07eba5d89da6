use crate::Invalid;

/// An amount of post units in micro-PU: 1 PU = 1,000,000 micro-PU. Never negative; arithmetic is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pu(i64);

impl Pu {
    pub const ZERO: Self = Self(0);

    /// Reads micro-PU; refuses negative amounts.
    pub fn from_micro(micro: i64) -> Result<Self, Invalid> {
        if micro < 0 {
            Err(Invalid::new("micro_pu", "must be 0 or more"))
        } else {
            Ok(Self(micro))
        }
    }

    pub fn micro(self) -> i64 {
        self.0
    }

    /// `None` on overflow.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// `None` if more than there is would be taken.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).filter(|rest| *rest >= 0).map(Self)
    }

    /// `None` on overflow.
    pub fn times(self, count: u32) -> Option<Self> {
        self.0.checked_mul(i64::from(count)).map(Self)
    }
}

/// `1.5 PU`, without trailing zeros.
impl std::fmt::Display for Pu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fraction = format!("{:06}", self.0 % 1_000_000);
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{} PU", self.0 / 1_000_000),
            digits => write!(f, "{}.{digits} PU", self.0 / 1_000_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_never_negative_and_never_wrap() {
        assert!(Pu::from_micro(-1).is_err());
        let one = Pu::from_micro(1).expect("one");
        assert_eq!(Pu::ZERO.minus(one), None);
        assert_eq!(Pu::from_micro(i64::MAX).expect("max").plus(one), None);
        assert_eq!(Pu::from_micro(1_500_000).expect("1.5").to_string(), "1.5 PU");
        assert_eq!(Pu::from_micro(2_000_000).expect("2").to_string(), "2 PU");
    }
}
