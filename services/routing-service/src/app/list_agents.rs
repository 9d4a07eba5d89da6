use super::App;
use crate::domain::{Agent, PageSize};
use crate::outbound::postgres::agent;
use ::domain::{AgentId, WorkspaceId};
use fault::Result;

impl App {
    /// A page of agents by id, after the one named, and where the next page begins, if there is one.
    pub(crate) async fn list_agents(
        &self,
        workspace: &WorkspaceId,
        page_size: PageSize,
        after: Option<&AgentId>,
    ) -> Result<(Vec<Agent>, Option<AgentId>)> {
        let mut tx = self.store.begin(workspace).await?;
        let mut page = agent::list(&mut tx, workspace, after, page_size.limit()).await?;
        let next = page_size.cut(&mut page).map(|agent| agent.id.clone());
        Ok((page, next))
    }
}
