use super::App;
use crate::domain::Settings;
use crate::outbound::postgres::channel;
use crate::outbound::postgres::delivery::{self, Delivery};
use domain::WorkspaceId;
use fault::{Fault, Result};

impl App {
    /// Whose mails a link would end; changes nothing, since mail scanners open links too. `None`: the channel is not
    /// known.
    pub async fn resolve_unsubscribe_link(&self, workspace: &WorkspaceId, token: &str) -> Result<Option<Settings>> {
        let mail = self.unsubscribing(workspace, token).await?;
        let mut tx = self.store.begin(workspace).await?;
        let settings = channel::read_settings_of(&mut tx, workspace, mail.conversation).await?;
        tx.commit().await?;
        Ok(settings)
    }

    /// The mail that bore the link.
    pub(crate) async fn unsubscribing(&self, workspace: &WorkspaceId, token: &str) -> Result<Delivery> {
        let gone = || Fault::not_found("unsubscribe link");
        let id = self.keys.unsubscribed_from(workspace, token).ok_or_else(gone)?;
        let mut tx = self.store.begin(workspace).await?;
        let mail = delivery::read_delivery(&mut tx, workspace, id).await?;
        tx.commit().await?;
        mail.ok_or_else(gone)
    }
}
