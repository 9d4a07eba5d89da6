use super::App;
use crate::outbound::postgres::delivery::{self, Delivery};
use domain::WorkspaceId;
use fault::{Fault, Result};

/// What an unsubscribe page shows.
#[derive(Debug, Clone)]
pub struct Unsubscribing {
    pub business_name: String,
    /// en, pl or fr.
    pub language: String,
}

impl App {
    /// Whose mails a link would end, and in which language to say so; changes nothing, since mail scanners open links too.
    pub async fn resolve_unsubscribe_link(&self, workspace: &WorkspaceId, token: &str) -> Result<Unsubscribing> {
        let mail = self.unsubscribing(workspace, token).await?;
        let context = self
            .conversations
            .get_follow_up_context(workspace, mail.conversation, 1)
            .await?;
        let settings = context.settings.unwrap_or_default();
        Ok(Unsubscribing {
            business_name: settings.business_name,
            language: settings.language,
        })
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
