use super::App;
use crate::outbound::postgres::{reply_address, return_link};
use domain::{ConversationId, WorkspaceId};
use fault::Result;

impl App {
    /// Makes all return links and reply addresses of a conversation void; says how many were valid.
    pub async fn revoke_links(&self, workspace: &WorkspaceId, conversation: ConversationId) -> Result<u64> {
        let now = self.now();
        let mut tx = self.store.begin(workspace).await?;
        let links = return_link::revoke_return_links(&mut tx, workspace, conversation, now).await?;
        let addresses = reply_address::revoke_reply_addresses(&mut tx, workspace, conversation, now).await?;
        tx.commit().await?;
        Ok(links + addresses)
    }
}
