use super::Contacts;
use crate::domain::{Purpose, PurposeDenied, Reading, page};
use crate::outbound::postgres::merge;
use crate::outbound::{Interactions, Persons};
use domain::{ContactId, ConversationId, WorkspaceId};
use fault::Result;

impl Contacts {
    /// A page of the conversations of a contact, and of all that went into it, the newest first, and where the next page begins.
    /// They serve support alone.
    pub async fn list_interactions(
        &self,
        persons: &Persons,
        workspace: &WorkspaceId,
        (id, purpose): (ContactId, Purpose),
        (page_size, page_token): (u32, &str),
    ) -> Result<(Interactions, Option<ConversationId>)> {
        let (size, before) = (page::size(page_size)?, page::before_conversation(page_token)?);
        if purpose != Purpose::Support {
            return Err(super::denied(PurposeDenied));
        }
        let mut tx = self.begin(workspace, Reading::For(purpose)).await?;
        let survivor = self.survivor(&mut tx, workspace, id).await?;
        self.shows_fields(&mut tx, workspace, survivor, purpose).await?;
        let members = merge::members(&mut tx, workspace, survivor).await?;
        drop(tx);
        persons.list_interactions(workspace, &members, (before, size)).await
    }
}
