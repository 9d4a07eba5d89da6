use super::edge::Edge;
use crate::domain::frame::{Contact, given};
use crate::domain::session::Session;
use fault::Result;
use rpc::conversation::{AddContactRequest, GivenContact};

/// Adds contact data that the customer gave in the session's conversation.
pub async fn add_contact(edge: &Edge, session: &Session, contact: &Contact) -> Result<()> {
    let request = AddContactRequest {
        workspace: session.workspace.to_string(),
        conversation: session.conversation()?.to_string(),
        contact: Some(GivenContact {
            name: given(&contact.name).into(),
            phone: given(&contact.phone).into(),
            email: given(&contact.email).into(),
        }),
    };
    edge.conversations.add_contact(request).await.map(drop)
}
