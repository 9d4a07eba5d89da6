//! Who a visitor is by the word of the workspace's own site, on the socket: kept with the session, and said of its conversation.

use super::edge::Edge;
use super::list_messages::get_conversation;
use super::open_session::reload_session;
use crate::domain::session::Session;
use crate::outbound::postgres::session::identify_session;
use domain::ContactId;
use fault::{Fault, Result, codes};
use rpc::contacts::{Address, AddressKind, Contact, GetContactRequest, IdentifyContactRequest, Purpose};
use rpc::conversation::BindContactRequest;

/// Takes an identity token. UNAUTHENTICATED with its reason where it proves nothing; refused where the session is somebody else's
/// already. Then nothing is changed. The same person again changes nothing.
pub async fn identify_customer(edge: &Edge, session: &mut Session, token: String) -> Result<()> {
    if !session.may_add_contact() {
        return Err(Fault::new(
            &codes::DENIED,
            "a session out of a return link says nothing of who somebody is; open a session of the page's own",
        ));
    }
    // Another tab may have said so.
    let stored = reload_session(edge, session).await?.ok_or_else(expired)?;
    session.contact = stored.contact;
    let request = IdentifyContactRequest {
        workspace: session.workspace.to_string(),
        token,
        contact: present(edge, session).await?,
    };
    let answer = edge.contacts.identify_customer(request).await?.contact;
    let found = answer.ok_or_else(|| Fault::internal("IdentifyContact answered without its contact"))?;
    let id = ContactId::parse(&found.contact)?;
    if let Some(known) = session.contact
        && !is_same(edge, session, known, id).await?
    {
        return Err(somebody_else());
    }
    let mut tx = edge.store.begin(&session.workspace).await?;
    if !identify_session(&mut tx, session, id).await? {
        return Err(somebody_else());
    }
    tx.commit().await?;
    session.contact = Some(id);
    match session.conversation {
        Some(_) => bind(edge, session, &found).await,
        None => Ok(()),
    }
}

fn somebody_else() -> Fault {
    let remedy = "is another person's than this session's; open a new session for them";
    Fault::new(&codes::EXISTS, remedy).of("token")
}

fn expired() -> Fault {
    Fault::new(&codes::UNAUTHENTICATED, "the session has expired; open a new one").of("session")
}

/// Says of the session's conversation whose it is, if the visitor has said who they are. Somebody who is erased is nobody.
pub async fn bind_conversation(edge: &Edge, session: &Session) -> Result<()> {
    let stored = reload_session(edge, session).await?;
    let Some(contact) = stored.and_then(|stored| stored.contact) else {
        return Ok(());
    };
    match read(edge, session, contact).await? {
        Some(found) => bind(edge, session, &found).await,
        None => Ok(()),
    }
}

/// The contact of the session's conversation, whose addresses the token may prove; empty: there is none, or the session has one.
async fn present(edge: &Edge, session: &Session) -> Result<String> {
    let (Some(conversation), None) = (session.conversation, session.contact) else {
        return Ok(String::new());
    };
    Ok(get_conversation(edge, &session.workspace, conversation).await?.contact)
}

/// Two contacts may have become one since.
async fn is_same(edge: &Edge, session: &Session, known: ContactId, id: ContactId) -> Result<bool> {
    if known == id {
        return Ok(true);
    }
    let now = read(edge, session, known).await?;
    Ok(now.is_none_or(|now| now.contact == id.to_string()))
}

async fn read(edge: &Edge, session: &Session, contact: ContactId) -> Result<Option<Contact>> {
    let request = GetContactRequest {
        workspace: session.workspace.to_string(),
        contact: contact.to_string(),
        purpose: Purpose::Support.into(),
    };
    match edge.contacts.get_customer(request).await {
        Ok(answer) => Ok(answer.contact),
        Err(fault) if fault.code() == &codes::NOT_FOUND => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// With addresses that are proved to be theirs: those are written to where none was given.
async fn bind(edge: &Edge, session: &Session, contact: &Contact) -> Result<()> {
    let proved = |kind: AddressKind| {
        let is_it = |address: &&Address| address.verified && address.kind() == kind;
        let found = contact.addresses.iter().find(is_it);
        found.map(|address| address.address.clone()).unwrap_or_default()
    };
    let request = BindContactRequest {
        workspace: session.workspace.to_string(),
        conversation: session.conversation()?.to_string(),
        contact: contact.contact.clone(),
        phone_address: proved(AddressKind::Phone),
        email_address: proved(AddressKind::Email),
    };
    edge.conversations.bind_contact(request).await.map(drop)
}
