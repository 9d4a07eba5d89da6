//! ConversationService: from messages to use cases and back.

use super::cards::shown;
use crate::app::{App, Asked, By, FirstMessage, Post, Start, Submitted};
use crate::domain::assignee::Assignee;
use crate::domain::card::CardOutcome;
use crate::domain::conversation::{Content, Conversation, Message, Reach};
use crate::domain::delivery::{self, Delivery};
use crate::domain::form::Answer;
use crate::domain::given::Given;
use crate::domain::page;
use crate::wire;
use domain::{
    AddressId, AgentId, AuthorRole, ChannelId, ContactId, ConversationId, IntegrationId, MessageText, VisitorId,
    WorkspaceId, limits,
};
use events::{common, stamp};
use fault::{Fault, Result};
use rpc::conversation as proto;
use rpc::conversation::conversation_service_server::ConversationService;
use rpc::conversation::message::Content as Shown;
use std::fmt::Display;
use tonic::{Request, Response, Status};

type Reply<T> = Result<Response<T>, Status>;

/// A sender's own id: longer ones are a sign of a mistake.
const SENDER_ID: usize = 100;

/// The rpcs of conversations.
#[derive(Debug, Clone)]
pub struct Conversations {
    app: App,
}

impl Conversations {
    pub fn new(app: App) -> Self {
        Self { app }
    }

    async fn start_conversation(
        &self,
        request: proto::StartConversationRequest,
    ) -> Result<proto::StartConversationResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let visitor = VisitorId::parse_optional(&request.visitor)?;
        let may_join = visitor.is_some() && request.author == i32::from(common::AuthorRole::Customer);
        if request.join_open && !may_join {
            return Err(Fault::invalid(
                "join_open",
                "needs a customer with a visitor; leave it out for others",
            ));
        }
        let start = Start {
            request_id: sender_id("request_id", request.request_id)?,
            channel: ChannelId::parse(&request.channel)?,
            visitor,
            given: given(request.contact),
            author: author(request.author)?,
            agent: agent(&request.agent, request.author)?,
            text: MessageText::parse(&request.text)?,
            page_url: request.page_url,
            follow_up: !request.no_follow_up,
            to: None,
            joins: visitor.filter(|_| request.join_open),
        };
        let (started, first) = self.app.start_conversation(&workspace, start).await?;
        Ok(proto::StartConversationResponse {
            conversation: Some(conversation(started, None)),
            message: Some(message(first)),
        })
    }

    async fn write_to_contact(&self, request: proto::WriteToContactRequest) -> Result<proto::WriteToContactResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let first = FirstMessage {
            request_id: sender_id("request_id", request.request_id)?,
            channel: ChannelId::parse(&request.channel)?,
            contact: ContactId::parse(&request.contact)?,
            address: AddressId::parse_optional(&request.address)?,
            agent: agent(&request.agent, common::AuthorRole::Agent.into())?,
            text: MessageText::parse(&request.text)?,
        };
        let (started, message) = self.app.write_to_contact(&workspace, first).await?;
        Ok(proto::WriteToContactResponse {
            conversation: Some(conversation(started, None)),
            message: Some(self::message(message)),
        })
    }

    async fn get_conversation(&self, request: proto::GetConversationRequest) -> Result<proto::GetConversationResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let by = match request.by {
            Some(proto::get_conversation_request::By::Conversation(id)) => By::Id(ConversationId::parse(&id)?),
            Some(proto::get_conversation_request::By::Number(number)) => By::Number(number),
            None => return Err(Fault::invalid("conversation", "or number is needed")),
        };
        let (found, assignee) = self.app.get_conversation(&workspace, by).await?;
        Ok(proto::GetConversationResponse {
            conversation: Some(conversation(found, assignee)),
        })
    }

    async fn list_conversations(
        &self,
        request: proto::ListConversationsRequest,
    ) -> Result<proto::ListConversationsResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (size, token) = (request.page_size, request.page_token);
        let number = (request.number != 0).then_some(request.number);
        let (found, next) = self
            .app
            .list_conversations(&workspace, size, &token, request.open_only, number)
            .await?;
        let conversations = found.into_iter().map(|(found, assignee)| conversation(found, assignee));
        Ok(proto::ListConversationsResponse {
            conversations: conversations.collect(),
            next_page_token: next,
        })
    }

    async fn resolve_conversation(
        &self,
        request: proto::ResolveConversationRequest,
    ) -> Result<proto::ResolveConversationResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let resolved = self.app.resolve_conversation(&workspace, id).await?;
        Ok(proto::ResolveConversationResponse {
            conversation: Some(conversation(resolved, None)),
        })
    }

    async fn add_contact(&self, request: proto::AddContactRequest) -> Result<proto::AddContactResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let reached = self.app.add_contact(&workspace, id, given(request.contact)).await?;
        Ok(proto::AddContactResponse {
            conversation: Some(conversation(reached, None)),
        })
    }

    async fn bind_contact(&self, request: proto::BindContactRequest) -> Result<proto::BindContactResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let known = Reach {
            contact: Some(ContactId::parse(&request.contact)?),
            phone: AddressId::parse_optional(&request.phone_address).map_err(|wrong| wrong.of("phone_address"))?,
            email: AddressId::parse_optional(&request.email_address).map_err(|wrong| wrong.of("email_address"))?,
        };
        let bound = self.app.bind_contact(&workspace, id, known).await?;
        Ok(proto::BindContactResponse {
            conversation: Some(conversation(bound, None)),
        })
    }

    async fn request_transcript(
        &self,
        request: proto::RequestTranscriptRequest,
    ) -> Result<proto::RequestTranscriptResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let asked = Asked {
            conversation: id,
            request_id: sender_id("request_id", request.request_id)?,
            given: Given {
                email: request.email,
                ..Given::default()
            },
        };
        let transcript = self.app.request_transcript(&workspace, asked).await?;
        Ok(proto::RequestTranscriptResponse {
            transcript: transcript.id.to_string(),
            up_to_seq: transcript.up_to_seq,
        })
    }

    async fn post_message(&self, request: proto::PostMessageRequest) -> Result<proto::PostMessageResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let post = Post {
            conversation: id,
            client_id: sender_id("client_id", request.client_id)?,
            author: author(request.author)?,
            agent: agent(&request.agent, request.author)?,
            text: MessageText::parse(&request.text)?,
            follow_up: !request.no_follow_up,
        };
        let posted = self.app.post_message(&workspace, &post).await?;
        Ok(proto::PostMessageResponse {
            conversation: posted.conversation.to_string(),
            message: Some(message(posted)),
        })
    }

    async fn list_messages(&self, request: proto::ListMessagesRequest) -> Result<proto::ListMessagesResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let limit = page::size(request.page_size)?;
        let mut page = self.app.list_messages(&workspace, id, request.after_seq, limit).await?;
        let mut deliveries = std::mem::take(&mut page.deliveries);
        let mut cards = std::mem::take(&mut page.cards);
        let messages = page.messages.into_iter().map(|of| {
            let (delivery, outcome) = (deliveries.remove(&of.seq), cards.remove(&of.seq));
            proto::Message {
                delivery: delivery.map(told),
                ..message_with(of, outcome)
            }
        });
        Ok(proto::ListMessagesResponse {
            messages: messages.collect(),
            last_seq: page.conversation.last_seq,
            read_up_to: page.conversation.read_up_to,
            open_form_page: page.form.as_ref().map_or(0, |form| form.page),
            card_changes: page.conversation.card_changes,
            open_form: text(page.form.map(|form| form.id)),
        })
    }

    async fn report_delivery(&self, request: proto::ReportDeliveryRequest) -> Result<proto::ReportDeliveryResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let state = wire::delivery_state_of(request.state)?;
        let reason = delivery::reason(state, request.reason)?;
        let present = self
            .app
            .report_delivery(&workspace, id, request.seq, state, reason)
            .await?;
        Ok(proto::ReportDeliveryResponse {
            delivery: Some(told(present)),
        })
    }

    async fn mark_read(&self, request: proto::MarkReadRequest) -> Result<proto::MarkReadResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let read_up_to = self.app.mark_read(&workspace, id, request.up_to).await?;
        Ok(proto::MarkReadResponse { read_up_to })
    }

    async fn get_follow_up_context(
        &self,
        request: proto::GetFollowUpContextRequest,
    ) -> Result<proto::GetFollowUpContextResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let context = self.app.get_follow_up_context(&workspace, id, request.from_seq).await?;
        let of = context.conversation;
        Ok(proto::GetFollowUpContextResponse {
            number: of.number,
            channel: of.channel.to_string(),
            visitor: text(of.visitor),
            contact: text(of.reach.contact),
            page_url: of.page_url,
            last_seq: of.last_seq,
            read_up_to: of.read_up_to,
            customer_up_to: of.customer_up_to,
            question: context.question.map(message),
            answers: context.answers.into_iter().map(message).collect(),
            answers_total: u32::try_from(context.answers_total).unwrap_or(u32::MAX),
            phone_address: text(of.reach.phone),
            email_address: text(of.reach.email),
            resolved: of.resolved_at.is_some(),
            opened_by: common::AuthorRole::from(of.opened_by).into(),
            settings: Some(wire::settings(&context.channel.settings)),
            settings_version: context.channel.version,
            time_zone: context.time_zone,
        })
    }

    async fn ingest_events(&self, request: proto::IngestEventsRequest) -> Result<proto::IngestEventsResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let integration = IntegrationId::parse(&request.integration)?;
        if request.events.len() > limits::INGEST_BATCH {
            return Err(Fault::invalid(
                "events",
                "takes at most 500 at a time; send the rest in another request",
            ));
        }
        let mut ids = Vec::with_capacity(request.events.len());
        let mut refused = Vec::with_capacity(request.events.len());
        let mut submitted = Vec::with_capacity(request.events.len());
        for document in &request.events {
            let read = events::cloudevent::from_json(&integration, document);
            ids.push(read.as_ref().map(|event| event.id.clone()).unwrap_or_default());
            refused.push(match read {
                Ok(event) => {
                    let (workspace, integration) = (workspace.clone(), integration.clone());
                    submitted.push(Submitted {
                        workspace,
                        integration,
                        event,
                    });
                    None
                }
                Err(fault) => Some(fault),
            });
        }
        let mut taken = self.app.ingest_events(submitted, None).await.into_iter();
        let outcomes = ids.into_iter().zip(refused).map(|(id, refused)| {
            let result = match refused {
                Some(fault) => Err(fault),
                None => taken.next().expect("one result per submitted event"),
            };
            outcome(id, result)
        });
        Ok(proto::IngestEventsResponse {
            outcomes: outcomes.collect(),
        })
    }
}

fn outcome(id: String, result: Result<()>) -> proto::IngestOutcome {
    match result {
        Ok(()) => proto::IngestOutcome {
            id,
            accepted: true,
            ..Default::default()
        },
        Err(fault) => proto::IngestOutcome {
            id,
            accepted: false,
            code: fault.code().name.to_owned(),
            reason: fault.public().to_owned(),
            field: fault.field().unwrap_or_default().to_owned(),
            retry: fault.kind().may_retry() || fault.kind() == fault::Kind::NotFound,
        },
    }
}

pub(super) fn place(workspace: &str, conversation: &str) -> Result<(WorkspaceId, ConversationId)> {
    Ok((WorkspaceId::parse(workspace)?, ConversationId::parse(conversation)?))
}

pub(super) fn sender_id(field: &'static str, id: String) -> Result<String> {
    if (1..=SENDER_ID).contains(&id.chars().count()) && !id.chars().any(char::is_control) {
        Ok(id)
    } else {
        Err(Fault::invalid(
            field,
            "needs 1 to 100 characters without control characters",
        ))
    }
}

fn author(number: i32) -> Result<AuthorRole> {
    events::role(number).ok_or_else(|| Fault::invalid("author", "must be customer, agent, bot or system"))
}

pub(super) fn agent(slug: &str, author: i32) -> Result<Option<AgentId>> {
    if slug.is_empty() {
        return Ok(None);
    }
    if events::role(author) != Some(AuthorRole::Agent) {
        return Err(Fault::invalid(
            "agent",
            "is only for messages that an agent wrote; leave it empty",
        ));
    }
    Ok(Some(AgentId::parse(slug)?))
}

fn given(contact: Option<proto::GivenContact>) -> Given {
    let contact = contact.unwrap_or_default();
    Given {
        name: contact.name,
        phone: contact.phone,
        email: contact.email,
        told: None,
    }
}

fn conversation(of: Conversation, assignee: Option<Assignee>) -> proto::Conversation {
    proto::Conversation {
        conversation: of.id.to_string(),
        number: of.number,
        channel: of.channel.to_string(),
        visitor: text(of.visitor),
        contact: text(of.reach.contact),
        page_url: of.page_url,
        last_seq: of.last_seq,
        read_up_to: of.read_up_to,
        customer_up_to: of.customer_up_to,
        started_at: Some(stamp(of.started_at)),
        resolved_at: of.resolved_at.map(stamp),
        continues: text(of.continues),
        opened_by: common::AuthorRole::from(of.opened_by).into(),
        outreach: of.outreach,
        team: text(of.team),
        assigned_to: assignee.map(|assignee| proto::AssignedTo {
            kind: wire::assignee_kind(assignee.kind).into(),
            id: assignee.id,
        }),
    }
}

pub(super) fn message(of: Message) -> proto::Message {
    message_with(of, None)
}

/// With what came of the card that it is.
fn message_with(of: Message, outcome: Option<CardOutcome>) -> proto::Message {
    proto::Message {
        message: of.draft.id.to_string(),
        seq: of.seq,
        author: common::AuthorRole::from(of.draft.author).into(),
        agent: text(of.draft.agent),
        text: of.draft.text.expose().to_owned(),
        at: Some(stamp(of.draft.at)),
        client_id: of.draft.client_id.unwrap_or_default(),
        delivery: None,
        content: match of.draft.content {
            Content::Words => None,
            Content::Automatic { kind, carriage } => Some(Shown::Automatic(proto::SaidAutomatically {
                kind: wire::automatic_kind(kind).into(),
                carriage: wire::carriage(carriage).into(),
            })),
            Content::Rating { rating, .. } => Some(Shown::Rating(rating.into())),
            Content::Solved(solved) => Some(Shown::Solved(solved)),
            Content::Call(call) => Some(Shown::Call(proto::Call {
                outcome: wire::call_outcome(call.outcome).into(),
                seconds: call.seconds,
            })),
            Content::Card(card) => Some(Shown::Card(shown(card, outcome))),
            Content::Form { form, answers } => Some(Shown::Form(proto::FormAnswers {
                form: form.to_string(),
                answers: answers.into_iter().map(answer).collect(),
            })),
            Content::Workflow { run, step } => Some(Shown::Workflow(proto::SaidByWorkflow {
                run: run.to_string(),
                step,
            })),
        },
    }
}

fn answer(of: Answer) -> proto::FormAnswer {
    proto::FormAnswer {
        key: of.key,
        label: of.label,
        value: of.value,
    }
}

fn told(of: Delivery) -> proto::MessageDelivery {
    proto::MessageDelivery {
        state: wire::delivery_state(of.outcome.state).into(),
        reason: of.outcome.reason,
        at: Some(stamp(of.outcome.at)),
        version: of.version,
    }
}

/// Empty where none.
pub(super) fn text<T: Display>(id: Option<T>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

macro_rules! answers {
    ($($rpc:ident: $request:ident -> $response:ident;)+) => {
        #[tonic::async_trait]
        impl ConversationService for Conversations {
            $(async fn $rpc(&self, request: Request<proto::$request>) -> Reply<proto::$response> {
                rpc::answer(self.$rpc(request.into_inner()).await)
            })+
        }
    };
}

answers! {
    start_conversation: StartConversationRequest -> StartConversationResponse;
    write_to_contact: WriteToContactRequest -> WriteToContactResponse;
    get_conversation: GetConversationRequest -> GetConversationResponse;
    list_conversations: ListConversationsRequest -> ListConversationsResponse;
    resolve_conversation: ResolveConversationRequest -> ResolveConversationResponse;
    add_contact: AddContactRequest -> AddContactResponse;
    bind_contact: BindContactRequest -> BindContactResponse;
    request_transcript: RequestTranscriptRequest -> RequestTranscriptResponse;
    post_message: PostMessageRequest -> PostMessageResponse;
    list_messages: ListMessagesRequest -> ListMessagesResponse;
    report_delivery: ReportDeliveryRequest -> ReportDeliveryResponse;
    mark_read: MarkReadRequest -> MarkReadResponse;
    get_follow_up_context: GetFollowUpContextRequest -> GetFollowUpContextResponse;
    ingest_events: IngestEventsRequest -> IngestEventsResponse;
}
