use super::App;
use crate::domain::{Settings, confirmation};
use crate::outbound::postgres::{channel, conversation, delivery};
use domain::{ChannelId, ConversationId, WorkspaceId};
use events::event::ChannelChanged;
use fault::{Fault, Result};

impl App {
    /// A channel's settings changed. First the fact, then each conversation that waits, page by page.
    pub async fn note_channel(&self, workspace: &WorkspaceId, fact: ChannelChanged) -> Result<()> {
        let id = ChannelId::parse(&fact.channel)?;
        let wire = fact.settings.as_ref();
        let wire = wire.ok_or_else(|| Fault::invalid("settings", "are missing"))?;
        let settings = Settings::from_wire(fact.kind(), wire);
        let mut tx = self.store.begin(workspace).await?;
        channel::fold_channel(&mut tx, workspace, &id, fact.version, &settings).await?;
        tx.commit().await?;
        let confirm_since = self.now() - confirmation::FRESH;
        let mut after = None;
        loop {
            let mut tx = self.store.begin(workspace).await?;
            let waiting = conversation::waiting_in_channel(&mut tx, workspace, &id, confirm_since, after).await?;
            tx.commit().await?;
            let Some(last) = waiting.last() else { return Ok(()) };
            after = Some(*last);
            for conversation in waiting {
                self.fold(workspace, conversation, |_| {}).await?;
                self.check_again(workspace, conversation).await?;
            }
        }
    }

    /// Quiet hours may have changed: what waits for their end is checked anew.
    async fn check_again(&self, workspace: &WorkspaceId, conversation: ConversationId) -> Result<()> {
        let now = self.now();
        let mut tx = self.store.begin(workspace).await?;
        let any = delivery::check_again(&mut tx, workspace, conversation, now).await?;
        tx.commit().await?;
        if any {
            self.store.due_at(now);
        }
        Ok(())
    }
}
