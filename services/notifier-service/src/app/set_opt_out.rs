use super::App;
use crate::outbound::postgres::opt_out;
use domain::WorkspaceId;
use fault::Result;

impl App {
    /// Opts an address out of everything the workspace sends, or back in. Takes effect for every send not yet
    /// attempted.
    pub async fn set_opt_out(&self, workspace: &WorkspaceId, mac: &[u8], opted_out: bool) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        opt_out::set_opt_out(&mut tx, workspace, mac, opted_out, self.now()).await?;
        tx.commit().await
    }
}
