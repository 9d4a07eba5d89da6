//! Conversations for a console or an integration: read, answer, resolve.

use super::automatic_messages::Kind;
use super::deliveries::Delivery;
use super::extract::{Body, May, Params, Read, Write, header_text};
use super::problem::Answer;
use super::wire::{optional, time, word};
use crate::app::authenticate_token::Caller;
use crate::app::edge::Edge;
use crate::domain::card::CardShown;
use crate::domain::request::Assignee;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use domain::{AgentId, ConversationId, MessageText};
use events::common::AuthorRole;
use fault::{Fault, Result};
use rpc::conversation::get_conversation_request::By;
use rpc::conversation::message::Content;
use rpc::conversation::{self as wire};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

pub(super) const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A conversation.
#[derive(Serialize, ToSchema)]
pub struct Conversation {
    /// UUID.
    conversation: String,
    /// Short number, as customers and agents see it.
    number: u64,
    channel: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    visitor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_url: Option<String>,
    /// Sequence of the newest message.
    last_seq: u64,
    /// The customer has read up to here.
    read_up_to: u64,
    /// Sequence of the customer's newest message; 0: none yet.
    customer_up_to: u64,
    /// customer, agent, bot or system.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened_by: Option<&'static str>,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    /// Absent while open.
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<String>,
    /// The resolved conversation that this one continues.
    #[serde(skip_serializing_if = "Option::is_none")]
    continues: Option<String>,
    /// True: it began with a first message to a contact who had not written.
    outreach: bool,
    /// Slug of the team that it is for, where a call named one; else it is its channel's.
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<String>,
    /// Who has it, in what reads conversations; absent while nobody has it, or a bot serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<Assignee>,
}

impl From<wire::Conversation> for Conversation {
    fn from(found: wire::Conversation) -> Self {
        Self {
            opened_by: events::role(found.opened_by).map(|role| role.word()),
            conversation: found.conversation,
            number: found.number,
            channel: found.channel,
            visitor: optional(found.visitor),
            contact: optional(found.contact),
            page_url: optional(found.page_url),
            last_seq: found.last_seq,
            read_up_to: found.read_up_to,
            customer_up_to: found.customer_up_to,
            started_at: time(found.started_at),
            resolved_at: time(found.resolved_at),
            continues: optional(found.continues),
            outreach: found.outreach,
            team: optional(found.team),
            assignee: Assignee::of_conversation(found.assigned_to),
        }
    }
}

/// A message.
#[derive(Serialize, ToSchema)]
pub struct Message {
    /// UUID.
    message: String,
    /// 1, 2, 3 ... within the conversation, without gaps.
    seq: u64,
    /// customer, agent, bot or system.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    text: String,
    #[schema(format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// Absent until somebody told of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<Delivery>,
    /// Which automatic message it is; absent of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    automatic: Option<Kind>,
    /// The customer's answer to the question for a rating: 1 (bad) to 5 (very good).
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<u32>,
    /// The customer's answer to the question whether the problem is solved.
    #[serde(skip_serializing_if = "Option::is_none")]
    solved: Option<bool>,
    /// The customer's call.
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<Call>,
    /// What the customer filled into a form.
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<FormAnswers>,
    /// What an agent has a shop act on, with what came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<CardShown>,
    /// The run of a workflow that says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow: Option<SaidByWorkflow>,
}

/// A step of a workflow that says something.
#[derive(Serialize, ToSchema)]
pub struct SaidByWorkflow {
    /// UUID.
    run: String,
    /// 1, 2, ...
    step: u32,
}

/// What a customer filled into a page of a form.
#[derive(Serialize, ToSchema)]
pub struct FormAnswers {
    /// UUID.
    form: String,
    /// In the form's order, without what was left empty.
    answers: Vec<FormAnswer>,
}

/// What a customer filled into a field.
#[derive(Serialize, ToSchema)]
pub struct FormAnswer {
    key: String,
    label: String,
    value: String,
}

/// A call of the customer's.
#[derive(Serialize, ToSchema)]
pub struct Call {
    /// answered, ringing, after_greeting, after_menu_choice, in_menu, in_voicemail_prompt or voicemail_left.
    outcome: String,
    /// How long it took.
    seconds: u32,
}

impl From<wire::FormAnswers> for FormAnswers {
    fn from(filled: wire::FormAnswers) -> Self {
        let answers = filled.answers.into_iter().map(|answer| FormAnswer {
            key: answer.key,
            label: answer.label,
            value: answer.value,
        });
        Self {
            form: filled.form,
            answers: answers.collect(),
        }
    }
}

impl From<wire::Message> for Message {
    fn from(found: wire::Message) -> Self {
        let (mut automatic, mut rating, mut solved) = (None, None, None);
        let (mut call, mut form, mut workflow, mut card) = (None, None, None, None);
        match found.content {
            Some(Content::Automatic(said)) => automatic = Kind::of_wire(said.kind()),
            Some(Content::Rating(given)) => rating = Some(given),
            Some(Content::Solved(answer)) => solved = Some(answer),
            Some(Content::Call(of)) => {
                let seconds = of.seconds;
                let outcome = word(of.outcome().as_str_name(), "CALL_OUTCOME_");
                call = outcome.map(|outcome| Call { outcome, seconds });
            }
            Some(Content::Form(filled)) => form = Some(filled.into()),
            Some(Content::Workflow(said)) => {
                let (run, step) = (said.run, said.step);
                workflow = Some(SaidByWorkflow { run, step });
            }
            Some(Content::Card(shown)) => card = CardShown::of_wire(shown),
            None => {}
        }
        Self {
            card,
            form,
            workflow,
            automatic,
            rating,
            solved,
            call,
            author: events::role(found.author).map(|role| role.word()),
            message: found.message,
            seq: found.seq,
            agent: optional(found.agent),
            text: found.text,
            at: time(found.at),
            delivery: found.delivery.and_then(Delivery::of_wire),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListConversations {
    /// 1 to 200; 50 if left out.
    #[serde(default)]
    page_size: u32,
    /// `next_page_token` of the page before.
    #[serde(default)]
    page_token: String,
    /// Only those that are not resolved.
    #[serde(default)]
    open: bool,
    /// Only the one of this number, as customers and agents see it: none or one.
    #[serde(default)]
    number: Option<u64>,
}

/// A page of conversations.
#[derive(Serialize, ToSchema)]
pub struct ConversationPage {
    conversations: Vec<Conversation>,
    /// Absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// Conversations, newest first.
#[utoipa::path(get, path = "/v1/conversations", tag = "conversations", params(ListConversations),
    security(("api_token" = ["read"])), responses((status = 200, body = ConversationPage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_conversations(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Params(params): Params<ListConversations>,
) -> Answer<Json<ConversationPage>> {
    let request = wire::ListConversationsRequest {
        workspace: caller.workspace.to_string(),
        page_size: params.page_size,
        page_token: params.page_token,
        open_only: params.open,
        number: match params.number {
            Some(0) => return Err(Fault::invalid("number", "begins with 1").into()),
            number => number.unwrap_or_default(),
        },
    };
    let page = edge.conversations.list_conversations(request).await?;
    Ok(Json(ConversationPage {
        conversations: page.conversations.into_iter().map(Into::into).collect(),
        next_page_token: optional(page.next_page_token),
    }))
}

/// One conversation, by id or by number.
#[utoipa::path(get, path = "/v1/conversations/{conversation}", tag = "conversations",
    params(("conversation" = String, Path, description = "UUID or number")), security(("api_token" = ["read"])),
    responses((status = 200, body = Conversation),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn get_conversation(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Path(name): Path<String>,
) -> Answer<Json<Conversation>> {
    Ok(Json(find(&edge, &caller, by(&name)?).await?.into()))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListMessages {
    /// Messages with a higher sequence only.
    #[serde(default)]
    after: u64,
    /// 1 to 200; 50 if left out.
    #[serde(default)]
    page_size: u32,
}

/// A page of messages.
#[derive(Serialize, ToSchema)]
pub struct MessagePage {
    messages: Vec<Message>,
    /// Sequence of the newest message of all.
    last_seq: u64,
    /// The customer has read up to here.
    read_up_to: u64,
}

/// Messages in order of their sequence.
#[utoipa::path(get, path = "/v1/conversations/{conversation}/messages", tag = "conversations",
    params(("conversation" = String, Path, description = "UUID or number"), ListMessages),
    security(("api_token" = ["read"])), responses((status = 200, body = MessagePage),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn list_messages(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Read>,
    Path(name): Path<String>,
    Params(params): Params<ListMessages>,
) -> Answer<Json<MessagePage>> {
    let request = wire::ListMessagesRequest {
        workspace: caller.workspace.to_string(),
        conversation: resolve_name(&edge, &caller, &name).await?,
        after_seq: params.after,
        page_size: params.page_size,
    };
    let page = edge.conversations.list_messages(request).await?;
    Ok(Json(MessagePage {
        messages: page.messages.into_iter().map(Into::into).collect(),
        last_seq: page.last_seq,
        read_up_to: page.read_up_to,
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostMessage {
    /// The sender's own id, 1 to 100 characters: the same again answers the stored message. The header
    /// `Idempotency-Key` may say it instead.
    client_id: Option<String>,
    /// 1 to 65,536 bytes in UTF-8.
    text: String,
    /// Slug of the agent who answers.
    agent: Option<String>,
    /// True: this answer never leads to a follow-up.
    #[serde(default)]
    no_follow_up: bool,
}

/// A stored answer.
#[derive(Serialize, ToSchema)]
pub struct MessagePosted {
    /// The conversation that holds it.
    conversation: String,
    message: Message,
}

/// Posts an agent's answer.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/messages", tag = "conversations",
    params(("conversation" = String, Path, description = "UUID or number"),
        ("Idempotency-Key" = Option<String>, Header, description = "In place of client_id")),
    request_body = PostMessage, security(("api_token" = ["write"])), responses((status = 200, body = MessagePosted),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn post_message(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(body): Body<PostMessage>,
) -> Answer<Json<MessagePosted>> {
    let client_id = client_id(body.client_id, header_text(&headers, IDEMPOTENCY_KEY))?;
    MessageText::parse(&body.text)?;
    let agent = body.agent.map(|agent| AgentId::parse(&agent)).transpose()?;
    let request = wire::PostMessageRequest {
        workspace: caller.workspace.to_string(),
        conversation: resolve_name(&edge, &caller, &name).await?,
        client_id,
        author: AuthorRole::Agent.into(),
        agent: agent.map(|agent| agent.to_string()).unwrap_or_default(),
        text: body.text,
        no_follow_up: body.no_follow_up,
    };
    let answer = edge.conversations.post_message(request).await?;
    let message = answer
        .message
        .ok_or_else(|| Fault::internal("PostMessage answered without its message"))?;
    Ok(Json(MessagePosted {
        conversation: answer.conversation,
        message: message.into(),
    }))
}

/// Marks a conversation as settled; repeating it answers the present state.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/resolve", tag = "conversations",
    params(("conversation" = String, Path, description = "UUID or number")), security(("api_token" = ["write"])),
    responses((status = 200, body = Conversation),
    (status = "default", body = super::problem::ProblemBody, content_type = "application/problem+json")))]
pub async fn resolve_conversation(
    State(edge): State<Arc<Edge>>,
    May(caller, _): May<Write>,
    Path(name): Path<String>,
) -> Answer<Json<Conversation>> {
    let request = wire::ResolveConversationRequest {
        workspace: caller.workspace.to_string(),
        conversation: resolve_name(&edge, &caller, &name).await?,
    };
    let answer = edge.conversations.resolve_conversation(request).await?;
    let found = answer.conversation.ok_or_else(|| Fault::not_found("conversation"))?;
    Ok(Json(found.into()))
}

/// The id of a conversation that a path names by id or by number.
pub async fn resolve_name(edge: &Edge, caller: &Caller, name: &str) -> Result<String> {
    match by(name)? {
        By::Conversation(id) => Ok(id),
        number => Ok(find(edge, caller, number).await?.conversation),
    }
}

async fn find(edge: &Edge, caller: &Caller, by: By) -> Result<wire::Conversation> {
    let request = wire::GetConversationRequest {
        workspace: caller.workspace.to_string(),
        by: Some(by),
    };
    let answer = edge.conversations.get_conversation(request).await?;
    answer.conversation.ok_or_else(|| Fault::not_found("conversation"))
}

fn by(name: &str) -> Result<By> {
    if let Ok(number) = name.parse() {
        return Ok(By::Number(number));
    }
    match ConversationId::parse(name) {
        Ok(id) => Ok(By::Conversation(id.to_string())),
        Err(invalid) => Err(Fault::invalid(invalid.field, "is neither a UUID nor a number")),
    }
}

/// What rpcs call request_id is a client_id here.
pub(super) fn of_client_id(fault: Fault) -> Fault {
    if fault.field() == Some("request_id") {
        fault.of("client_id")
    } else {
        fault
    }
}

/// The sender's own id, from the body or the header.
pub(super) fn client_id(body: Option<String>, header: Option<&str>) -> Result<String> {
    let id = match (body, header) {
        (Some(body), Some(header)) if body != header => {
            return Err(Fault::invalid(
                "client_id",
                "differs from the header Idempotency-Key; send one of the two",
            ));
        }
        (Some(id), _) => id,
        (None, Some(id)) => id.to_owned(),
        (None, None) => {
            return Err(Fault::invalid(
                "client_id",
                "is missing; it makes a repeated request harmless",
            ));
        }
    };
    let fits = (1..=100).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        Ok(id)
    } else {
        Err(Fault::invalid("client_id", "needs 1 to 100 printable ASCII characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_is_known_by_one_id() {
        for (body, header, expected) in [
            (Some("a"), None, Some("a")),
            (None, Some("b"), Some("b")),
            (Some("a"), Some("a"), Some("a")),
            (Some("a"), Some("b"), None),
            (None, None, None),
            (Some(""), None, None),
            (Some("a b"), None, None),
        ] {
            let id = client_id(body.map(str::to_owned), header);
            assert_eq!(id.ok().as_deref(), expected, "{body:?} {header:?}");
        }
    }

    #[test]
    fn what_rpcs_call_request_id_is_a_client_id_here() {
        for (of, expected) in [("request_id", "client_id"), ("conversation", "conversation")] {
            let told = of_client_id(Fault::invalid(of, "is wrong"));
            assert_eq!(told.field(), Some(expected));
        }
    }

    #[test]
    fn a_path_names_by_id_or_number() {
        assert!(matches!(by("12"), Ok(By::Number(12))));
        assert!(matches!(
            by("018f4e3a-0000-7000-8000-000000000001"),
            Ok(By::Conversation(_))
        ));
        assert_eq!(
            by("x").err().and_then(|fault| fault.field().map(str::to_owned)),
            Some("conversation".into())
        );
    }
}
