use super::App;
use crate::outbound::postgres::opt_out;
use domain::{Timestamp, WorkspaceId};
use fault::Result;

impl App {
    /// Whether an address, known by its keyed hash, is opted out, and since when that or its opposite was last said.
    pub async fn get_opt_out(&self, workspace: &WorkspaceId, mac: &[u8]) -> Result<(bool, Option<Timestamp>)> {
        let mut tx = self.store.begin(workspace).await?;
        let found = opt_out::read_opt_out(&mut tx, workspace, mac).await?;
        tx.commit().await?;
        Ok(found.map_or((false, None), |(opted_out, at)| (opted_out, Some(at))))
    }
}
