use super::Contacts;
use crate::domain::Reading;
use crate::domain::import::Tally;
use crate::outbound::postgres::import;
use domain::WorkspaceId;
use fault::{Fault, Result};

impl Contacts {
    /// How far a file has come.
    pub async fn get_import(&self, workspace: &WorkspaceId, name: &str) -> Result<Tally> {
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        let found = import::find(&mut tx, workspace, name).await?;
        found.ok_or_else(|| Fault::not_found("import"))
    }
}
