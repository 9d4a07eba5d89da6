//! The services behind the gateway, as far as a door can tell: they remember what they were asked.

use domain::{ConversationId, Entropy, WorkspaceId};
use events::common::{AuthorRole, ChannelSettings};
use events::event::MessagePosted;
use fault::{Fault, codes};
use prost::Message as _;
use rpc::billing::billing_service_server::{BillingService, BillingServiceServer};
use rpc::billing::*;
use rpc::conversation::conversation_service_server::{ConversationService, ConversationServiceServer};
use rpc::conversation::get_conversation_request::By;
use rpc::conversation::workspace_service_server::{WorkspaceService, WorkspaceServiceServer};
use rpc::conversation::*;
use rpc::notifier::follow_up_service_server::{FollowUpService, FollowUpServiceServer};
use rpc::notifier::*;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use testkit::SeededEntropy;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// May do everything in `acme`.
pub const TOKEN: &str = "acme.helpdesk.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// May only read.
pub const READER: &str = "acme.reader.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// The one return link there is.
pub const LINK: &str = "acme.BBBBBBBBBBBBBBBBBBBBBB";
/// Its page.
pub const PAGE: &str = "https://shop.example/cart?x=1";

/// What was asked, and what is stored.
#[derive(Default)]
pub struct Memory {
    pub conversations: Vec<Conversation>,
    pub messages: Vec<(String, Message)>,
    /// (request id, conversation)
    started: Vec<(String, String)>,
    pub contacts: Vec<GivenContact>,
    pub starts: Vec<StartConversationRequest>,
    pub receipts: Vec<RecordReceiptRequest>,
    pub opt_outs: Vec<SetOptOutRequest>,
    pub resolved_links: usize,
    pub redeemed_links: usize,
    pub authenticated: usize,
    pub ingested: Vec<IngestEventsRequest>,
    pub updates: Vec<UpdateChannelRequest>,
    /// Every call to conversations fails while this is set.
    pub away: bool,
}

#[derive(Clone)]
pub struct Peers {
    memory: Arc<Mutex<Memory>>,
    entropy: Arc<SeededEntropy>,
    nats: async_nats::Client,
}

impl Peers {
    /// Serves all of them on one port.
    pub async fn start(nats: async_nats::Client) -> anyhow::Result<(Self, SocketAddr)> {
        let peers = Self {
            memory: Arc::default(),
            entropy: Arc::new(SeededEntropy::new(99)),
            nats,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = tonic::transport::Server::builder()
            .add_service(
                ConversationServiceServer::new(peers.clone()).max_decoding_message_size(runtime::MESSAGE_BYTES),
            )
            .add_service(WorkspaceServiceServer::new(peers.clone()))
            .add_service(FollowUpServiceServer::new(peers.clone()))
            .add_service(BillingServiceServer::new(peers.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        Ok((peers, address))
    }

    pub fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A conversation that an earlier visit began.
    pub fn open(&self, channel: &str, visitor: &str) -> Conversation {
        let mut memory = self.memory();
        let conversation = Conversation {
            conversation: ConversationId(self.entropy.id()).to_string(),
            number: memory.conversations.len() as u64 + 1,
            channel: channel.into(),
            visitor: visitor.into(),
            ..Default::default()
        };
        memory.conversations.push(conversation.clone());
        conversation
    }

    /// Stores a message without telling anybody.
    pub fn store(&self, conversation: &str, author: AuthorRole, client_id: &str, text: &str) -> Option<Message> {
        let mut memory = self.memory();
        let same = |(holder, message): &&(String, Message)| holder == conversation && message.client_id == client_id;
        if let Some((_, message)) = memory.messages.iter().find(same) {
            return Some(message.clone());
        }
        let found = memory
            .conversations
            .iter_mut()
            .find(|one| one.conversation == conversation)?;
        found.last_seq += 1;
        let message = Message {
            message: self.entropy.id().to_string(),
            seq: found.last_seq,
            author: author.into(),
            agent: if author == AuthorRole::Agent {
                "ann".into()
            } else {
                String::new()
            },
            text: text.into(),
            at: Some(prost_types::Timestamp::default()),
            client_id: client_id.into(),
        };
        memory.messages.push((conversation.into(), message.clone()));
        Some(message)
    }

    /// Publishes the fact as the relay would.
    pub async fn tell(&self, conversation: &str, seq: u64) {
        let workspace = WorkspaceId::parse("acme").expect("a slug");
        let subject = events::Subject::Fact {
            workspace,
            aggregate: "message".into(),
            event: "posted".into(),
        };
        let fact = MessagePosted {
            conversation: conversation.into(),
            seq,
            ..Default::default()
        };
        let _ = self
            .nats
            .publish(subject.to_string(), fact.encode_to_vec().into())
            .await;
    }

    /// An agent's answer, stored and told.
    pub async fn answer(&self, conversation: &str, client_id: &str, text: &str) -> u64 {
        let message = self
            .store(conversation, AuthorRole::Agent, client_id, text)
            .expect("a conversation");
        self.tell(conversation, message.seq).await;
        message.seq
    }

    fn present(&self) -> Result<MutexGuard<'_, Memory>, Status> {
        let memory = self.memory();
        if memory.away {
            return Err(Status::unavailable("away"));
        }
        Ok(memory)
    }

    fn find(&self, by: impl Fn(&Conversation) -> bool) -> Result<Conversation, Status> {
        let memory = self.present()?;
        let found = memory.conversations.iter().find(|one| by(one)).cloned();
        found.ok_or_else(|| refuse(Fault::not_found("conversation")))
    }
}

fn refuse(fault: Fault) -> Status {
    rpc::to_status(&fault)
}

type Answer<T> = Result<Response<T>, Status>;

fn answer<T>(answer: T) -> Answer<T> {
    Ok(Response::new(answer))
}

fn not_played<T>() -> Answer<T> {
    Err(Status::unimplemented("no test needs it"))
}

#[tonic::async_trait]
impl ConversationService for Peers {
    async fn start_conversation(
        &self,
        request: Request<StartConversationRequest>,
    ) -> Answer<StartConversationResponse> {
        let request = request.into_inner();
        self.present()?.starts.push(request.clone());
        let contact = request.contact.clone().unwrap_or_default();
        if request.channel == "strict" && contact.phone.is_empty() {
            return Err(refuse(
                Fault::new(&codes::FIELDS_MISSING, "give a phone number").of("contact.phone"),
            ));
        }
        let known = self
            .memory()
            .started
            .iter()
            .find(|(id, _)| *id == request.request_id)
            .cloned();
        let id = match known {
            Some((_, id)) => id,
            None => {
                let opened = self.open(&request.channel, &request.visitor);
                let mut memory = self.memory();
                memory
                    .started
                    .push((request.request_id.clone(), opened.conversation.clone()));
                memory.contacts.push(contact);
                opened.conversation
            }
        };
        let message = self.store(&id, AuthorRole::Customer, &request.request_id, &request.text);
        let conversation = self.find(|one| one.conversation == id)?;
        if let Some(message) = &message {
            self.tell(&id, message.seq).await;
        }
        answer(StartConversationResponse {
            conversation: Some(conversation),
            message,
        })
    }

    async fn get_conversation(&self, request: Request<GetConversationRequest>) -> Answer<GetConversationResponse> {
        let by = request.into_inner().by;
        let conversation = self.find(|one| match &by {
            Some(By::Conversation(id)) => one.conversation == *id,
            Some(By::Number(number)) => one.number == *number,
            None => false,
        })?;
        answer(GetConversationResponse {
            conversation: Some(conversation),
        })
    }

    async fn list_conversations(&self, _: Request<ListConversationsRequest>) -> Answer<ListConversationsResponse> {
        answer(ListConversationsResponse {
            conversations: self.present()?.conversations.clone(),
            next_page_token: String::new(),
        })
    }

    async fn resolve_conversation(
        &self,
        request: Request<ResolveConversationRequest>,
    ) -> Answer<ResolveConversationResponse> {
        let id = request.into_inner().conversation;
        if let Some(one) = self
            .present()?
            .conversations
            .iter_mut()
            .find(|one| one.conversation == id)
        {
            one.resolved_at = Some(prost_types::Timestamp::default());
        }
        answer(ResolveConversationResponse {
            conversation: Some(self.find(|one| one.conversation == id)?),
        })
    }

    async fn add_contact(&self, request: Request<AddContactRequest>) -> Answer<AddContactResponse> {
        let request = request.into_inner();
        self.present()?.contacts.push(request.contact.unwrap_or_default());
        answer(AddContactResponse { conversation: None })
    }

    async fn post_message(&self, request: Request<PostMessageRequest>) -> Answer<PostMessageResponse> {
        let request = request.into_inner();
        let mut holder = self.find(|one| one.conversation == request.conversation)?;
        let author = AuthorRole::try_from(request.author).unwrap_or_default();
        if holder.resolved_at.is_some() && author == AuthorRole::Customer {
            holder = self.open(&holder.channel, &holder.visitor);
        }
        let id = holder.conversation;
        let message = self.store(&id, author, &request.client_id, &request.text);
        if let Some(message) = &message {
            self.tell(&id, message.seq).await;
        }
        answer(PostMessageResponse {
            conversation: id,
            message,
        })
    }

    async fn list_messages(&self, request: Request<ListMessagesRequest>) -> Answer<ListMessagesResponse> {
        let request = request.into_inner();
        let conversation = self.find(|one| one.conversation == request.conversation)?;
        let size = if request.page_size == 0 {
            50
        } else {
            request.page_size as usize
        };
        let memory = self.present()?;
        let of = memory
            .messages
            .iter()
            .filter(|(holder, _)| *holder == request.conversation);
        let newer = of.filter(|(_, message)| message.seq > request.after_seq);
        answer(ListMessagesResponse {
            messages: newer.map(|(_, message)| message.clone()).take(size).collect(),
            last_seq: conversation.last_seq,
            read_up_to: conversation.read_up_to,
        })
    }

    async fn mark_read(&self, request: Request<MarkReadRequest>) -> Answer<MarkReadResponse> {
        let request = request.into_inner();
        let mut memory = self.present()?;
        let found = memory
            .conversations
            .iter_mut()
            .find(|one| one.conversation == request.conversation);
        let found = found.ok_or_else(|| refuse(Fault::not_found("conversation")))?;
        found.read_up_to = found.read_up_to.max(request.up_to);
        answer(MarkReadResponse {
            read_up_to: found.read_up_to,
        })
    }

    async fn get_follow_up_context(&self, _: Request<GetFollowUpContextRequest>) -> Answer<GetFollowUpContextResponse> {
        not_played()
    }

    async fn ingest_events(&self, request: Request<IngestEventsRequest>) -> Answer<IngestEventsResponse> {
        let request = request.into_inner();
        self.present()?.ingested.push(request.clone());
        let outcome = |event: &Vec<u8>| {
            let document: serde_json::Value = serde_json::from_slice(event).unwrap_or_default();
            let id = document["id"].as_str().unwrap_or_default().to_owned();
            let accepted = !id.is_empty();
            IngestOutcome {
                id,
                accepted,
                code: if accepted {
                    String::new()
                } else {
                    codes::MALFORMED.name.into()
                },
                reason: if accepted { String::new() } else { "is missing".into() },
                field: if accepted { String::new() } else { "id".into() },
                retry: false,
            }
        };
        answer(IngestEventsResponse {
            outcomes: request.events.iter().map(outcome).collect(),
        })
    }
}

#[tonic::async_trait]
impl WorkspaceService for Peers {
    async fn get_channel(&self, request: Request<GetChannelRequest>) -> Answer<GetChannelResponse> {
        let request = request.into_inner();
        let origins = match (request.workspace.as_str(), request.channel.as_str()) {
            ("acme", "web" | "strict") => vec![],
            ("acme", "shop") => vec!["https://shop.example".to_owned()],
            _ => return Err(refuse(Fault::not_found("channel"))),
        };
        let settings = ChannelSettings {
            allowed_origins: origins,
            ..Default::default()
        };
        answer(GetChannelResponse {
            channel: Some(Channel {
                channel: request.channel,
                settings: Some(settings),
                version: 1,
                ..Default::default()
            }),
        })
    }

    async fn update_channel(&self, request: Request<UpdateChannelRequest>) -> Answer<UpdateChannelResponse> {
        let request = request.into_inner();
        self.memory().updates.push(request.clone());
        answer(UpdateChannelResponse {
            channel: Some(Channel {
                channel: request.channel,
                settings: request.settings,
                version: request.version + 1,
                ..Default::default()
            }),
        })
    }

    async fn authenticate_token(
        &self,
        request: Request<AuthenticateTokenRequest>,
    ) -> Answer<AuthenticateTokenResponse> {
        self.memory().authenticated += 1;
        let (integration, scopes) = match request.into_inner().token.as_str() {
            TOKEN => ("helpdesk", vec![Scope::Ingest, Scope::Read, Scope::Write, Scope::Admin]),
            READER => ("reader", vec![Scope::Read]),
            _ => return Err(refuse(Fault::new(&codes::UNAUTHENTICATED, "the token is not valid"))),
        };
        answer(AuthenticateTokenResponse {
            workspace: "acme".into(),
            integration: integration.into(),
            scopes: scopes.into_iter().map(Into::into).collect(),
        })
    }

    async fn create_workspace(&self, _: Request<CreateWorkspaceRequest>) -> Answer<CreateWorkspaceResponse> {
        not_played()
    }
    async fn get_workspace(&self, _: Request<GetWorkspaceRequest>) -> Answer<GetWorkspaceResponse> {
        not_played()
    }
    async fn create_channel(&self, _: Request<CreateChannelRequest>) -> Answer<CreateChannelResponse> {
        not_played()
    }
    async fn list_channels(&self, _: Request<ListChannelsRequest>) -> Answer<ListChannelsResponse> {
        not_played()
    }
    async fn create_team(&self, _: Request<CreateTeamRequest>) -> Answer<CreateTeamResponse> {
        not_played()
    }
    async fn create_agent(&self, _: Request<CreateAgentRequest>) -> Answer<CreateAgentResponse> {
        not_played()
    }
    async fn create_integration(&self, _: Request<CreateIntegrationRequest>) -> Answer<CreateIntegrationResponse> {
        not_played()
    }
    async fn rotate_integration_token(
        &self,
        _: Request<RotateIntegrationTokenRequest>,
    ) -> Answer<RotateIntegrationTokenResponse> {
        not_played()
    }
}

#[tonic::async_trait]
impl FollowUpService for Peers {
    async fn explain_follow_up(&self, _: Request<ExplainFollowUpRequest>) -> Answer<ExplainFollowUpResponse> {
        answer(ExplainFollowUpResponse {
            summary: "Nothing was sent: the customer read the answer.".into(),
            ..Default::default()
        })
    }

    async fn list_follow_ups(&self, _: Request<ListFollowUpsRequest>) -> Answer<ListFollowUpsResponse> {
        answer(ListFollowUpsResponse {
            follow_ups: vec![FollowUp {
                follow_up: "018f4e3a-0000-7000-8000-000000000001".into(),
                state: FollowUpState::Done.into(),
                end_reason: events::event::FollowUpEnd::NoAddress.into(),
                ..Default::default()
            }],
            next_page_token: String::new(),
        })
    }

    async fn record_receipt(&self, request: Request<RecordReceiptRequest>) -> Answer<RecordReceiptResponse> {
        let request = request.into_inner();
        let fits = request.signature == "right";
        self.memory().receipts.push(request);
        if fits {
            answer(RecordReceiptResponse {})
        } else {
            Err(refuse(Fault::new(&codes::SIGNATURE, "the signature does not fit")))
        }
    }

    async fn redeem_return_link(&self, request: Request<RedeemReturnLinkRequest>) -> Answer<RedeemReturnLinkResponse> {
        let request = request.into_inner();
        if format!("{}.{}", request.workspace, request.token) != LINK {
            return Err(refuse(Fault::not_found("link")));
        }
        let mut memory = self.memory();
        memory.redeemed_links += 1;
        let first = memory.conversations.first().cloned().unwrap_or_default();
        answer(RedeemReturnLinkResponse {
            conversation: first.conversation,
            visitor: first.visitor,
        })
    }

    async fn resolve_return_link(
        &self,
        request: Request<ResolveReturnLinkRequest>,
    ) -> Answer<ResolveReturnLinkResponse> {
        let request = request.into_inner();
        self.memory().resolved_links += 1;
        let page_url = match format!("{}.{}", request.workspace, request.token).as_str() {
            LINK => PAGE.to_owned(),
            "acme.CCCCCCCCCCCCCCCCCCCCCC" => String::new(),
            _ => return Err(refuse(Fault::not_found("link"))),
        };
        let first = self.memory().conversations.first().cloned().unwrap_or_default();
        answer(ResolveReturnLinkResponse {
            page_url,
            conversation: first.conversation,
        })
    }

    async fn set_opt_out(&self, request: Request<SetOptOutRequest>) -> Answer<SetOptOutResponse> {
        self.memory().opt_outs.push(request.into_inner());
        answer(SetOptOutResponse {})
    }

    async fn get_opt_out(&self, _: Request<GetOptOutRequest>) -> Answer<GetOptOutResponse> {
        not_played()
    }
}

#[tonic::async_trait]
impl BillingService for Peers {
    async fn get_usage(&self, request: Request<GetUsageRequest>) -> Answer<GetUsageResponse> {
        let request = request.into_inner();
        let spans = request
            .to
            .zip(request.from)
            .map_or(0, |(to, from)| to.seconds - from.seconds);
        answer(GetUsageResponse {
            rows: vec![],
            total_micro_pu: spans,
        })
    }

    async fn list_charges(&self, _: Request<ListChargesRequest>) -> Answer<ListChargesResponse> {
        answer(ListChargesResponse {
            charges: vec![Charge {
                kind: events::common::MessageKind::Sms.into(),
                state: HoldState::Captured.into(),
                ..Default::default()
            }],
            next_page_token: String::new(),
        })
    }

    async fn get_balance(&self, _: Request<GetBalanceRequest>) -> Answer<GetBalanceResponse> {
        answer(GetBalanceResponse {
            balance: Some(Balance {
                available_micro_pu: 7,
                held_micro_pu: 3,
            }),
        })
    }

    async fn top_up(&self, _: Request<TopUpRequest>) -> Answer<TopUpResponse> {
        not_played()
    }
    async fn set_prices(&self, _: Request<SetPricesRequest>) -> Answer<SetPricesResponse> {
        not_played()
    }
    async fn hold(&self, _: Request<HoldRequest>) -> Answer<HoldResponse> {
        not_played()
    }
}
