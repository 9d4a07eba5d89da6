//! The other services as the notifier sees them.

use events::common::{ChannelKind, MessageKind, PresenceState};
use rpc::billing::billing_service_server::{BillingService, BillingServiceServer};
use rpc::billing::{self, HoldState};
use rpc::contacts::consent_service_server::{ConsentService, ConsentServiceServer};
use rpc::contacts::contact_service_server::{ContactService, ContactServiceServer};
use rpc::contacts::{self, Address};
use rpc::conversation::conversation_service_server::{ConversationService, ConversationServiceServer};
use rpc::conversation::star_service_server::StarServiceServer;
use rpc::conversation::workspace_service_server::{WorkspaceService, WorkspaceServiceServer};
use rpc::conversation::{self, GetFollowUpContextResponse, Message};
use rpc::presence::presence_service_server::{PresenceService, PresenceServiceServer};
use rpc::presence::{self, Presence};
use rpc::routing::routing_service_server::RoutingServiceServer;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// Price of one part, micro-PU.
pub const PART: i64 = 2_000_000;

/// What the owners would say.
#[derive(Default)]
pub struct Truth {
    pub contexts: HashMap<String, GetFollowUpContextResponse>,
    /// By conversation and sequence.
    pub messages: HashMap<(String, u64), Message>,
    pub presences: HashMap<String, Presence>,
    /// Address and the name of its contact.
    pub addresses: HashMap<String, (Address, String)>,
    /// Addresses that a consent for outreach names.
    pub consents: HashSet<String>,
    /// Where everybody lives, as their contacts' fields say; empty: not known.
    pub time_zone: String,
    /// Contacts who took back what they agreed to, and how.
    pub withdrawn: Vec<(String, contacts::WithdrawnBy)>,
    /// Holds by delivery.
    pub holds: HashMap<String, (MessageKind, u32)>,
    pub not_covered: bool,
    pub no_price: bool,
    /// Messages that were posted, and conversations that were opened, by texts.
    pub replies: Vec<conversation::PostMessageRequest>,
    pub opened: Vec<conversation::StartConversationRequest>,
    pub conversation_away: bool,
    /// Reminders that were told, by conversation and agent.
    pub reminders: HashMap<(String, String), conversation::GetReminderResponse>,
    /// Agents who told their availability.
    pub agents: HashMap<String, rpc::routing::Agent>,
    pub routing_away: bool,
    /// Calls to conversation-service do not come back.
    pub conversation_hangs: bool,
    /// Messages that are posted are answered once this is over.
    pub posting_waits: bool,
    /// Messages that came to be posted while they waited.
    pub posts_waiting: u32,
    pub context_calls: u32,
}

#[derive(Clone, Default)]
pub struct Peers(Arc<Mutex<Truth>>);

pub type Answer<T> = Result<Response<T>, Status>;

fn none<T>() -> Answer<T> {
    Err(Status::unimplemented("not needed here"))
}

impl Peers {
    /// Serves all of them on one port.
    pub async fn start() -> anyhow::Result<(Self, String)> {
        let peers = Self::default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let server = tonic::transport::Server::builder()
            .add_service(ConversationServiceServer::new(peers.clone()))
            .add_service(WorkspaceServiceServer::new(peers.clone()))
            .add_service(PresenceServiceServer::new(peers.clone()))
            .add_service(ContactServiceServer::new(peers.clone()))
            .add_service(ConsentServiceServer::new(peers.clone()))
            .add_service(BillingServiceServer::new(peers.clone()))
            .add_service(StarServiceServer::new(peers.clone()))
            .add_service(RoutingServiceServer::new(peers.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        Ok((peers, url))
    }

    pub fn truth(&self) -> MutexGuard<'_, Truth> {
        self.0.lock().expect("nobody panics with it")
    }
}

macro_rules! not_needed {
    ($($name:ident: $request:ty => $response:ty;)+) => {$(
        fn $name<'life0, 'async_trait>(
            &'life0 self,
            _: Request<$request>,
        ) -> std::pin::Pin<Box<dyn Future<Output = Answer<$response>> + Send + 'async_trait>>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            Box::pin(async { none() })
        }
    )+};
}

#[tonic::async_trait]
impl ConversationService for Peers {
    async fn get_follow_up_context(
        &self,
        request: Request<conversation::GetFollowUpContextRequest>,
    ) -> Answer<GetFollowUpContextResponse> {
        let (away, hangs) = {
            let mut truth = self.truth();
            truth.context_calls += 1;
            (truth.conversation_away, truth.conversation_hangs)
        };
        if hangs {
            std::future::pending::<()>().await;
        }
        if away {
            return Err(Status::unavailable("away"));
        }
        let request = request.into_inner();
        let mut context = self
            .truth()
            .contexts
            .get(&request.conversation)
            .cloned()
            .ok_or_else(|| Status::not_found("conversation"))?;
        let read = context.read_up_to.max(context.customer_up_to);
        context
            .answers
            .retain(|answer| answer.seq >= request.from_seq && answer.seq > read);
        context.answers_total = u32::try_from(context.answers.len()).expect("few");
        Ok(Response::new(context))
    }

    async fn list_messages(
        &self,
        request: Request<conversation::ListMessagesRequest>,
    ) -> Answer<conversation::ListMessagesResponse> {
        let request = request.into_inner();
        let after = request.after_seq + 1;
        let truth = self.truth();
        let page = (after..after + u64::from(request.page_size))
            .filter_map(|seq| truth.messages.get(&(request.conversation.clone(), seq)).cloned());
        let messages = page.collect();
        Ok(Response::new(conversation::ListMessagesResponse {
            messages,
            ..Default::default()
        }))
    }

    async fn get_conversation(
        &self,
        request: Request<conversation::GetConversationRequest>,
    ) -> Answer<conversation::GetConversationResponse> {
        let Some(conversation::get_conversation_request::By::Conversation(id)) = request.into_inner().by else {
            return none();
        };
        let channel = self.truth().contexts.get(&id).map(|context| context.channel.clone());
        let channel = channel.ok_or_else(|| Status::not_found("conversation"))?;
        Ok(Response::new(conversation::GetConversationResponse {
            conversation: Some(conversation::Conversation {
                conversation: id,
                channel,
                ..Default::default()
            }),
        }))
    }

    async fn post_message(
        &self,
        request: Request<conversation::PostMessageRequest>,
    ) -> Answer<conversation::PostMessageResponse> {
        if self.truth().posting_waits {
            self.truth().posts_waiting += 1;
        }
        while self.truth().posting_waits {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let mut truth = self.truth();
        if truth.conversation_away {
            return Err(Status::unavailable("away"));
        }
        truth.replies.push(request.into_inner());
        Ok(Response::new(Default::default()))
    }

    async fn start_conversation(
        &self,
        request: Request<conversation::StartConversationRequest>,
    ) -> Answer<conversation::StartConversationResponse> {
        let mut truth = self.truth();
        truth.opened.push(request.into_inner());
        let opened = u128::try_from(truth.opened.len()).expect("few");
        let conversation = conversation::Conversation {
            conversation: uuid::Uuid::from_u128(opened).to_string(),
            ..Default::default()
        };
        Ok(Response::new(conversation::StartConversationResponse {
            conversation: Some(conversation),
            message: None,
        }))
    }

    not_needed! {
        write_to_contact: conversation::WriteToContactRequest => conversation::WriteToContactResponse;
        list_conversations: conversation::ListConversationsRequest => conversation::ListConversationsResponse;
        resolve_conversation: conversation::ResolveConversationRequest => conversation::ResolveConversationResponse;
        request_transcript: conversation::RequestTranscriptRequest => conversation::RequestTranscriptResponse;
        add_contact: conversation::AddContactRequest => conversation::AddContactResponse;
        bind_contact: conversation::BindContactRequest => conversation::BindContactResponse;
        mark_read: conversation::MarkReadRequest => conversation::MarkReadResponse;
        report_delivery: conversation::ReportDeliveryRequest => conversation::ReportDeliveryResponse;
        ingest_events: conversation::IngestEventsRequest => conversation::IngestEventsResponse;
    }
}

#[tonic::async_trait]
impl WorkspaceService for Peers {
    /// A channel is called after its kind.
    async fn get_channel(
        &self,
        request: Request<conversation::GetChannelRequest>,
    ) -> Answer<conversation::GetChannelResponse> {
        let channel = request.into_inner().channel;
        let kind = match channel.as_str() {
            "sms" => ChannelKind::Sms,
            "whatsapp" => ChannelKind::Whatsapp,
            _ => ChannelKind::Web,
        };
        Ok(Response::new(conversation::GetChannelResponse {
            channel: Some(conversation::Channel {
                channel,
                kind: kind.into(),
                ..Default::default()
            }),
        }))
    }

    not_needed! {
        create_workspace: conversation::CreateWorkspaceRequest => conversation::CreateWorkspaceResponse;
        get_workspace: conversation::GetWorkspaceRequest => conversation::GetWorkspaceResponse;
        create_channel: conversation::CreateChannelRequest => conversation::CreateChannelResponse;
        list_channels: conversation::ListChannelsRequest => conversation::ListChannelsResponse;
        update_channel: conversation::UpdateChannelRequest => conversation::UpdateChannelResponse;
        update_workspace: conversation::UpdateWorkspaceRequest => conversation::UpdateWorkspaceResponse;
        list_teams: conversation::ListTeamsRequest => conversation::ListTeamsResponse;
        update_integration: conversation::UpdateIntegrationRequest => conversation::UpdateIntegrationResponse;
        list_integrations: conversation::ListIntegrationsRequest => conversation::ListIntegrationsResponse;
        create_team: conversation::CreateTeamRequest => conversation::CreateTeamResponse;
        create_agent: conversation::CreateAgentRequest => conversation::CreateAgentResponse;
        get_agent: conversation::GetAgentRequest => conversation::GetAgentResponse;
        update_agent: conversation::UpdateAgentRequest => conversation::UpdateAgentResponse;
        create_integration: conversation::CreateIntegrationRequest => conversation::CreateIntegrationResponse;
        rotate_integration_token: conversation::RotateIntegrationTokenRequest
            => conversation::RotateIntegrationTokenResponse;
        authenticate_token: conversation::AuthenticateTokenRequest => conversation::AuthenticateTokenResponse;
    }
}

#[tonic::async_trait]
impl PresenceService for Peers {
    async fn get_presence(
        &self,
        request: Request<presence::GetPresenceRequest>,
    ) -> Answer<presence::GetPresenceResponse> {
        let visitor = request.into_inner().visitor;
        let known = self.truth().presences.get(&visitor).cloned();
        let presence = known.unwrap_or(Presence {
            visitor,
            state: PresenceState::Offline.into(),
            ..Presence::default()
        });
        Ok(Response::new(presence::GetPresenceResponse {
            presence: Some(presence),
        }))
    }

    not_needed! {
        batch_get_presence: presence::BatchGetPresenceRequest => presence::BatchGetPresenceResponse;
    }

    type WatchPresenceStream = tokio_stream::Empty<Result<presence::WatchPresenceResponse, Status>>;

    not_needed! {
        watch_presence: presence::WatchPresenceRequest => Self::WatchPresenceStream;
    }
}

#[tonic::async_trait]
impl ContactService for Peers {
    async fn get_address(&self, request: Request<contacts::GetAddressRequest>) -> Answer<contacts::GetAddressResponse> {
        let request = request.into_inner();
        let truth = self.truth();
        let Some((address, contact_name)) = truth.addresses.get(&request.address).cloned() else {
            return rpc::answer(Err(fault::Fault::not_found("address")));
        };
        if request.purpose() != contacts::Purpose::Support && !truth.consents.contains(&request.address) {
            return rpc::answer(Err(fault::Fault::new(&fault::codes::PURPOSE_DENIED, "no consent")));
        }
        Ok(Response::new(contacts::GetAddressResponse {
            address: Some(address),
            contact_name,
            time_zone: truth.time_zone.clone(),
        }))
    }

    /// Everybody who bears an address, as one contact.
    async fn look_up_contact(
        &self,
        request: Request<contacts::LookUpContactRequest>,
    ) -> Answer<contacts::LookUpContactResponse> {
        let request = request.into_inner();
        let truth = self.truth();
        let named = truth.addresses.values().map(|(address, _)| address);
        let mut addresses: Vec<_> = named
            .filter(|address| address.value == request.value)
            .cloned()
            .collect();
        addresses.truncate(1);
        if addresses.is_empty() {
            return Err(rpc::to_status(&fault::Fault::not_found("contact")));
        }
        let contact = Some(contacts::Contact {
            contact: request.value,
            addresses,
            ..Default::default()
        });
        Ok(Response::new(contacts::LookUpContactResponse { contact }))
    }

    not_needed! {
        capture_contact: contacts::CaptureContactRequest => contacts::CaptureContactResponse;
        get_contact: contacts::GetContactRequest => contacts::GetContactResponse;
    }
}

#[tonic::async_trait]
impl ConsentService for Peers {
    async fn withdraw_consent(
        &self,
        request: Request<contacts::WithdrawConsentRequest>,
    ) -> Answer<contacts::WithdrawConsentResponse> {
        let request = request.into_inner();
        assert!(request.at.is_some(), "so that it is known when it comes again");
        let (contact, by) = (request.contact.clone(), request.by());
        self.truth().withdrawn.push((contact, by));
        Ok(Response::new(contacts::WithdrawConsentResponse::default()))
    }

    not_needed! {
        record_consent: contacts::RecordConsentRequest => contacts::RecordConsentResponse;
        list_consents: contacts::ListConsentsRequest => contacts::ListConsentsResponse;
    }
}

#[tonic::async_trait]
impl BillingService for Peers {
    async fn hold(&self, request: Request<billing::HoldRequest>) -> Answer<billing::HoldResponse> {
        let request = request.into_inner();
        let (kind, mut truth) = (request.kind(), self.truth());
        if truth.not_covered && kind == MessageKind::Sms {
            return Ok(Response::new(billing::HoldResponse {
                state: HoldState::NotCovered.into(),
                micro_pu: 0,
            }));
        }
        if truth.no_price {
            return Err(rpc::to_status(&fault::Fault::new(
                &fault::codes::PRICE_MISSING,
                "no price",
            )));
        }
        let price = match kind {
            MessageKind::Sms => PART,
            MessageKind::Lms => 3 * PART,
            MessageKind::Whatsapp => PART / 2,
            _ => 0,
        };
        let micro_pu = price * i64::from(request.parts);
        let state = HoldState::Held.into();
        truth.holds.insert(request.delivery, (kind, request.parts));
        Ok(Response::new(billing::HoldResponse { state, micro_pu }))
    }

    not_needed! {
        top_up: billing::TopUpRequest => billing::TopUpResponse;
        set_prices: billing::SetPricesRequest => billing::SetPricesResponse;
        import_prices: billing::ImportPricesRequest => billing::ImportPricesResponse;
        export_prices: billing::ExportPricesRequest => billing::ExportPricesResponse;
        get_account: billing::GetAccountRequest => billing::GetAccountResponse;
        set_plan: billing::SetPlanRequest => billing::SetPlanResponse;
        set_thresholds: billing::SetThresholdsRequest => billing::SetThresholdsResponse;
        close_account: billing::CloseAccountRequest => billing::CloseAccountResponse;
        reopen_account: billing::ReopenAccountRequest => billing::ReopenAccountResponse;
        import_statement: billing::ImportStatementRequest => billing::ImportStatementResponse;
        get_drift: billing::GetDriftRequest => billing::GetDriftResponse;
        settle_hold: billing::SettleHoldRequest => billing::SettleHoldResponse;
        list_transfers: billing::ListTransfersRequest => billing::ListTransfersResponse;
        get_usage: billing::GetUsageRequest => billing::GetUsageResponse;
        list_charges: billing::ListChargesRequest => billing::ListChargesResponse;
        get_balance: billing::GetBalanceRequest => billing::GetBalanceResponse;
    }
}
