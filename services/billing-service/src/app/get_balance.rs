use super::Billing;
use crate::domain::Account;
use crate::outbound::postgres::account;
use domain::WorkspaceId;
use fault::Result;

impl Billing {
    /// What is left, and what is reserved; zero for a workspace that never had anything.
    pub async fn get_balance(&self, workspace: &WorkspaceId) -> Result<Account> {
        let mut tx = self.store.begin(workspace).await?;
        account::read(&mut tx, workspace).await
    }
}
