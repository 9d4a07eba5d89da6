use super::Billing;
use crate::domain::{Provider, read_statement, told};
use crate::outbound::postgres::statement;
use domain::WorkspaceId;
use fault::{Fault, Result};
use jiff::civil::Date;

impl Billing {
    /// Takes in what a provider says that it sent on a day, all or nothing, and answers how many messages that were. A
    /// message that is told of again is as told last.
    pub async fn import_statement(
        &self,
        workspace: &WorkspaceId,
        provider: &Provider,
        day: Date,
        csv: &str,
    ) -> Result<usize> {
        let lines = read_statement(csv).map_err(|problems| Fault::invalid("csv", told(&problems)))?;
        let mut tx = self.store.begin(workspace).await?;
        statement::note(&mut tx, workspace, provider, day, self.now()).await?;
        statement::save(&mut tx, workspace, provider, day, &lines).await?;
        self.arm_audit(&mut tx, workspace).await?;
        tx.commit().await?;
        Ok(lines.len())
    }
}
