use super::edge::Edge;
use crate::domain::session::Session;
use fault::{Fault, Result, codes};
use rpc::conversation::{DismissFormRequest, Form, GetOpenFormRequest, SubmitFormRequest, SubmitFormResponse};
use std::collections::BTreeMap;

/// The form that is open in the session's conversation.
pub async fn get_open_form(edge: &Edge, session: &Session) -> Result<Option<Form>> {
    let request = GetOpenFormRequest {
        workspace: session.workspace.to_string(),
        conversation: session.conversation()?.to_string(),
    };
    Ok(edge.conversations.get_open_form(request).await?.form)
}

/// Hands over what the customer filled in. DENIED for a session out of a return link: it changes no contact data.
pub async fn submit_form(
    edge: &Edge,
    session: &Session,
    form: String,
    page: u32,
    values: BTreeMap<String, String>,
) -> Result<SubmitFormResponse> {
    if !session.may_add_contact() {
        let remedy = "a session out of a return link fills in no forms; open a session of the page's own";
        return Err(Fault::new(&codes::DENIED, remedy));
    }
    let request = SubmitFormRequest {
        workspace: session.workspace.to_string(),
        conversation: session.conversation()?.to_string(),
        form,
        page,
        values: values.into_iter().collect(),
    };
    edge.conversations.submit_form(request).await
}

/// Closes a form that the customer does not want to fill in.
pub async fn dismiss_form(edge: &Edge, session: &Session, form: String) -> Result<()> {
    let request = DismissFormRequest {
        workspace: session.workspace.to_string(),
        conversation: session.conversation()?.to_string(),
        form,
    };
    edge.conversations.dismiss_form(request).await.map(drop)
}
