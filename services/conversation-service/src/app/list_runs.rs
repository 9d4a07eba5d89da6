use super::App;
use crate::domain::page;
use crate::domain::run::Run;
use crate::outbound::postgres::{conversation, run};
use domain::{ConversationId, RunId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// A page of runs, newest first, and the token of the next page (empty: that was all).
    pub async fn list_runs(
        &self,
        workspace: &WorkspaceId,
        (of, active_only): (Option<ConversationId>, bool),
        page_size: u32,
        page_token: &str,
    ) -> Result<(Vec<Run>, String)> {
        let (limit, after) = (page::size(page_size)?, page::after(page_token)?);
        let below = RunId::parse_optional(&after).map_err(|wrong| wrong.of("page_token"))?;
        let mut tx = self.store.begin(workspace).await?;
        if let Some(id) = of {
            conversation::get(&mut tx, workspace, id)
                .await?
                .ok_or_else(|| Fault::not_found("conversation"))?;
        }
        // One more than asked for tells whether there is another page.
        let mut rows = run::list(&mut tx, workspace, (of, active_only), below, limit + 1).await?;
        let more = i64::try_from(rows.len()).is_ok_and(|count| count > limit);
        if more {
            rows.pop();
        }
        let next = rows.last().filter(|_| more);
        let token = next.map(|last| page::token_after(&last.id.to_string()));
        Ok((rows, token.unwrap_or_default()))
    }
}
