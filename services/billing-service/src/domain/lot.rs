use domain::{Pu, Timestamp};
use uuid::Uuid;

/// Money that expires. The rest of `available` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot {
    /// Ids grow in the order in which lots were paid in.
    pub id: Uuid,
    pub amount: Pu,
    /// What is left of it.
    pub rest: Pu,
    pub paid_at: Timestamp,
    pub expires_at: Timestamp,
}

/// How the available balance is made up. It is settled when lots come and go, not at each message: in between their
/// order is the same, so it makes no difference when the spending is counted against them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Purse {
    pub lots: Vec<Lot>,
    /// What does not expire.
    pub unexpiring: Pu,
}

impl Purse {
    /// Brings the purse in line with what is available now. What was spent is taken from what expires first, the older
    /// one of two that expire together, and last from what does not expire. What came back (holds that ended without
    /// a charge after their lot was settled) does not expire.
    #[must_use]
    pub fn settle(mut self, available: Pu) -> Self {
        self.lots.sort_unstable_by_key(|lot| (lot.expires_at, lot.id));
        let kept: i64 = self.lots.iter().map(|lot| lot.rest.micro()).sum::<i64>() + self.unexpiring.micro();
        let mut spent = kept - available.micro();
        if spent < 0 {
            self.unexpiring = pu(self.unexpiring.micro() - spent);
            return self;
        }
        for lot in &mut self.lots {
            let taken = spent.min(lot.rest.micro());
            lot.rest = pu(lot.rest.micro() - taken);
            spent -= taken;
        }
        self.unexpiring = pu(self.unexpiring.micro() - spent);
        self
    }

    /// Takes out a lot whose time is over, with what is left of it. `None` where there is no such lot.
    #[must_use]
    pub fn expire(mut self, id: Uuid) -> (Self, Option<Lot>) {
        let at = self.lots.iter().position(|lot| lot.id == id);
        let expired = at.map(|at| self.lots.remove(at));
        (self, expired)
    }
}

/// Amounts taken from what was there.
fn pu(micro: i64) -> Pu {
    Pu::from_micro(micro).expect("no more is taken than there is")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lot(id: u128, amount: i64, expires: i64) -> Lot {
        Lot {
            id: Uuid::from_u128(id),
            amount: pu(amount),
            rest: pu(amount),
            paid_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::from_second(expires).expect("in range"),
        }
    }

    fn rests(purse: &Purse) -> Vec<(u128, i64)> {
        purse
            .lots
            .iter()
            .map(|lot| (lot.id.as_u128(), lot.rest.micro()))
            .collect()
    }

    #[test]
    fn what_expires_first_is_spent_first_and_the_older_of_two() {
        let purse = Purse {
            lots: vec![lot(3, 10, 200), lot(2, 10, 100), lot(1, 10, 100)],
            unexpiring: pu(5),
        };
        let purse = purse.settle(pu(28));
        assert_eq!(
            (rests(&purse), purse.unexpiring),
            (vec![(1, 3), (2, 10), (3, 10)], pu(5))
        );
        let purse = purse.settle(pu(7));
        assert_eq!((rests(&purse), purse.unexpiring), (vec![(1, 0), (2, 0), (3, 2)], pu(5)));
        let purse = purse.settle(pu(4));
        assert_eq!((rests(&purse), purse.unexpiring), (vec![(1, 0), (2, 0), (3, 0)], pu(4)));
        // Something was given back.
        assert_eq!(purse.clone().settle(pu(6)).unexpiring, pu(6));
        let (purse, expired) = purse.expire(Uuid::from_u128(2));
        assert_eq!((expired.map(|lot| lot.rest), purse.lots.len()), (Some(Pu::ZERO), 2));
        assert_eq!(purse.expire(Uuid::from_u128(2)).1, None);
    }

    proptest! {
        /// Settled after every message or only in the end: the same purse, and it is what is available.
        #[test]
        fn it_makes_no_difference_when_spending_is_settled(
            lots in prop::collection::vec((1..50i64, 0..5i64), 0..6),
            unexpiring in 0..50i64,
            spending in prop::collection::vec(0..20i64, 0..30),
        ) {
            let lots: Vec<Lot> = lots.iter().zip(1..).map(|((amount, expires), id)| lot(id, *amount, *expires)).collect();
            let mut available = lots.iter().map(|lot| lot.amount.micro()).sum::<i64>() + unexpiring;
            let start = Purse { lots, unexpiring: pu(unexpiring) };
            let mut each = start.clone().settle(pu(available));
            for amount in spending {
                available -= amount.min(available);
                each = each.settle(pu(available));
                let sum: i64 = each.lots.iter().map(|lot| lot.rest.micro()).sum();
                prop_assert_eq!(sum + each.unexpiring.micro(), available);
                // Nothing is taken from a lot while one that expires before it has something left.
                let touched = each.lots.iter().rposition(|lot| lot.rest < lot.amount).unwrap_or(0);
                prop_assert!(each.lots.iter().take(touched).all(|lot| lot.rest == Pu::ZERO));
            }
            prop_assert_eq!(start.settle(pu(available)), each);
        }
    }
}
