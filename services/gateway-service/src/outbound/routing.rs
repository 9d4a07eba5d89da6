use super::calls::calls;
use rpc::routing::invitation_service_client::InvitationServiceClient;
use rpc::routing::queue_service_client::QueueServiceClient;
use rpc::routing::routing_service_client::RoutingServiceClient;
use rpc::routing::*;
use tonic::Streaming;
use tonic::transport::Channel as Connection;

/// routing-service: agents, the queue, invitations.
#[derive(Clone)]
pub struct Routing {
    agents: RoutingServiceClient<Connection>,
    queue: QueueServiceClient<Connection>,
    invitations: InvitationServiceClient<Connection>,
    watched_queue: QueueServiceClient<Connection>,
    watched_invitations: InvitationServiceClient<Connection>,
}

impl Routing {
    /// `watches` is a connection of their own for what is watched: a socket that reads slowly must hold up no call.
    pub fn new(calls: Connection, watches: Connection) -> Self {
        Self {
            agents: RoutingServiceClient::new(calls.clone()),
            queue: QueueServiceClient::new(calls.clone()),
            invitations: InvitationServiceClient::new(calls),
            watched_queue: QueueServiceClient::new(watches.clone()),
            watched_invitations: InvitationServiceClient::new(watches),
        }
    }
}

calls! { Routing.agents:
    set_agent_availability(SetAgentAvailabilityRequest) -> SetAgentAvailabilityResponse;
    set_agent_profile(SetAgentProfileRequest) -> SetAgentProfileResponse;
    list_agents(ListAgentsRequest) -> ListAgentsResponse;
}

calls! { Routing.queue:
    get_request(GetRequestRequest) -> GetRequestResponse;
    list_requests(ListRequestsRequest) -> ListRequestsResponse;
    accept_alert(AcceptAlertRequest) -> AcceptAlertResponse;
    decline_alert(DeclineAlertRequest) -> DeclineAlertResponse;
    assign(AssignRequest) -> AssignResponse;
    transfer(TransferRequest) -> TransferResponse;
    list_assignments(ListAssignmentsRequest) -> ListAssignmentsResponse;
}

calls! { Routing.invitations:
    set_channel_routing(SetChannelRoutingRequest) -> SetChannelRoutingResponse;
    get_channel_routing(GetChannelRoutingRequest) -> GetChannelRoutingResponse;
    consider_visitor(ConsiderVisitorRequest) -> ConsiderVisitorResponse;
    answer_invitation(AnswerInvitationRequest) -> AnswerInvitationResponse;
    start_chat(StartChatRequest) -> StartChatResponse;
    list_invitations(ListInvitationsRequest) -> ListInvitationsResponse;
}

// The deadline of these is for their beginning: the stream goes on until one of both ends it.
calls! { Routing.watched_queue:
    watch_alerts(WatchAlertsRequest) -> Streaming<WatchAlertsResponse>;
    watch_queue(WatchQueueRequest) -> Streaming<WatchQueueResponse>;
}

calls! { Routing.watched_invitations:
    watch_invitation(WatchInvitationRequest) -> Streaming<WatchInvitationResponse>;
}
