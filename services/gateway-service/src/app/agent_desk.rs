use super::edge::Edge;
use crate::domain::agent_frame::Reminder;
use crate::domain::request::{Availability, Request};
use crate::outbound::watch::Watch;
use domain::{AgentId, WorkspaceId};
use fault::{Fault, Result};
use futures::FutureExt;
use rpc::conversation::ListRemindersRequest;
use rpc::routing::get_request_request::By;
use rpc::routing::{
    AcceptAlertRequest, DeclineAlertRequest, GetRequestRequest, ListAgentsRequest, SetAgentAvailabilityRequest,
    StartChatRequest, WatchAlertsRequest, WatchAlertsResponse, WatchQueueRequest, WatchQueueResponse,
};
use std::sync::Arc;
use uuid::Uuid;

/// An agent at their console.
pub struct Desk {
    pub edge: Arc<Edge>,
    pub workspace: WorkspaceId,
    pub agent: AgentId,
    /// Names this console among others of the agent's.
    pub console: Uuid,
}

impl Desk {
    /// What the agent is alerted to and serves, from now on.
    pub fn watch_alerts(&self) -> Watch<WatchAlertsResponse> {
        let request = WatchAlertsRequest {
            workspace: self.workspace.to_string(),
            agent: self.agent.to_string(),
        };
        let routing = self.edge.routing.clone();
        Watch::new(self.console, move || {
            let (routing, request) = (routing.clone(), request.clone());
            async move { routing.watch_alerts(request).await }.boxed()
        })
    }

    /// How many wait for a team from now on; empty: in the workspace's own queue.
    pub fn watch_queue(&self, team: &str) -> Watch<WatchQueueResponse> {
        let request = WatchQueueRequest {
            workspace: self.workspace.to_string(),
            team: team.to_owned(),
        };
        let routing = self.edge.routing.clone();
        Watch::new(self.console, move || {
            let (routing, request) = (routing.clone(), request.clone());
            async move { routing.watch_queue(request).await }.boxed()
        })
    }
}

/// An agent's status; `None`: they have none yet.
pub async fn find_availability(edge: &Edge, workspace: &WorkspaceId, agent: &AgentId) -> Result<Option<Availability>> {
    let mut request = ListAgentsRequest {
        workspace: workspace.to_string(),
        page_size: 500,
        page_token: String::new(),
    };
    loop {
        let page = edge.routing.list_agents(request.clone()).await?;
        if let Some(found) = page.agents.iter().find(|one| one.agent == agent.as_str()) {
            return Ok(Availability::of_wire(found.availability()));
        }
        if page.next_page_token.is_empty() {
            return Ok(None);
        }
        request.page_token = page.next_page_token;
    }
}

/// Sets the agent's own status; how it stands then.
pub async fn set_availability(desk: &Desk, availability: Availability) -> Result<Availability> {
    let request = SetAgentAvailabilityRequest {
        workspace: desk.workspace.to_string(),
        agent: desk.agent.to_string(),
        availability: availability.on_wire().into(),
    };
    let agent = desk.edge.routing.set_agent_availability(request).await?.agent;
    let now = agent.and_then(|agent| Availability::of_wire(agent.availability()));
    now.ok_or_else(|| Fault::internal("SetAgentAvailability answered without the agent's status"))
}

/// A request as it stands.
pub async fn get_request(desk: &Desk, request: &str) -> Result<Request> {
    let request = GetRequestRequest {
        workspace: desk.workspace.to_string(),
        by: Some(By::Request(request.to_owned())),
    };
    let found = desk.edge.routing.get_request(request).await?.request;
    Ok(found.ok_or_else(|| Fault::not_found("request"))?.into())
}

/// The agent takes what they are alerted to.
pub async fn accept_alert(desk: &Desk, request: String) -> Result<Request> {
    let request = AcceptAlertRequest {
        workspace: desk.workspace.to_string(),
        request,
        agent: desk.agent.to_string(),
    };
    let taken = desk.edge.routing.accept_alert(request).await?.request;
    Ok(taken.ok_or_else(|| Fault::not_found("request"))?.into())
}

/// The agent does not take what they are alerted to.
pub async fn decline_alert(desk: &Desk, request: String) -> Result<()> {
    let request = DeclineAlertRequest {
        workspace: desk.workspace.to_string(),
        request,
        agent: desk.agent.to_string(),
    };
    desk.edge.routing.decline_alert(request).await.map(drop)
}

/// The agent speaks first; the request, and the number of its conversation.
pub async fn start_chat(desk: &Desk, request: String, text: String) -> Result<(Request, u64)> {
    let request = StartChatRequest {
        workspace: desk.workspace.to_string(),
        request,
        agent: desk.agent.to_string(),
        text,
    };
    let started = desk.edge.routing.start_chat(request).await?;
    let request = started.request.ok_or_else(|| Fault::not_found("request"))?;
    Ok((request.into(), started.number))
}

/// What the agent was reminded of and has neither moved nor taken away since, the earliest first.
pub async fn list_reminders(desk: &Desk) -> Result<Vec<Reminder>> {
    let request = ListRemindersRequest {
        workspace: desk.workspace.to_string(),
        agent: desk.agent.to_string(),
    };
    let told = desk.edge.conversations.list_reminders(request).await?.stars;
    Ok(told.into_iter().rev().map(Into::into).collect())
}
