use super::Billing;
use crate::domain::{MAX_LIST, MAX_PRICES, Price, first_repeated};
use crate::outbound::postgres::price;
use domain::WorkspaceId;
use fault::{Fault, Result};
use store::Tx;

/// Why a line cannot be written.
pub(super) const USED: &str = "messages were held at the present price since then; choose a later time";

impl Billing {
    /// Writes prices, all or none. One that would change what something was already held at is refused; repeating a
    /// line of the list changes nothing.
    pub async fn set_prices(&self, workspace: &WorkspaceId, prices: &[Price]) -> Result<()> {
        if prices.is_empty() || prices.len() > MAX_PRICES {
            return Err(Fault::invalid("prices", "needs 1 to 1,000 prices"));
        }
        if let Some(at) = first_repeated(prices) {
            let remedy = "another price of the request has the same kind, country and time; keep one of them";
            return Err(Fault::invalid(format!("prices[{at}].valid_from"), remedy));
        }
        let mut tx = self.store.begin(workspace).await?;
        if let Some(at) = write_prices(&mut tx, workspace, prices).await?.first() {
            return Err(Fault::invalid(format!("prices[{at}].valid_from"), USED));
        }
        tx.commit().await
    }
}

/// Writes prices that were checked for themselves, and answers the places of those that would change what something
/// was held at: then nothing may be committed.
pub(super) async fn write_prices(tx: &mut Tx, workspace: &WorkspaceId, prices: &[Price]) -> Result<Vec<usize>> {
    let mut used = Vec::new();
    for (at, line) in prices.iter().enumerate() {
        if price::is_set(tx, workspace, line).await? {
            continue;
        }
        if price::was_used(tx, workspace, line).await? {
            used.push(at);
        } else {
            price::set(tx, workspace, line).await?;
        }
    }
    if price::count(tx, workspace).await? > MAX_LIST {
        let remedy = "the list would have more than 20,000 lines; leave out prices that were never in force";
        return Err(Fault::invalid("prices", remedy));
    }
    Ok(used)
}
