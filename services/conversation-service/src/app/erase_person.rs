use super::record::record;
use super::{App, retry};
use crate::domain::run::Heard;
use crate::outbound::postgres::{card, conversation, form, person, run, star};
use domain::{ConversationId, WorkspaceId};
use fault::Result;

/// Messages that one call deletes.
const MESSAGES: u64 = 5_000;

/// What a call erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErasedPerson {
    pub conversations: u64,
    pub messages: u64,
    /// False: there is more.
    pub complete: bool,
}

impl App {
    /// Erases these conversations in their order, each in a transaction of its own: its messages, whose it is, where it was had
    /// and by what others know it. It is resolved, so that who goes on does so in another one, as nobody known.
    pub async fn erase_person(&self, workspace: &WorkspaceId, ids: &[ConversationId]) -> Result<ErasedPerson> {
        let mut erased = ErasedPerson::default();
        for id in ids {
            let left = MESSAGES - erased.messages;
            let Some(messages) = retry(|| self.erase(workspace, *id, left)).await? else {
                continue;
            };
            erased.messages += messages;
            if messages == left {
                return Ok(erased);
            }
            erased.conversations += 1;
        }
        erased.complete = true;
        Ok(erased)
    }

    /// `None`: there is no such conversation. As many messages as it may delete: there may be more, and it keeps whose it is.
    async fn erase(&self, workspace: &WorkspaceId, id: ConversationId, limit: u64) -> Result<Option<u64>> {
        let mut tx = self.store.begin(workspace).await?;
        let Some(mut found) = conversation::lock(&mut tx, workspace, id).await? else {
            return Ok(None);
        };
        let messages = person::erase_messages(&mut tx, workspace, id, limit).await?;
        if messages < limit {
            let now = self.now();
            self.tell_run(&mut tx, workspace, id, Heard::Erased).await?;
            if let Some(change) = found.resolve(now) {
                conversation::update(&mut tx, &[(workspace, &found)]).await?;
                record(&mut tx, workspace, &change, None);
            }
            form::erase(&mut tx, workspace, id).await?;
            card::erase(&mut tx, workspace, id).await?;
            star::erase(&mut tx, workspace, id).await?;
            run::erase(&mut tx, workspace, id).await?;
            person::erase_conversation(&mut tx, workspace, id, now).await?;
        }
        tx.commit().await?;
        Ok(Some(messages))
    }
}
