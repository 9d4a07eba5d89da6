//! routing-service: what it is to answer and to tell is set by the test.

use super::{Answer, Peers, answer, refuse};
use events::common::ChannelKind;
use events::event::{AssigneeKind, AssignmentCause, ProactiveMode, RequestState};
use fault::Fault;
use rpc::routing::invitation_service_server::InvitationService;
use rpc::routing::queue_service_server::QueueService;
use rpc::routing::routing_service_server::RoutingService;
use rpc::routing::*;
use std::sync::MutexGuard;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Request as Asked, Status};

/// The id of the only request, and of the only invitation.
pub const REQUEST: &str = "018f4e3a-0000-7000-8000-0000000000a1";
pub const INVITATION: &str = "018f4e3a-0000-7000-8000-0000000000a2";

/// What was asked, and what is told.
#[derive(Default)]
pub struct Desk {
    pub availabilities: Vec<SetAgentAvailabilityRequest>,
    pub profiles: Vec<SetAgentProfileRequest>,
    pub lists: Vec<ListRequestsRequest>,
    pub accepted: Vec<AcceptAlertRequest>,
    pub declined: Vec<DeclineAlertRequest>,
    pub assigned: Vec<AssignRequest>,
    pub transferred: Vec<TransferRequest>,
    pub settings: Vec<SetChannelRoutingRequest>,
    pub started: Vec<StartChatRequest>,
    pub considered: Vec<ConsiderVisitorRequest>,
    pub answers: Vec<AnswerInvitationRequest>,
    /// What ConsiderVisitor answers.
    pub consideration: ConsiderVisitorResponse,
    pub invitation: Told<WatchInvitationResponse>,
    pub alerts: Told<WatchAlertsResponse>,
    pub queue: Told<WatchQueueResponse>,
    /// Teams whose queue is watched, one entry for each stream that was opened.
    pub watched: Vec<String>,
    /// The request is kept no more.
    pub gone: bool,
    /// Every call fails while this is set.
    pub away: bool,
}

/// A stream that is told the newest state, to whoever watches.
pub struct Told<T> {
    now: Option<T>,
    watchers: Vec<UnboundedSender<Result<T, Status>>>,
}

impl<T> Default for Told<T> {
    fn default() -> Self {
        Self {
            now: None,
            watchers: Vec::new(),
        }
    }
}

impl<T: Clone> Told<T> {
    pub fn tell(&mut self, news: T) {
        self.watchers.retain(|watcher| watcher.send(Ok(news.clone())).is_ok());
        self.now = Some(news);
    }

    /// The streams end, as when the service stops.
    pub fn break_off(&mut self) {
        self.watchers.clear();
    }

    /// Nobody who watches from now on is told anything yet.
    pub fn forget(&mut self) {
        self.now = None;
    }

    fn watch(&mut self) -> UnboundedReceiverStream<Result<T, Status>> {
        let (sender, receiver) = unbounded_channel();
        if let Some(now) = self.now.clone() {
            let _ = sender.send(Ok(now));
        }
        self.watchers.push(sender);
        UnboundedReceiverStream::new(receiver)
    }
}

/// The only request, as `ann` is alerted to it.
pub fn alerted() -> Request {
    Request {
        request: REQUEST.into(),
        channel: "web".into(),
        kind: ChannelKind::Web.into(),
        team: "parcels".into(),
        state: RequestState::Alerted.into(),
        priority: 5,
        waiting_since: Some(prost_types::Timestamp::default()),
        visitor: "018f4e3a-0000-7000-8000-0000000000a3".into(),
        invitation: INVITATION.into(),
        assignee: Some(Assignee {
            kind: AssigneeKind::Agent.into(),
            id: "ann".into(),
        }),
        alert_until: Some(prost_types::Timestamp::default()),
        version: 2,
        page: Some(VisitedPage {
            url: "https://shop.example/pricing".into(),
            referrer: String::new(),
            visits: 3,
            on_page_ms: 20_000,
            on_site_ms: 60_000,
        }),
        ..Default::default()
    }
}

pub fn serving() -> Request {
    Request {
        state: RequestState::Serving.into(),
        alert_until: None,
        version: 3,
        ..alerted()
    }
}

fn found(request: &str) -> Result<(), Status> {
    match request {
        REQUEST => Ok(()),
        _ => Err(refuse(Fault::not_found("request"))),
    }
}

impl Peers {
    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn at_desk(&self) -> Result<MutexGuard<'_, Desk>, Status> {
        let desk = self.desk();
        if desk.away {
            return Err(Status::unavailable("away"));
        }
        Ok(desk)
    }
}

#[tonic::async_trait]
impl RoutingService for Peers {
    async fn set_agent_availability(
        &self,
        request: Asked<SetAgentAvailabilityRequest>,
    ) -> Answer<SetAgentAvailabilityResponse> {
        let request = request.into_inner();
        self.at_desk()?.availabilities.push(request.clone());
        let agent = Agent {
            agent: request.agent,
            availability: request.availability,
            version: 2,
            is_connected: true,
            ..Default::default()
        };
        answer(SetAgentAvailabilityResponse { agent: Some(agent) })
    }

    async fn set_agent_profile(&self, request: Asked<SetAgentProfileRequest>) -> Answer<SetAgentProfileResponse> {
        let request = request.into_inner();
        self.at_desk()?.profiles.push(request.clone());
        let agent = Agent {
            agent: request.agent,
            profile: request.profile,
            version: 3,
            ..Default::default()
        };
        answer(SetAgentProfileResponse { agent: Some(agent) })
    }

    async fn get_agent(&self, _: Asked<GetAgentRequest>) -> Answer<GetAgentResponse> {
        Err(Status::unimplemented("nobody asks for it at this door"))
    }

    async fn list_agents(&self, request: Asked<ListAgentsRequest>) -> Answer<ListAgentsResponse> {
        let request = request.into_inner();
        let desk = self.at_desk()?;
        let set = desk.availabilities.last().map(|last| last.availability).unwrap_or(1);
        let web = |chats| {
            vec![Chats {
                kind: ChannelKind::Web.into(),
                chats,
            }]
        };
        let (agent, next) = match request.page_token.as_str() {
            "" => ("adam", "adam"),
            _ => ("ann", ""),
        };
        let agent = Agent {
            agent: agent.into(),
            availability: set,
            version: 1,
            teams: vec!["parcels".into()],
            profile: Some(AgentProfile {
                languages: vec!["pl".into()],
                capacity: web(4),
            }),
            is_connected: true,
            in_use: web(1),
            ..Default::default()
        };
        answer(ListAgentsResponse {
            agents: vec![agent],
            next_page_token: next.into(),
        })
    }
}

#[tonic::async_trait]
impl QueueService for Peers {
    type WatchAlertsStream = UnboundedReceiverStream<Result<WatchAlertsResponse, Status>>;
    type WatchQueueStream = UnboundedReceiverStream<Result<WatchQueueResponse, Status>>;

    async fn get_request(&self, request: Asked<GetRequestRequest>) -> Answer<GetRequestResponse> {
        let desk = self.at_desk()?;
        match request.into_inner().by {
            Some(get_request_request::By::Request(id)) if !desk.gone => found(&id)?,
            _ => return Err(refuse(Fault::not_found("request"))),
        }
        let now = desk.alerts.now.clone().and_then(|told| told.request);
        answer(GetRequestResponse {
            request: Some(now.unwrap_or_else(alerted)),
        })
    }

    async fn list_requests(&self, request: Asked<ListRequestsRequest>) -> Answer<ListRequestsResponse> {
        self.at_desk()?.lists.push(request.into_inner());
        answer(ListRequestsResponse {
            requests: vec![alerted()],
            next_page_token: "more".into(),
        })
    }

    async fn accept_alert(&self, request: Asked<AcceptAlertRequest>) -> Answer<AcceptAlertResponse> {
        let request = request.into_inner();
        found(&request.request)?;
        self.at_desk()?.accepted.push(request);
        answer(AcceptAlertResponse {
            request: Some(serving()),
        })
    }

    async fn decline_alert(&self, request: Asked<DeclineAlertRequest>) -> Answer<DeclineAlertResponse> {
        let request = request.into_inner();
        found(&request.request)?;
        self.at_desk()?.declined.push(request);
        answer(DeclineAlertResponse {})
    }

    async fn assign(&self, request: Asked<AssignRequest>) -> Answer<AssignResponse> {
        let request = request.into_inner();
        let now = Request {
            assignee: request.assignee.clone(),
            conversation: request.conversation.clone(),
            ..serving()
        };
        self.at_desk()?.assigned.push(request);
        answer(AssignResponse { request: Some(now) })
    }

    async fn transfer(&self, request: Asked<TransferRequest>) -> Answer<TransferResponse> {
        let request = request.into_inner();
        let now = Request {
            state: RequestState::Waiting.into(),
            assignee: None,
            position: 1,
            ..serving()
        };
        self.at_desk()?.transferred.push(request);
        answer(TransferResponse { request: Some(now) })
    }

    async fn list_assignments(&self, _: Asked<ListAssignmentsRequest>) -> Answer<ListAssignmentsResponse> {
        let one = |version, cause: AssignmentCause, assignee| Assignment {
            version,
            assignee,
            cause: cause.into(),
            by: "boss".into(),
            at: Some(prost_types::Timestamp::default()),
        };
        answer(ListAssignmentsResponse {
            assignments: vec![
                one(1, AssignmentCause::Queued, None),
                one(2, AssignmentCause::Assigned, alerted().assignee),
            ],
        })
    }

    async fn watch_alerts(&self, _: Asked<WatchAlertsRequest>) -> Answer<Self::WatchAlertsStream> {
        answer(self.at_desk()?.alerts.watch())
    }

    async fn watch_queue(&self, request: Asked<WatchQueueRequest>) -> Answer<Self::WatchQueueStream> {
        let mut desk = self.at_desk()?;
        desk.watched.push(request.into_inner().team);
        answer(desk.queue.watch())
    }
}

#[tonic::async_trait]
impl InvitationService for Peers {
    type WatchInvitationStream = UnboundedReceiverStream<Result<WatchInvitationResponse, Status>>;

    async fn set_channel_routing(&self, request: Asked<SetChannelRoutingRequest>) -> Answer<SetChannelRoutingResponse> {
        let request = request.into_inner();
        let version = request.version + 1;
        let routing = request.routing.clone();
        let mut rules = routing.iter().flat_map(|routing| &routing.rules);
        if rules.any(|rule| rule.page == "pricing") {
            return Err(refuse(Fault::invalid("routing.rules[0].page", "needs a path")));
        }
        self.at_desk()?.settings.push(request);
        answer(SetChannelRoutingResponse { routing, version })
    }

    async fn get_channel_routing(&self, _: Asked<GetChannelRoutingRequest>) -> Answer<GetChannelRoutingResponse> {
        let routing = ChannelRouting {
            mode: ProactiveMode::Off.into(),
            declined_days: 30,
            ..Default::default()
        };
        answer(GetChannelRoutingResponse {
            routing: Some(routing),
            version: 0,
        })
    }

    async fn consider_visitor(&self, request: Asked<ConsiderVisitorRequest>) -> Answer<ConsiderVisitorResponse> {
        let mut desk = self.at_desk()?;
        desk.considered.push(request.into_inner());
        answer(desk.consideration.clone())
    }

    async fn answer_invitation(&self, request: Asked<AnswerInvitationRequest>) -> Answer<AnswerInvitationResponse> {
        let request = request.into_inner();
        let mut desk = self.at_desk()?;
        if request.invitation != INVITATION {
            return Err(refuse(Fault::not_found("invitation")));
        }
        desk.answers.push(request);
        answer(AnswerInvitationResponse {
            invitation: desk.invitation.now.clone().and_then(|told| told.invitation),
        })
    }

    async fn start_chat(&self, request: Asked<StartChatRequest>) -> Answer<StartChatResponse> {
        let request = request.into_inner();
        found(&request.request)?;
        self.at_desk()?.started.push(request);
        answer(StartChatResponse {
            request: Some(serving()),
            number: 12,
        })
    }

    async fn list_invitations(&self, request: Asked<ListInvitationsRequest>) -> Answer<ListInvitationsResponse> {
        let desk = self.at_desk()?;
        let all = desk.invitation.now.iter().filter_map(|told| told.invitation.clone());
        let channel = request.into_inner().channel;
        let of = |one: &Invitation| channel.is_empty() || one.channel == channel;
        answer(ListInvitationsResponse {
            invitations: all.filter(of).collect(),
            next_page_token: String::new(),
        })
    }

    async fn watch_invitation(&self, request: Asked<WatchInvitationRequest>) -> Answer<Self::WatchInvitationStream> {
        let mut desk = self.at_desk()?;
        if request.into_inner().invitation != INVITATION {
            return Err(refuse(Fault::not_found("invitation")));
        }
        answer(desk.invitation.watch())
    }
}
