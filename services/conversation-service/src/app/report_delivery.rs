use super::App;
use crate::domain::delivery::{Delivery, DeliveryState, Outcome};
use crate::domain::settings::ChannelKind;
use crate::outbound::postgres::{channel, conversation, message, message_delivery};
use crate::wire;
use domain::{AuthorRole, ChannelId, ConversationId, WorkspaceId};
use events::{event, stamp};
use fault::{Fault, Result, codes};
use store::Tx;

impl App {
    /// Takes what another system tells of a message that it delivers, and answers how far the delivery has come.
    pub async fn report_delivery(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        seq: u64,
        state: DeliveryState,
        reason: String,
    ) -> Result<Delivery> {
        let at = self.now();
        let told = Outcome { state, at, reason };
        let mut tx = self.store.begin(workspace).await?;
        let conversation = conversation::lock(&mut tx, workspace, id)
            .await?
            .ok_or_else(|| Fault::not_found("conversation"))?;
        may_report(&mut tx, workspace, &conversation.channel).await?;
        let present = note(&mut tx, workspace, id, seq, told).await?;
        tx.commit().await?;
        Ok(present)
    }
}

/// Homing delivers some kinds of channels itself, and knows better what became of their messages.
async fn may_report(tx: &mut Tx, workspace: &WorkspaceId, id: &ChannelId) -> Result<()> {
    let channel = channel::get(tx, workspace, id)
        .await?
        .ok_or_else(|| Fault::not_found("channel"))?;
    match channel.kind {
        ChannelKind::Sms | ChannelKind::Whatsapp | ChannelKind::Voice => Err(Fault::new(
            &codes::DELIVERED_HERE,
            format!(
                "is on a channel of kind {}, whose messages Homing delivers; read their delivery instead of reporting it",
                channel.kind.word()
            ),
        )
        .of("conversation")),
        ChannelKind::Web
        | ChannelKind::Email
        | ChannelKind::Facebook
        | ChannelKind::Instagram => Ok(()),
    }
}

/// Writes down what was told of a message, in a transaction that has locked its conversation, and tells if that was new.
pub(super) async fn note(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    conversation: ConversationId,
    seq: u64,
    told: Outcome,
) -> Result<Delivery> {
    let (message, author) = message::author(tx, workspace, conversation, seq)
        .await?
        .ok_or_else(|| Fault::not_found("message").of("seq"))?;
    if author == AuthorRole::Customer {
        return Err(Fault::invalid(
            "seq",
            "is a message that the customer wrote; only what goes to the customer is delivered",
        ));
    }
    let present = message_delivery::get(tx, workspace, conversation, seq).await?;
    let Some(next) = Delivery::after(present.as_ref(), told) else {
        return present.ok_or_else(|| Fault::internal("a delivery without its first outcome"));
    };
    message_delivery::put(tx, workspace, conversation, seq, &next).await?;
    let fact = event::MessageDeliveryChanged {
        conversation: conversation.to_string(),
        seq,
        message: message.to_string(),
        state: wire::delivery_state(next.outcome.state).into(),
        reason: next.outcome.reason.clone(),
        version: next.version,
        at: Some(stamp(next.outcome.at)),
    };
    tx.record(workspace, &fact);
    Ok(next)
}
