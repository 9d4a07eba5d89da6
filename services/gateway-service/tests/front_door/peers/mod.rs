//! The services behind the gateway, as far as a door can tell: they remember what they were asked.

mod automatic_messages;
mod billing;
pub mod cards;
pub mod contacts;
mod conversations;
mod erasures;
mod follow_ups;
pub mod forms;
mod opening_hours;
mod retention;
pub mod routing;
mod stars;
pub mod workflows;
mod workspaces;

use domain::{ConversationId, Entropy, WorkspaceId};
use events::common::AuthorRole;
use events::event::MessagePosted;
use fault::Fault;
use prost::Message as _;
use rpc::billing::billing_service_server::BillingServiceServer;
use rpc::billing::{GetUsageRequest, ListChargesRequest};
use rpc::contacts::consent_service_server::ConsentServiceServer;
use rpc::contacts::contact_book_service_server::ContactBookServiceServer;
use rpc::contacts::contact_service_server::ContactServiceServer;
use rpc::contacts::identity_service_server::IdentityServiceServer;
use rpc::contacts::import_service_server::ImportServiceServer;
use rpc::contacts::interaction_service_server::InteractionServiceServer;
use rpc::contacts::privacy_service_server::PrivacyServiceServer;
use rpc::contacts::purchase_service_server::PurchaseServiceServer;
use rpc::contacts::retention_service_server as contact_retention;
use rpc::contacts::role_service_server::RoleServiceServer;
use rpc::contacts::segment_service_server::SegmentServiceServer;
use rpc::contacts::{
    AddIdentityKeyRequest, AssignRoleRequest, DismissConflictRequest, EraseContactRequest, ExportSegmentRequest,
    IdentifyContactRequest, ImportContactsRequest, IngestOrdersRequest, ListContactsRequest, ListSegmentRequest,
    MergeContactsRequest, RecordConsentRequest, SetRoleRequest, UndoMergeRequest, UpdateContactRequest,
    WithdrawConsentRequest,
};
use rpc::conversation::automatic_message_service_server::AutomaticMessageServiceServer;
use rpc::conversation::card_service_server::CardServiceServer;
use rpc::conversation::conversation_service_server::ConversationServiceServer;
use rpc::conversation::form_service_server::FormServiceServer;
use rpc::conversation::opening_hours_service_server::OpeningHoursServiceServer;
use rpc::conversation::retention_service_server as conversation_retention;
use rpc::conversation::star_service_server::StarServiceServer;
use rpc::conversation::workflow_service_server::WorkflowServiceServer;
use rpc::conversation::workspace_service_server::WorkspaceServiceServer;
use rpc::conversation::{
    BindContactRequest, Conversation, Form, GivenContact, IngestEventsRequest, Message, OfferFormRequest,
    PreviewAutomaticMessageRequest, RequestTranscriptRequest, Scope, SendAutomaticMessageRequest, SendCardRequest,
    SetAutomaticMessagesRequest, SetInputFormRequest, SetOpeningHoursRequest, Star, StartConversationRequest,
    StartWorkflowRequest, SubmitFormRequest, UpdateAgentRequest, UpdateChannelRequest, UpdateIntegrationRequest,
    UpdateWorkspaceRequest, Workflow, WriteToContactRequest,
};
use rpc::notifier::follow_up_service_server::FollowUpServiceServer;
use rpc::notifier::{RecordInboundMailRequest, RecordInboundTextRequest, RecordReceiptRequest, SetOptOutRequest};
use rpc::routing::invitation_service_server::InvitationServiceServer;
use rpc::routing::queue_service_server::QueueServiceServer;
use rpc::routing::routing_service_server::RoutingServiceServer;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use testkit::SeededEntropy;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Response, Status};

/// May do everything in `acme`.
pub const TOKEN: &str = "acme.helpdesk.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// May only read.
pub const READER: &str = "acme.reader.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// All scopes that a token may have.
pub const SCOPES: [Scope; 7] = [
    Scope::Ingest,
    Scope::Read,
    Scope::Write,
    Scope::Admin,
    Scope::Contacts,
    Scope::Facts,
    Scope::Privacy,
];

/// Has this scope alone in `acme`.
pub fn token_with(scope: Scope) -> String {
    format!("acme.with{}.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", scope as i32)
}

/// Has every other scope in `acme`.
pub fn token_without(scope: Scope) -> String {
    format!(
        "acme.without{}.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        scope as i32
    )
}

/// The one return link there is.
pub const LINK: &str = "acme.BBBBBBBBBBBBBBBBBBBBBB";
/// Its page.
pub const PAGE: &str = "https://shop.example/cart?x=1";
/// The only slug that is no agent's.
pub const STRANGER: &str = "mallory";

/// What was asked, and what is stored.
#[derive(Default)]
pub struct Memory {
    pub conversations: Vec<Conversation>,
    pub messages: Vec<(String, Message)>,
    /// (request id, conversation)
    started: Vec<(String, String)>,
    pub contacts: Vec<GivenContact>,
    pub bound: Vec<BindContactRequest>,
    pub starts: Vec<StartConversationRequest>,
    pub first_messages: Vec<WriteToContactRequest>,
    pub receipts: Vec<RecordReceiptRequest>,
    pub opt_outs: Vec<SetOptOutRequest>,
    pub resolved_links: usize,
    pub inbound_texts: Vec<RecordInboundTextRequest>,
    pub inbound_mails: Vec<RecordInboundMailRequest>,
    pub redeemed_links: usize,
    pub unsubscribed: usize,
    pub authenticated: usize,
    pub ingested: Vec<IngestEventsRequest>,
    pub updates: Vec<UpdateChannelRequest>,
    pub usage: Vec<GetUsageRequest>,
    pub charges: Vec<ListChargesRequest>,
    pub workspaces: Vec<UpdateWorkspaceRequest>,
    pub agents: Vec<UpdateAgentRequest>,
    pub integrations: Vec<UpdateIntegrationRequest>,
    pub opening_hours: Vec<SetOpeningHoursRequest>,
    pub automatic_messages: Vec<SetAutomaticMessagesRequest>,
    pub previews: Vec<PreviewAutomaticMessageRequest>,
    pub said: Vec<SendAutomaticMessageRequest>,
    pub input_forms: Vec<SetInputFormRequest>,
    pub offered: Vec<OfferFormRequest>,
    pub stars: Vec<Star>,
    pub cards: Vec<SendCardRequest>,
    /// How often something came of any card.
    pub card_changes: u64,
    pub workflows: Vec<Workflow>,
    pub started_workflows: Vec<StartWorkflowRequest>,
    pub submitted: Vec<SubmitFormRequest>,
    /// The form that is open, whichever the conversation.
    pub open_form: Option<Form>,
    pub copies: Vec<RequestTranscriptRequest>,
    pub contact_lists: Vec<ListContactsRequest>,
    /// In whose name lists of contacts were asked for.
    pub callers: Vec<Option<rpc::Caller>>,
    pub roles: Vec<SetRoleRequest>,
    /// Of contacts, and of conversations: days, version and who set it.
    pub retentions: Vec<(&'static str, u32, u64, String)>,
    pub assigned_roles: Vec<AssignRoleRequest>,
    pub contact_updates: Vec<UpdateContactRequest>,
    pub segments: Vec<ListSegmentRequest>,
    pub exports: Vec<ExportSegmentRequest>,
    pub imports: Vec<ImportContactsRequest>,
    pub identities: Vec<IdentifyContactRequest>,
    pub identity_keys: Vec<AddIdentityKeyRequest>,
    pub consents: Vec<RecordConsentRequest>,
    pub withdrawals: Vec<WithdrawConsentRequest>,
    pub merges: Vec<MergeContactsRequest>,
    pub undone_merges: Vec<UndoMergeRequest>,
    pub orders: Vec<IngestOrdersRequest>,
    pub erasures: Vec<EraseContactRequest>,
    pub dismissed: Vec<DismissConflictRequest>,
    /// Every call to conversations fails while this is set.
    pub away: bool,
}

#[derive(Clone)]
pub struct Peers {
    memory: Arc<Mutex<Memory>>,
    desk: Arc<Mutex<routing::Desk>>,
    entropy: Arc<SeededEntropy>,
    nats: async_nats::Client,
}

impl Peers {
    /// Serves all of them on one port.
    pub async fn start(nats: async_nats::Client) -> anyhow::Result<(Self, SocketAddr)> {
        let peers = Self {
            memory: Arc::default(),
            desk: Arc::default(),
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
            .add_service(OpeningHoursServiceServer::new(peers.clone()))
            .add_service(FormServiceServer::new(peers.clone()))
            .add_service(CardServiceServer::new(peers.clone()))
            .add_service(StarServiceServer::new(peers.clone()))
            .add_service(WorkflowServiceServer::new(peers.clone()))
            .add_service(AutomaticMessageServiceServer::new(peers.clone()))
            .add_service(
                FollowUpServiceServer::new(peers.clone()).max_decoding_message_size(2 * runtime::MESSAGE_BYTES),
            )
            .add_service(BillingServiceServer::new(peers.clone()))
            .add_service(ContactServiceServer::new(peers.clone()))
            .add_service(ContactBookServiceServer::new(peers.clone()))
            .add_service(ConsentServiceServer::new(peers.clone()))
            .add_service(IdentityServiceServer::new(peers.clone()))
            .add_service(PrivacyServiceServer::new(peers.clone()))
            .add_service(InteractionServiceServer::new(peers.clone()))
            .add_service(PurchaseServiceServer::new(peers.clone()))
            .add_service(contact_retention::RetentionServiceServer::new(peers.clone()))
            .add_service(conversation_retention::RetentionServiceServer::new(peers.clone()))
            .add_service(RoleServiceServer::new(peers.clone()))
            .add_service(SegmentServiceServer::new(peers.clone()))
            .add_service(ImportServiceServer::new(peers.clone()))
            .add_service(RoutingServiceServer::new(peers.clone()))
            .add_service(QueueServiceServer::new(peers.clone()))
            .add_service(InvitationServiceServer::new(peers.clone()))
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
            delivery: None,
            content: None,
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

    /// Publishes a fact as the relay would.
    pub async fn publish(&self, subject: events::Subject, fact: Vec<u8>) -> anyhow::Result<()> {
        self.nats.publish(subject.to_string(), fact.into()).await?;
        Ok(())
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
