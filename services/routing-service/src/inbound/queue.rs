//! QueueService: from messages to use cases and back.

use super::words::{assignment, place, read_assignee, request};
use crate::app::{App, By, Cursor, Seen};
use crate::domain::{Assignee, QueueView, Recipient};
use ::domain::{AgentId, ConversationId, RequestId, TeamId, Timestamp, WorkspaceId};
use events::stamp;
use fault::{Fault, Result};
use futures::{Stream, StreamExt};
use rpc::routing as wire;
use rpc::routing::queue_service_server::QueueService;
use std::pin::Pin;
use tokio_stream::wrappers::{ReceiverStream, WatchStream};
use tonic::{Request, Response, Status};

type Reply<T> = Result<Response<T>, Status>;
type Pushed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The rpcs of the queue.
pub(crate) struct Queue(pub(crate) App);

impl Queue {
    async fn get_request(&self, asked: wire::GetRequestRequest) -> Result<wire::GetRequestResponse> {
        use wire::get_request_request::By as Named;
        let workspace = WorkspaceId::parse(&asked.workspace)?;
        let by = match asked.by {
            Some(Named::Request(id)) => By::Request(RequestId::parse(&id)?),
            Some(Named::Conversation(id)) => By::Conversation(ConversationId::parse(&id)?),
            None => return Err(Fault::invalid("by", "name a request or a conversation")),
        };
        let seen = self.0.get_request(&workspace, by).await?;
        Ok(wire::GetRequestResponse {
            request: Some(request(seen)),
        })
    }

    async fn list_requests(&self, asked: wire::ListRequestsRequest) -> Result<wire::ListRequestsResponse> {
        let workspace = WorkspaceId::parse(&asked.workspace)?;
        let page_size = self.0.page_size(asked.page_size)?;
        let team = asked.team.as_deref();
        if let Some(team) = team.filter(|team| !team.is_empty()) {
            TeamId::parse(team)?;
        }
        let agent = optional_agent("agent", &asked.agent)?;
        let after = read_cursor(&asked.page_token)?;
        let of = (team, agent.as_ref());
        let (requests, next) = self.0.list_requests(&workspace, of, page_size, after).await?;
        Ok(wire::ListRequestsResponse {
            requests: requests.into_iter().map(request).collect(),
            next_page_token: next.map(write_cursor).unwrap_or_default(),
        })
    }

    async fn accept_alert(&self, asked: wire::AcceptAlertRequest) -> Result<wire::AcceptAlertResponse> {
        let (workspace, id) = place(&asked.workspace, RequestId::parse(&asked.request))?;
        let accepted = self
            .0
            .accept_alert(&workspace, id, &AgentId::parse(&asked.agent)?)
            .await?;
        Ok(wire::AcceptAlertResponse {
            request: Some(request(self.0.see(&workspace, accepted).await?)),
        })
    }

    async fn decline_alert(&self, asked: wire::DeclineAlertRequest) -> Result<wire::DeclineAlertResponse> {
        let (workspace, id) = place(&asked.workspace, RequestId::parse(&asked.request))?;
        self.0
            .decline_alert(&workspace, id, &AgentId::parse(&asked.agent)?)
            .await?;
        Ok(wire::DeclineAlertResponse {})
    }

    async fn assign(&self, asked: wire::AssignRequest) -> Result<wire::AssignResponse> {
        let (workspace, id) = place(&asked.workspace, ConversationId::parse(&asked.conversation))?;
        let to = read_assignee("assignee", asked.assignee)?;
        let by = optional_agent("by", &asked.by)?;
        let assigned = self.0.assign(&workspace, id, to, by.as_ref()).await?;
        Ok(wire::AssignResponse {
            request: Some(request(self.0.see(&workspace, assigned).await?)),
        })
    }

    async fn transfer(&self, asked: wire::TransferRequest) -> Result<wire::TransferResponse> {
        let (workspace, id) = place(&asked.workspace, ConversationId::parse(&asked.conversation))?;
        let agent = AgentId::parse(&asked.agent)?;
        let to = match read_assignee("to", asked.to)? {
            Assignee::Agent(to) if to == agent => return Err(Fault::invalid("to", "must be another agent")),
            Assignee::Agent(to) => Recipient::Agent(to),
            Assignee::Team(to) => Recipient::Team(to),
            Assignee::Nobody | Assignee::Admin(_) => return Err(Fault::invalid("to", "must be an agent or a team")),
        };
        let transferred = self.0.transfer(&workspace, id, &agent, to).await?;
        Ok(wire::TransferResponse {
            request: Some(request(self.0.see(&workspace, transferred).await?)),
        })
    }

    async fn list_assignments(&self, asked: wire::ListAssignmentsRequest) -> Result<wire::ListAssignmentsResponse> {
        let (workspace, id) = place(&asked.workspace, ConversationId::parse(&asked.conversation))?;
        let page_size = self.0.page_size(asked.page_size)?;
        let found = self
            .0
            .list_assignments(&workspace, id, asked.after_version, page_size)
            .await?;
        Ok(wire::ListAssignmentsResponse {
            assignments: found.into_iter().map(assignment).collect(),
        })
    }

    async fn watch_alerts(&self, asked: wire::WatchAlertsRequest) -> Result<Pushed<wire::WatchAlertsResponse>> {
        let (workspace, agent) = place(&asked.workspace, AgentId::parse(&asked.agent))?;
        let changes = ReceiverStream::new(self.0.watch_alerts(&workspace, &agent).await?);
        let app = self.0.clone();
        Ok(Box::pin(changes.then(move |change| {
            let (app, workspace) = (app.clone(), workspace.clone());
            async move {
                let seen = match change {
                    Ok(changed) => app.see(&workspace, changed).await,
                    Err(fault) => Err(fault),
                };
                let response = |seen: Seen| wire::WatchAlertsResponse {
                    request: Some(request(seen)),
                };
                seen.map(response).map_err(|fault| rpc::to_status(&fault))
            }
        })))
    }

    async fn watch_queue(&self, asked: &wire::WatchQueueRequest) -> Result<Pushed<wire::WatchQueueResponse>> {
        let workspace = WorkspaceId::parse(&asked.workspace)?;
        if !asked.team.is_empty() {
            self.0.find_team(&workspace, &TeamId::parse(&asked.team)?).await?;
        }
        let views = WatchStream::new(self.0.watch_queue(&workspace, &asked.team));
        let mut last = None;
        Ok(Box::pin(views.filter_map(move |view| {
            let figures = view
                .as_deref()
                .map(write_view)
                .filter(|figures| last.as_ref() != Some(figures));
            if figures.is_some() {
                last.clone_from(&figures);
            }
            std::future::ready(figures.map(Ok))
        })))
    }
}

#[tonic::async_trait]
impl QueueService for Queue {
    type WatchAlertsStream = Pushed<wire::WatchAlertsResponse>;
    type WatchQueueStream = Pushed<wire::WatchQueueResponse>;

    async fn get_request(&self, asked: Request<wire::GetRequestRequest>) -> Reply<wire::GetRequestResponse> {
        rpc::answer(self.get_request(asked.into_inner()).await)
    }

    async fn list_requests(&self, asked: Request<wire::ListRequestsRequest>) -> Reply<wire::ListRequestsResponse> {
        rpc::answer(self.list_requests(asked.into_inner()).await)
    }

    async fn accept_alert(&self, asked: Request<wire::AcceptAlertRequest>) -> Reply<wire::AcceptAlertResponse> {
        rpc::answer(self.accept_alert(asked.into_inner()).await)
    }

    async fn decline_alert(&self, asked: Request<wire::DeclineAlertRequest>) -> Reply<wire::DeclineAlertResponse> {
        rpc::answer(self.decline_alert(asked.into_inner()).await)
    }

    async fn assign(&self, asked: Request<wire::AssignRequest>) -> Reply<wire::AssignResponse> {
        rpc::answer(self.assign(asked.into_inner()).await)
    }

    async fn transfer(&self, asked: Request<wire::TransferRequest>) -> Reply<wire::TransferResponse> {
        rpc::answer(self.transfer(asked.into_inner()).await)
    }

    async fn list_assignments(
        &self,
        asked: Request<wire::ListAssignmentsRequest>,
    ) -> Reply<wire::ListAssignmentsResponse> {
        rpc::answer(self.list_assignments(asked.into_inner()).await)
    }

    async fn watch_alerts(&self, asked: Request<wire::WatchAlertsRequest>) -> Reply<Self::WatchAlertsStream> {
        rpc::answer(self.watch_alerts(asked.into_inner()).await)
    }

    async fn watch_queue(&self, asked: Request<wire::WatchQueueRequest>) -> Reply<Self::WatchQueueStream> {
        rpc::answer(self.watch_queue(&asked.into_inner()).await)
    }
}

fn optional_agent(field: &'static str, slug: &str) -> Result<Option<AgentId>> {
    if slug.is_empty() {
        return Ok(None);
    }
    AgentId::parse(slug)
        .map(Some)
        .map_err(|invalid| invalid.of(field).into())
}

fn write_view(view: &QueueView) -> wire::WatchQueueResponse {
    wire::WatchQueueResponse {
        waiting: view.waiting(),
        alerted: view.alerted,
        serving: view.serving,
        free_agents: view.free_agents,
        waiting_since: view.waiting_since.map(stamp),
        is_closed: view.is_closed,
        opens_at: view.opens_at.map(stamp),
    }
}

/// Of those that wait: priority, microseconds and id; of the others the id.
fn write_cursor(cursor: Cursor) -> String {
    match cursor {
        Cursor::Waiting((priority, since, id)) => format!("{priority}.{}.{id}", since.as_microsecond()),
        Cursor::Held(id) => id.to_string(),
    }
}

/// Callers pass on what the last page gave them.
fn read_cursor(token: &str) -> Result<Option<Cursor>> {
    if token.is_empty() {
        return Ok(None);
    }
    let parts: Vec<&str> = token.split('.').collect();
    let cursor = match parts[..] {
        [id] => RequestId::parse(id).ok().map(Cursor::Held),
        [priority, since, id] => {
            let since = since
                .parse()
                .ok()
                .and_then(|micros| Timestamp::from_microsecond(micros).ok());
            let place = (priority.parse().ok(), since, RequestId::parse(id).ok());
            match place {
                (Some(priority), Some(since), Some(id)) => Some(Cursor::Waiting((priority, since, id))),
                _ => None,
            }
        }
        _ => None,
    };
    let refused = || Fault::invalid("page_token", "give the next_page_token of the page before, or nothing");
    cursor.map(Some).ok_or_else(refused)
}
