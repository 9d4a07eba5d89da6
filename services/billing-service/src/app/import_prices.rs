use super::Billing;
use super::set_prices::{USED, write_prices};
use crate::domain::{Price, Problem, read_prices, told};
use domain::WorkspaceId;
use fault::{Fault, Result};

impl Billing {
    /// Writes the prices of a CSV document, all or none, and answers how many lines it has. The fault names every wrong
    /// line, its column and the remedy.
    pub async fn import_prices(&self, workspace: &WorkspaceId, csv: &str) -> Result<usize> {
        let (numbers, prices): (Vec<u64>, Vec<Price>) =
            read_prices(csv).map_err(|found| wrong(&found))?.into_iter().unzip();
        let mut tx = self.store.begin(workspace).await?;
        let used = write_prices(&mut tx, workspace, &prices).await?;
        if !used.is_empty() {
            let problem = |at: usize| Problem {
                line: numbers[at],
                column: "valid_from",
                remedy: USED.to_owned(),
            };
            return Err(wrong(&used.into_iter().map(problem).collect::<Vec<_>>()));
        }
        tx.commit().await?;
        Ok(prices.len())
    }
}

fn wrong(problems: &[Problem]) -> Fault {
    Fault::invalid("csv", told(problems))
}
