use super::App;
use crate::domain::page;
use crate::outbound::postgres::integration::{self, Listed};
use crate::outbound::postgres::workspace;
use domain::WorkspaceId;
use fault::{Fault, Result};

impl App {
    /// A page of integrations in order of id, and the token of the next page (empty: that was all).
    pub async fn list_integrations(
        &self,
        workspace: &WorkspaceId,
        page_size: u32,
        page_token: &str,
    ) -> Result<(Vec<Listed>, String)> {
        let (limit, after) = (page::size(page_size)?, page::after(page_token)?);
        let mut tx = self.store.begin(workspace).await?;
        workspace::get(&mut tx, workspace)
            .await?
            .ok_or_else(|| Fault::not_found("workspace"))?;
        // One more than asked for tells whether there is another page.
        let mut rows = integration::list(&mut tx, workspace, &after, limit + 1).await?;
        let more = i64::try_from(rows.len()).is_ok_and(|count| count > limit);
        if more {
            rows.pop();
        }
        let next = rows
            .last()
            .filter(|_| more)
            .map(|last| page::token_after(last.id.as_str()));
        Ok((rows, next.unwrap_or_default()))
    }
}
