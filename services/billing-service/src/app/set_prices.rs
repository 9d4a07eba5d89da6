use super::Billing;
use crate::domain::Price;
use crate::outbound::postgres::price;
use domain::WorkspaceId;
use fault::{Fault, Result};

/// A price list of every country and kind fits twice.
const MAX_PRICES: usize = 1000;

impl Billing {
    /// Writes prices, all or none. One that would change what something was already held at is refused; repeating a
    /// line of the list changes nothing.
    pub async fn set_prices(&self, workspace: &WorkspaceId, prices: &[Price]) -> Result<()> {
        if prices.is_empty() || prices.len() > MAX_PRICES {
            return Err(Fault::invalid("prices", "needs 1 to 1,000 prices"));
        }
        let mut tx = self.store.begin(workspace).await?;
        for (at, line) in prices.iter().enumerate() {
            if price::is_set(&mut tx, workspace, line).await? {
                continue;
            }
            if price::was_used(&mut tx, workspace, line).await? {
                let remedy = "messages were held at the present price since then; choose a later time";
                return Err(Fault::invalid(format!("prices[{at}].valid_from"), remedy));
            }
            price::set(&mut tx, workspace, line).await?;
        }
        tx.commit().await
    }
}
