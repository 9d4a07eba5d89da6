use domain::Pu;

/// When to ask for a top-up, and for how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refill {
    pub below: Pu,
    pub amount: Pu,
}

/// From which balance on an account's owner wants to hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watch {
    /// Less than this is low.
    pub low_below: Option<Pu>,
    pub refill: Option<Refill>,
    /// It was told that the balance is low, and no money has lifted it since.
    pub low_told: bool,
    /// A top-up was asked for, and no money has come in since.
    pub refill_asked: bool,
    /// How often something was told.
    pub told: u64,
}

/// What is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Less than this is available.
    Low { below: Pu, version: u64 },
    /// This amount is asked for.
    Refill { amount: Pu, version: u64 },
}

impl Notice {
    /// The word as counted.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Low { .. } => "low",
            Self::Refill { .. } => "top_up",
        }
    }
}

impl Watch {
    /// Looks at a balance that may have become smaller: what is to be told, each once.
    pub fn look(mut self, available: Pu) -> (Self, Vec<Notice>) {
        let mut notices = Vec::new();
        if let Some(below) = self.low_below
            && available < below
            && !self.low_told
        {
            self.low_told = true;
            self.told += 1;
            let version = self.told;
            notices.push(Notice::Low { below, version });
        }
        if let Some(refill) = self.refill
            && available < refill.below
            && !self.refill_asked
        {
            self.refill_asked = true;
            self.told += 1;
            let (amount, version) = (refill.amount, self.told);
            notices.push(Notice::Refill { amount, version });
        }
        (self, notices)
    }

    /// Money came in: a top-up may be asked for again, and once the balance is not low any more, that it is low again
    /// may be told.
    #[must_use]
    pub fn funded(self, available: Pu) -> Self {
        Self {
            low_told: self.low_told && self.low_below.is_some_and(|below| available < below),
            refill_asked: false,
            ..self
        }
    }

    /// Other thresholds: all is told anew.
    #[must_use]
    pub fn set(self, low_below: Option<Pu>, refill: Option<Refill>) -> Self {
        Self {
            low_below,
            refill,
            low_told: false,
            refill_asked: false,
            told: self.told,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pu(micro: i64) -> Pu {
        Pu::from_micro(micro).expect("not negative")
    }

    #[test]
    fn each_crossing_is_told_once() {
        let refill = Refill {
            below: pu(5),
            amount: pu(50),
        };
        let watch = Watch::default().set(Some(pu(10)), Some(refill));
        let (watch, told) = watch.look(pu(10));
        assert_eq!(told, []);
        let (watch, told) = watch.look(pu(9));
        assert_eq!(
            told,
            [Notice::Low {
                below: pu(10),
                version: 1
            }]
        );
        let (watch, told) = watch.look(pu(4));
        assert_eq!(
            told,
            [Notice::Refill {
                amount: pu(50),
                version: 2
            }]
        );
        // Up and down again by holds that end: nothing new.
        let (watch, told) = watch.look(pu(11));
        assert_eq!((told, watch.look(pu(1)).1), (vec![], vec![]));
        // Too little: it is still low, and another top-up may be asked for.
        let (watch, told) = watch.funded(pu(3)).look(pu(2));
        assert_eq!(
            told,
            [Notice::Refill {
                amount: pu(50),
                version: 3
            }]
        );
        let (_, told) = watch.funded(pu(20)).look(pu(2));
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn without_thresholds_nothing_is_told() {
        assert_eq!(Watch::default().look(Pu::ZERO), (Watch::default(), vec![]));
    }
}
