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
        let size = page_size.get() as usize;
        let mut tx = self.store.begin(workspace).await?;
        // One more than asked for tells whether there is a next page.
        let mut page = agent::list(&mut tx, workspace, after, i64::from(page_size.get()) + 1).await?;
        let more = page.len() > size;
        page.truncate(size);
        let next = page.last().filter(|_| more).map(|agent| agent.id.clone());
        Ok((page, next))
    }
}
