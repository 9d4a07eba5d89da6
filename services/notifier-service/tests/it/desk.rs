//! Agents and their stars as conversation- and routing-service know them.

use crate::peers::{Answer, Peers};
use fault::Fault;
use rpc::conversation::star_service_server::StarService;
use rpc::conversation::{
    GetReminderRequest, GetReminderResponse, ListRemindersRequest, ListRemindersResponse, ListStarredRequest,
    ListStarredResponse, RemoveStarRequest, RemoveStarResponse, SetStarRequest, SetStarResponse,
};
use rpc::routing::routing_service_server::RoutingService;
use rpc::routing::{
    GetAgentRequest, GetAgentResponse, ListAgentsRequest, ListAgentsResponse, SetAgentAvailabilityRequest,
    SetAgentAvailabilityResponse, SetAgentProfileRequest, SetAgentProfileResponse,
};
use tonic::{Request, Response, Status};

fn none<T>() -> Answer<T> {
    Err(Status::unimplemented("not needed here"))
}

#[tonic::async_trait]
impl StarService for Peers {
    async fn get_reminder(&self, request: Request<GetReminderRequest>) -> Answer<GetReminderResponse> {
        if self.truth().conversation_hangs {
            std::future::pending::<()>().await;
        }
        let request = request.into_inner();
        let told = self
            .truth()
            .reminders
            .get(&(request.conversation, request.agent))
            .cloned();
        rpc::answer(told.ok_or_else(|| Fault::not_found("reminder")))
    }

    async fn set_star(&self, _: Request<SetStarRequest>) -> Answer<SetStarResponse> {
        none()
    }

    async fn remove_star(&self, _: Request<RemoveStarRequest>) -> Answer<RemoveStarResponse> {
        none()
    }

    async fn list_reminders(&self, _: Request<ListRemindersRequest>) -> Answer<ListRemindersResponse> {
        none()
    }

    async fn list_starred(&self, _: Request<ListStarredRequest>) -> Answer<ListStarredResponse> {
        none()
    }
}

#[tonic::async_trait]
impl RoutingService for Peers {
    async fn get_agent(&self, request: Request<GetAgentRequest>) -> Answer<GetAgentResponse> {
        let truth = self.truth();
        if truth.routing_away {
            return Err(Status::unavailable("away"));
        }
        match truth.agents.get(&request.into_inner().agent).cloned() {
            Some(agent) => Ok(Response::new(GetAgentResponse { agent: Some(agent) })),
            None => rpc::answer(Err(Fault::not_found("agent"))),
        }
    }

    async fn set_agent_availability(
        &self,
        _: Request<SetAgentAvailabilityRequest>,
    ) -> Answer<SetAgentAvailabilityResponse> {
        none()
    }

    async fn set_agent_profile(&self, _: Request<SetAgentProfileRequest>) -> Answer<SetAgentProfileResponse> {
        none()
    }

    async fn list_agents(&self, _: Request<ListAgentsRequest>) -> Answer<ListAgentsResponse> {
        none()
    }
}
