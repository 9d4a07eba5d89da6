use super::App;
use crate::domain::{Continued, Started};
use domain::{AddressId, ChannelId, ContactId, ConversationId, VisitorId, WorkspaceId};
use events::event::{ConversationReachable, ConversationResolved, ConversationStarted};
use events::{instant, role};
use fault::{Fault, Result};

impl App {
    /// A conversation began.
    pub async fn note_started(&self, workspace: &WorkspaceId, fact: ConversationStarted) -> Result<()> {
        let id = ConversationId::parse(&fact.conversation)?;
        let at = instant(fact.at).ok_or_else(|| Fault::invalid("at", "is missing"))?;
        let phone = AddressId::parse_optional(&fact.phone_address)?;
        let email = AddressId::parse_optional(&fact.email_address)?;
        let continues = ConversationId::parse_optional(&fact.continues).map_err(|wrong| wrong.of("continues"))?;
        let started = Started {
            number: fact.number,
            channel: ChannelId::parse(&fact.channel)?,
            visitor: VisitorId::parse_optional(&fact.visitor)?,
            opened_by: role(fact.opened_by).ok_or_else(|| Fault::invalid("opened_by", "is not a known role"))?,
            at,
            continues: continues.map(|conversation| Continued { conversation, phone }),
        };
        let contact = ContactId::parse_optional(&fact.contact)?;
        self.fold(workspace, id, |conversation| {
            conversation.started(started);
            conversation.reachable(0, at, contact, phone, email);
        })
        .await
    }

    /// The customer gave contact data.
    pub async fn note_reachable(&self, workspace: &WorkspaceId, fact: ConversationReachable) -> Result<()> {
        let id = ConversationId::parse(&fact.conversation)?;
        let at = instant(fact.at).ok_or_else(|| Fault::invalid("at", "is missing"))?;
        let contact = ContactId::parse_optional(&fact.contact)?;
        let phone = AddressId::parse_optional(&fact.phone_address)?;
        let email = AddressId::parse_optional(&fact.email_address)?;
        self.fold(workspace, id, |conversation| {
            conversation.reachable(fact.version, at, contact, phone, email);
        })
        .await
    }

    /// The conversation was settled. Kept only: an answer that is unread is followed up all the same.
    pub async fn note_resolved(&self, workspace: &WorkspaceId, fact: ConversationResolved) -> Result<()> {
        let id = ConversationId::parse(&fact.conversation)?;
        self.fold(workspace, id, |conversation| conversation.resolved(fact.version))
            .await
    }
}
