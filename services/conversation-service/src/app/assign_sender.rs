use super::App;
use crate::outbound::postgres::{text_sender, workspace};
use domain::{TextSender, WorkspaceId};
use fault::{Fault, Result, codes};
use store::Tx;

/// Which senders a channel may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Senders {
    /// Those that are assigned to its workspace.
    Assigned,
    /// Any: the deployment's workspaces trust each other.
    Any,
}

impl App {
    /// Gives a sender to a workspace; the same again changes nothing.
    pub async fn assign_sender(&self, workspace: &WorkspaceId, sender: &TextSender) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        workspace::get(&mut tx, workspace)
            .await?
            .ok_or_else(|| Fault::not_found("workspace"))?;
        if text_sender::hold(&mut tx, workspace, sender).await? {
            return Ok(());
        }
        if text_sender::is_full(&mut tx, workspace).await? {
            return Err(Fault::invalid(
                "sender",
                "cannot be added: a workspace has at most 1,000 senders",
            ));
        }
        if text_sender::insert(&mut tx, workspace, sender, self.now()).await? {
            return tx.commit().await;
        }
        // Somebody was faster: the same call, or one for another workspace.
        match text_sender::hold(&mut tx, workspace, sender).await? {
            true => Ok(()),
            false => Err(Fault::new(
                &codes::SENDER_TAKEN,
                "is assigned to another workspace; release it there first",
            )
            .of("sender")),
        }
    }

    /// Refuses a sender that a channel of this workspace must not name; one that passes stays the workspace's until the
    /// transaction ends.
    pub(super) async fn may_send_as(&self, tx: &mut Tx, workspace: &WorkspaceId, text_from: &str) -> Result<()> {
        if text_from.is_empty() || self.senders == Senders::Any {
            return Ok(());
        }
        let sender = TextSender::parse(text_from)?;
        match text_sender::hold(tx, workspace, &sender).await? {
            true => Ok(()),
            false => Err(Fault::new(
                &codes::SENDER_UNASSIGNED,
                format!(
                    "is not assigned to this workspace; ask the operator of this deployment for it \
                     (homing sender assign -w {workspace} '{sender}')"
                ),
            )
            .of("settings.text_from")),
        }
    }
}
