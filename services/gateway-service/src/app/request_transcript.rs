use super::edge::Edge;
use crate::domain::frame::given;
use crate::domain::session::Session;
use crate::domain::token::scoped_id;
use fault::{Fault, Result, codes};
use rpc::conversation::RequestTranscriptRequest;

/// Has a copy of the session's conversation mailed, and answers up to which sequence it goes. Idempotent by (session, client_id). An
/// address is DENIED to a session out of a return link.
pub async fn request_transcript(
    edge: &Edge,
    session: &Session,
    client_id: &str,
    email: &Option<String>,
) -> Result<u64> {
    let email = given(email);
    if !email.is_empty() && !session.may_add_contact() {
        return Err(Fault::new(
            &codes::DENIED,
            "a session out of a return link names no address; leave it out, or open a session of the page's own",
        )
        .of("email"));
    }
    let request = RequestTranscriptRequest {
        workspace: session.workspace.to_string(),
        conversation: session.conversation()?.to_string(),
        request_id: scoped_id(&session.hash, client_id),
        email: email.to_owned(),
    };
    Ok(edge.conversations.request_transcript(request).await?.up_to_seq)
}
