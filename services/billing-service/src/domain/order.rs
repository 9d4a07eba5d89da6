use super::{Hold, PriceMissing, Terms, TermsDiffer};
use domain::{DeliveryId, Pu, WorkspaceId};

/// A delivery whose price is to be held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub workspace: WorkspaceId,
    pub delivery: DeliveryId,
    pub terms: Terms,
}

/// What an account can still pay for, while orders of one batch are decided one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Till {
    pub available: Pu,
    pub closed: bool,
}

/// What comes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Held before, or settled: the hold as it is. Nothing is to be done.
    Stands(Hold),
    /// To be held now.
    Placed(Hold),
    /// The balance does not cover this price.
    NotCovered(Pu),
    TermsDiffer,
    PriceMissing,
    Closed,
}

impl Order {
    /// Decides, and takes what is placed from the till. `known` is the delivery's hold where there is one.
    pub fn decide(&self, known: Option<Hold>, price: Result<Pu, PriceMissing>, till: &mut Till) -> Verdict {
        let Ok(amount) = price else {
            return Verdict::PriceMissing;
        };
        let before = known.unwrap_or_else(|| Hold::unknown(self.delivery));
        let hold = match before.place(self.terms, amount) {
            Err(TermsDiffer) => return Verdict::TermsDiffer,
            Ok((hold, None)) => return Verdict::Stands(hold),
            Ok((hold, Some(_))) => hold,
        };
        if till.closed {
            return Verdict::Closed;
        }
        match till.available.minus(amount) {
            Some(rest) => {
                till.available = rest;
                Verdict::Placed(hold)
            }
            None => Verdict::NotCovered(amount),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{HoldState, Kind, Mark};
    use proptest::prelude::*;

    fn pu(micro: i64) -> Pu {
        Pu::from_micro(micro).expect("not negative")
    }

    fn order(number: u128, parts: u32) -> Order {
        Order {
            workspace: WorkspaceId::parse("acme").expect("a slug"),
            delivery: DeliveryId(uuid::Uuid::from_u128(number)),
            terms: Terms {
                kind: Kind::Sms,
                country: Some(domain::Country::parse("PL").expect("a country")),
                parts,
            },
        }
    }

    #[test]
    fn what_stands_is_answered_even_where_nothing_more_can_be_held() {
        let order = order(1, 1);
        let mut till = Till {
            available: pu(5),
            closed: false,
        };
        let Verdict::Placed(held) = order.decide(None, Ok(pu(5)), &mut till) else {
            panic!("the balance covers it");
        };
        assert_eq!(till.available, Pu::ZERO);
        assert_eq!(order.decide(Some(held), Ok(pu(9)), &mut till), Verdict::Stands(held));
        till.closed = true;
        let (captured, _) = held.fold(Mark::Accepted);
        assert_eq!(
            order.decide(Some(captured), Ok(pu(5)), &mut till),
            Verdict::Stands(captured)
        );
        let (expired, _) = held.fold(Mark::TimeOut);
        assert_eq!(order.decide(Some(expired), Ok(pu(5)), &mut till), Verdict::Closed);
    }

    #[test]
    fn refusals_take_nothing_from_the_till() {
        let full = Till {
            available: pu(5),
            closed: false,
        };
        let mut till = full;
        assert_eq!(
            order(1, 1).decide(None, Err(PriceMissing), &mut till),
            Verdict::PriceMissing
        );
        assert_eq!(
            order(1, 1).decide(None, Ok(pu(6)), &mut till),
            Verdict::NotCovered(pu(6))
        );
        let (held, _) = Hold::unknown(order(1, 2).delivery)
            .place(order(1, 2).terms, pu(2))
            .expect("new");
        assert_eq!(
            order(1, 1).decide(Some(held), Ok(pu(1)), &mut till),
            Verdict::TermsDiffer
        );
        assert_eq!(till, full);
    }

    proptest! {
        #[test]
        fn a_batch_never_spends_more_than_there_is(available in 0..100_i64, prices in prop::collection::vec(0..20_i64, 0..40)) {
            let mut till = Till { available: pu(available), closed: false };
            let mut spent = 0;
            for (number, price) in prices.iter().enumerate() {
                let left = till.available;
                match order(number as u128, 1).decide(None, Ok(pu(*price)), &mut till) {
                    Verdict::Placed(hold) => {
                        prop_assert_eq!(hold.state, HoldState::Held);
                        spent += price;
                    }
                    verdict => {
                        prop_assert_eq!(verdict, Verdict::NotCovered(pu(*price)));
                        prop_assert!(pu(*price) > left);
                    }
                }
            }
            prop_assert_eq!(till.available.micro(), available - spent);
        }
    }
}
