use super::App;
use super::open_case::Cause;
use crate::outbound::postgres::person;
use domain::{ConversationId, PhoneE164, WorkspaceId};
use fault::Result;
use std::collections::HashMap;

impl App {
    /// Ends the follow-ups of these conversations, and forgets whose they are, their links, and texts of these numbers that are
    /// being joined; says how many of what. What is attempted already runs to its end.
    pub async fn erase_person(
        &self,
        workspace: &WorkspaceId,
        conversations: &[ConversationId],
        numbers: &[PhoneE164],
    ) -> Result<HashMap<String, u64>> {
        let mut erased = HashMap::new();
        let mut add = |what: &str, count: u64| *erased.entry(what.to_owned()).or_default() += count;
        for id in conversations {
            let mut tx = self.store.begin(workspace).await?;
            let mut open = self.open_case(&mut tx, workspace, *id).await?;
            let started = open.case.conversation.started.as_ref();
            let visitor = started.and_then(|started| started.visitor);
            let is_new = open.case.conversation.erase();
            self.settle_case(&mut tx, &mut open, None, Cause::Own).await?;
            let links = person::erase_links(&mut tx, workspace, *id).await?;
            let addresses = person::erase_reply_addresses(&mut tx, workspace, *id).await?;
            self.commit(tx, open).await?;
            if let Some(visitor) = visitor {
                let mut tx = self.store.begin(workspace).await?;
                let presences = person::erase_presence(&mut tx, workspace, visitor).await?;
                tx.commit().await?;
                add("presences", presences);
            }
            add("conversations", is_new.into());
            add("links", links);
            add("reply_addresses", addresses);
        }
        if !numbers.is_empty() {
            let mut tx = self.store.begin(workspace).await?;
            let texts = person::erase_joining_texts(&mut tx, workspace, numbers).await?;
            tx.commit().await?;
            add("joining_texts", texts);
        }
        Ok(erased)
    }
}
