use super::record::record;
use super::{App, not_erased, retry};
use crate::domain::conversation::{Conversation, Reach};
use crate::domain::form::FormKind;
use crate::domain::given::Given;
use crate::domain::settings::Channel;
use crate::outbound::postgres::{channel, conversation};
use domain::{AuthorRole, ConversationId, WorkspaceId};
use fault::{Fault, Result};

impl App {
    /// Stores contact data that the customer gave in this conversation. A later address of a kind replaces the earlier.
    pub async fn add_contact(&self, workspace: &WorkspaceId, id: ConversationId, given: Given) -> Result<Conversation> {
        let channel = {
            let mut tx = self.store.begin(workspace).await?;
            let present = conversation::get(&mut tx, workspace, id)
                .await?
                .ok_or_else(|| Fault::not_found("conversation"))?;
            not_erased(&present)?;
            channel::get(&mut tx, workspace, &present.channel)
                .await?
                .ok_or_else(|| Fault::not_found("channel"))?
        };
        // Required fields were asked for at the start; here a customer adds what they like.
        let given = given.check(&channel.settings, channel.kind, AuthorRole::Agent)?;
        if !given.has_address() {
            return Err(Fault::invalid("contact", "needs a phone number or an e-mail address"));
        }
        let reach = self.capture(workspace, &given, &channel).await?;
        retry(|| self.reach(workspace, id, reach)).await
    }

    /// Hands addresses to contacts-service and keeps their ids; without an address there is nobody to store.
    pub(super) async fn capture(&self, workspace: &WorkspaceId, given: &Given, channel: &Channel) -> Result<Reach> {
        if !given.has_address() {
            return Ok(Reach::default());
        }
        let captured = self
            .contacts
            .capture_contact(
                workspace,
                given,
                (&channel.id, channel.kind, &channel.settings.default_country),
            )
            .await;
        captured.map_err(|fault| {
            let field = fault
                .field()
                .filter(|field| matches!(*field, "name" | "phone" | "email"));
            match field.map(|field| format!("contact.{field}")) {
                Some(field) => fault.of(field),
                None => fault,
            }
        })
    }

    async fn reach(&self, workspace: &WorkspaceId, id: ConversationId, given: Reach) -> Result<Conversation> {
        let mut tx = self.store.begin(workspace).await?;
        let mut conversation = conversation::lock(&mut tx, workspace, id)
            .await?
            .ok_or_else(|| Fault::not_found("conversation"))?;
        not_erased(&conversation)?;
        let reach = conversation.reach.with(given);
        if let Some(change) = conversation.reach(reach, self.now()) {
            conversation::update(&mut tx, &[(workspace, &conversation)]).await?;
            record(&mut tx, workspace, &change, None);
            self.withdraw_form(&mut tx, workspace, id, FormKind::asks_who).await?;
            tx.commit().await?;
        }
        Ok(conversation)
    }
}
