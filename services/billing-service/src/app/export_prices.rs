use super::Billing;
use crate::domain::write_prices;
use crate::outbound::postgres::price;
use domain::WorkspaceId;
use fault::{Fault, Result};

impl Billing {
    /// The whole list as a CSV document that `import_prices` takes, by kind, country and time.
    pub async fn export_prices(&self, workspace: &WorkspaceId) -> Result<String> {
        let mut tx = self.store.begin(workspace).await?;
        let list = price::list(&mut tx, workspace).await?;
        write_prices(&list).map_err(Fault::internal)
    }
}
