use super::App;
use super::open_case::Cause;
use super::timeline::{entry, evidence};
use crate::domain::keys::token_hash;
use crate::outbound::postgres::return_link;
use domain::{ConversationId, VisitorId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// The customer came back through the link: recorded before anything is answered, so that no later send slips in.
    pub async fn redeem_return_link(
        &self,
        workspace: &WorkspaceId,
        token: &str,
    ) -> Result<(ConversationId, Option<VisitorId>)> {
        let mut tx = self.store.begin(workspace).await?;
        let found = return_link::find_return_link(&mut tx, workspace, &token_hash(token), self.now()).await?;
        let (conversation, delivery) = found.ok_or_else(|| Fault::not_found("return link"))?;
        let mut open = self.open_case(&mut tx, workspace, conversation).await?;
        let now = open.now;
        open.case.conversation.returned(now);
        let follow_up = open.case.follow_up.as_ref().map(|follow_up| follow_up.id);
        let line = entry(now, "returned", follow_up, Some(delivery), evidence(&open.case));
        open.lines.push(line);
        self.settle_case(&mut tx, &mut open, None, Cause::Fact).await?;
        let visitor = open
            .case
            .conversation
            .started
            .as_ref()
            .and_then(|started| started.visitor);
        self.commit(tx, open).await?;
        Ok((conversation, visitor))
    }
}
