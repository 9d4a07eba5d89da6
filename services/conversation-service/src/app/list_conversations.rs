use super::App;
use crate::domain::assignee::Assignee;
use crate::domain::conversation::Conversation;
use crate::domain::page;
use crate::outbound::postgres::{assignee, conversation};
use domain::WorkspaceId;
use fault::Result;
use store::Tx;

impl App {
    /// A page of conversations with who has them, newest first, and the token of the next page (empty: that was all). With a number the one that has it,
    /// if there is one and it is not left out.
    pub async fn list_conversations(
        &self,
        workspace: &WorkspaceId,
        page_size: u32,
        page_token: &str,
        open_only: bool,
        number: Option<u64>,
    ) -> Result<(Vec<(Conversation, Option<Assignee>)>, String)> {
        let (limit, below) = (page::size(page_size)?, page::below(page_token)?);
        let mut tx = self.store.begin(workspace).await?;
        if let Some(number) = number {
            let found = conversation::get_by_number(&mut tx, workspace, number).await?;
            let is_wanted = |one: &Conversation| {
                below.is_none_or(|below| one.number < below) && !(open_only && one.resolved_at.is_some())
            };
            let found = found.into_iter().filter(is_wanted).collect();
            return Ok((with_assignees(&mut tx, workspace, found).await?, String::new()));
        }
        // One more than asked for tells whether there is another page.
        let mut rows = conversation::list(&mut tx, workspace, below, open_only, limit + 1).await?;
        let more = i64::try_from(rows.len()).is_ok_and(|count| count > limit);
        if more {
            rows.pop();
        }
        let next = rows.last().filter(|_| more).map(|last| page::token(last.number));
        let rows = with_assignees(&mut tx, workspace, rows).await?;
        Ok((rows, next.unwrap_or_default()))
    }
}

async fn with_assignees(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    found: Vec<Conversation>,
) -> Result<Vec<(Conversation, Option<Assignee>)>> {
    let ids: Vec<_> = found.iter().map(|one| one.id).collect();
    let mut assignees = assignee::of(tx, workspace, &ids).await?;
    let with = found.into_iter().map(|one| {
        let assignee = assignees.remove(&one.id);
        (one, assignee)
    });
    Ok(with.collect())
}
