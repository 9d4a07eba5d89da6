use super::App;
use crate::domain::sender;
use crate::outbound::postgres::{channel, text_sender};
use domain::{TextSender, WorkspaceId};
use fault::{Fault, Result, codes};

impl App {
    /// Takes a sender from a workspace, if none of its channels names it.
    pub async fn release_sender(&self, workspace: &WorkspaceId, sender: &TextSender) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        // First of all, so that no channel takes it meanwhile.
        if !text_sender::lock(&mut tx, workspace, sender).await? {
            return Err(Fault::not_found("sender"));
        }
        let channels = channel::list(&mut tx, workspace).await?;
        let names_it = |from: &str| TextSender::parse(from).is_ok_and(|from| sender::key(&from) == sender::key(sender));
        if let Some(user) = channels.iter().find(|channel| names_it(&channel.settings.text_from)) {
            let remedy = format!("is the text_from of channel {}; give that one another first", user.id);
            return Err(Fault::new(&codes::SENDER_IN_USE, remedy).of("sender"));
        }
        text_sender::delete(&mut tx, workspace, sender).await?;
        tx.commit().await
    }
}
