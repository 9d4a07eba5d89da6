use super::{App, retry};
use crate::domain::run::{Heard, Run};
use crate::outbound::postgres::{conversation, run};
use domain::{RunId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Ends a run where it stands; one that has ended stays as it is.
    pub async fn cancel_workflow(&self, workspace: &WorkspaceId, id: RunId) -> Result<Run> {
        retry(|| self.cancel_run(workspace, id)).await
    }

    async fn cancel_run(&self, workspace: &WorkspaceId, id: RunId) -> Result<Run> {
        let mut tx = self.store.begin(workspace).await?;
        let missing = || Fault::not_found("run");
        let found = run::get(&mut tx, workspace, id).await?.ok_or_else(missing)?;
        let locked = conversation::lock(&mut tx, workspace, found.conversation).await?;
        locked.ok_or_else(|| Fault::not_found("conversation"))?;
        let mut present = run::get(&mut tx, workspace, id).await?.ok_or_else(missing)?;
        if present.hear(Heard::CancelledByHand, self.now()) {
            self.take_back_form_of(&mut tx, workspace, &present).await?;
            self.save_run(&mut tx, workspace, &mut present, None).await?;
            tx.commit().await?;
        }
        Ok(present)
    }
}
