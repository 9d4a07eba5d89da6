use super::App;
use crate::domain::page;
use crate::outbound::postgres::rating::{self, Rating};
use domain::{MessageId, WorkspaceId};
use fault::Result;

impl App {
    /// A page of ratings, newest first, and the token of the next page (empty: that was all).
    pub async fn list_ratings(
        &self,
        workspace: &WorkspaceId,
        page_size: u32,
        page_token: &str,
    ) -> Result<(Vec<Rating>, String)> {
        let (limit, after) = (page::size(page_size)?, page::after(page_token)?);
        let below = MessageId::parse_optional(&after).map_err(|wrong| wrong.of("page_token"))?;
        let mut tx = self.store.begin(workspace).await?;
        // One more than asked for tells whether there is another page.
        let mut rows = rating::list(&mut tx, workspace, below.map(|id| id.0), limit + 1).await?;
        let more = i64::try_from(rows.len()).is_ok_and(|count| count > limit);
        if more {
            rows.pop();
        }
        let next = rows
            .last()
            .filter(|_| more)
            .map(|last| page::token_after(&last.id.to_string()));
        Ok((rows, next.unwrap_or_default()))
    }
}
