use super::App;
use super::start_conversation::known_agent;
use crate::domain::page;
use crate::domain::star::Star;
use crate::outbound::postgres::star;
use domain::{AgentId, WorkspaceId};
use fault::Result;

impl App {
    /// A page of what an agent has starred, the newest conversation first, and the token of the next page (empty: that was all).
    pub async fn list_starred(
        &self,
        workspace: &WorkspaceId,
        agent: &AgentId,
        page_size: u32,
        page_token: &str,
    ) -> Result<(Vec<Star>, String)> {
        let (limit, below) = (page::size(page_size)?, page::below(page_token)?);
        let mut tx = self.store.begin(workspace).await?;
        known_agent(&mut tx, workspace, Some(agent)).await?;
        // One more than asked for tells whether there is another page.
        let mut rows = star::list(&mut tx, workspace, agent, below, limit + 1).await?;
        let more = i64::try_from(rows.len()).is_ok_and(|count| count > limit);
        if more {
            rows.pop();
        }
        let next = rows.last().filter(|_| more).map(|last| page::token(last.number));
        Ok((rows, next.unwrap_or_default()))
    }
}
