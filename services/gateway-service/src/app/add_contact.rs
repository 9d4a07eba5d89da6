use super::edge::Edge;
use crate::domain::frame::{Contact, given};
use crate::domain::session::Session;
use fault::{Fault, Result, codes};
use rpc::conversation::{AddContactRequest, GivenContact};

/// Adds contact data that the customer gave in the session's conversation. DENIED for a session out of a return link.
pub async fn add_contact(edge: &Edge, session: &Session, contact: &Contact) -> Result<()> {
    if !session.may_add_contact() {
        return Err(Fault::new(
            &codes::DENIED,
            "a session out of a return link changes no contact data; open a session of the page's own",
        ));
    }
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
