//! Kill -9 of the process that gives chats to agents, over and over while they work: everybody who waits is served, once.

use anyhow::{Context, Result, ensure};
use cli::scenario::{CHANNEL, World};
use cli::stack::{Service, Stack};
use events::common::{AuthorRole, ChannelKind};
use events::event::{AgentAvailability, AssigneeKind, AssignmentCause, RequestState};
use rpc::conversation::{CreateAgentRequest, CreateTeamRequest, ResolveConversationRequest, StartConversationRequest};
use rpc::routing::get_request_request::By;
use rpc::routing::queue_service_client::QueueServiceClient;
use rpc::routing::routing_service_client::RoutingServiceClient;
use rpc::routing::{
    AcceptAlertRequest, AgentProfile, AssignRequest, Assignee, Chats, GetRequestRequest, ListAgentsRequest,
    ListAssignmentsRequest, ListRequestsRequest, Request, SetAgentAvailabilityRequest, SetAgentProfileRequest,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use testkit::eventually;
use tonic::transport::Channel;
use tonic::{Code, Status};

const TEAM: &str = "desk";
const AGENTS: [&str; 3] = ["bea", "cid", "dot"];
const CHATS: usize = 30;
/// It is killed whenever so many more were served.
const BETWEEN_KILLS: usize = 4;
const LONG: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_is_served_once_however_often_routing_is_killed() -> Result<()> {
    let mut stack = crate::stack().await?;
    let result = work_under_kills(&mut stack).await;
    crate::shown(stack, result).await
}

async fn work_under_kills(stack: &mut Stack) -> Result<()> {
    let desk = Desk::open(World::set_up(stack.endpoints.clone()).await?).await?;
    let (conversations, ..) = tokio::try_join!(
        desk.conversations(),
        desk.kill(stack),
        desk.work(AGENTS[0]),
        desk.work(AGENTS[1]),
        desk.work(AGENTS[2]),
    )?;
    desk.served_once(&conversations).await
}

struct Desk {
    world: World,
    queue: QueueServiceClient<Channel>,
    agents: RoutingServiceClient<Channel>,
    served: AtomicUsize,
}

impl Desk {
    /// A team of agents who take two chats each.
    async fn open(world: World) -> Result<Self> {
        let routing = rpc::connect(&world.endpoints.services["routing"])?;
        let desk = Self {
            world,
            queue: QueueServiceClient::new(routing.clone()),
            agents: RoutingServiceClient::new(routing),
            served: AtomicUsize::new(0),
        };
        let (mut workspaces, workspace) = (desk.world.clients.workspaces.clone(), || desk.world.workspace.clone());
        let team = CreateTeamRequest {
            workspace: workspace(),
            team: TEAM.into(),
            name: "Desk".into(),
        };
        workspaces.create_team(team).await?;
        for agent in AGENTS {
            let new = CreateAgentRequest {
                workspace: workspace(),
                agent: agent.into(),
                display_name: agent.into(),
                teams: vec![TEAM.into()],
                ..Default::default()
            };
            workspaces.create_agent(new).await?;
            let chats = Chats {
                kind: ChannelKind::Web.into(),
                chats: 2,
            };
            let profile = SetAgentProfileRequest {
                workspace: workspace(),
                agent: agent.into(),
                profile: Some(AgentProfile {
                    languages: Vec::new(),
                    capacity: vec![chats],
                }),
            };
            desk.agents.clone().set_agent_profile(profile).await?;
            let available = SetAgentAvailabilityRequest {
                workspace: workspace(),
                agent: agent.into(),
                availability: AgentAvailability::Available.into(),
            };
            desk.agents.clone().set_agent_availability(available).await?;
        }
        Ok(desk)
    }

    /// Customers write, one after the other, and are put into the team's queue.
    async fn conversations(&self) -> Result<Vec<String>> {
        let mut all = Vec::with_capacity(CHATS);
        for number in 0..CHATS {
            let start = StartConversationRequest {
                workspace: self.world.workspace.clone(),
                request_id: format!("chat-{number}"),
                channel: CHANNEL.into(),
                visitor: format!("018f4e3a-0000-7000-8000-{number:012x}"),
                author: AuthorRole::Customer.into(),
                text: "Is anybody there?".into(),
                ..Default::default()
            };
            let started = self
                .world
                .clients
                .conversations
                .clone()
                .start_conversation(start)
                .await?;
            let conversation = started
                .into_inner()
                .conversation
                .context("a conversation")?
                .conversation;
            let assign = AssignRequest {
                workspace: self.world.workspace.clone(),
                conversation: conversation.clone(),
                assignee: Some(Assignee {
                    kind: AssigneeKind::Team.into(),
                    id: TEAM.into(),
                }),
                by: String::new(),
            };
            eventually("the chat is in the queue", LONG, async || {
                self.queue.clone().assign(assign.clone()).await.ok()
            })
            .await?;
            all.push(conversation);
        }
        Ok(all)
    }

    async fn kill(&self, stack: &mut Stack) -> Result<()> {
        for kill in 1..CHATS / BETWEEN_KILLS {
            let enough = async || (self.served.load(Ordering::Relaxed) >= kill * BETWEEN_KILLS).then_some(());
            eventually("the next ones are served", LONG, enough).await?;
            stack.kill(Service::Routing).await?;
            stack.restart(Service::Routing).await?;
        }
        Ok(())
    }

    /// An agent takes what they are alerted to, and settles it, until nobody is left.
    async fn work(&self, agent: &str) -> Result<()> {
        eventually(format!("{agent} has nothing left to do"), LONG, async || {
            for request in self.alerts(agent).await.ok()? {
                self.serve(agent, request).await.ok()?;
            }
            (self.served.load(Ordering::Relaxed) == CHATS).then_some(())
        })
        .await?;
        Ok(())
    }

    async fn alerts(&self, agent: &str) -> Result<Vec<Request>, Status> {
        let list = ListRequestsRequest {
            workspace: self.world.workspace.clone(),
            page_size: 200,
            ..Default::default()
        };
        let mut listed = self.queue.clone().list_requests(list).await?.into_inner().requests;
        listed.retain(|one| {
            let holder = one.assignee.as_ref().map(|assignee| assignee.id.as_str());
            one.state() == RequestState::Alerted && holder == Some(agent)
        });
        Ok(listed)
    }

    async fn serve(&self, agent: &str, request: Request) -> Result<()> {
        let accept = AcceptAlertRequest {
            workspace: self.world.workspace.clone(),
            request: request.request,
            agent: agent.into(),
        };
        let is_theirs = eventually("the alert is answered", LONG, async || {
            match self.queue.clone().accept_alert(accept.clone()).await {
                Ok(_) => Some(true),
                // Somebody else's by now.
                Err(status) if status.code() == Code::FailedPrecondition => Some(false),
                Err(_) => None,
            }
        })
        .await?;
        if is_theirs {
            let resolve = ResolveConversationRequest {
                workspace: self.world.workspace.clone(),
                conversation: request.conversation,
            };
            self.world
                .clients
                .conversations
                .clone()
                .resolve_conversation(resolve)
                .await?;
            self.served.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Each was accepted by one agent, once, and nobody holds anything any more.
    async fn served_once(&self, conversations: &[String]) -> Result<()> {
        for conversation in conversations {
            let (workspace, conversation) = (self.world.workspace.clone(), conversation.clone());
            let get = GetRequestRequest {
                workspace: workspace.clone(),
                by: Some(By::Conversation(conversation.clone())),
            };
            eventually("the chat is done", LONG, async || {
                let found = self.queue.clone().get_request(get.clone()).await.ok()?.into_inner();
                found.request.filter(|request| request.state() == RequestState::Done)
            })
            .await?;
            let list = ListAssignmentsRequest {
                workspace,
                conversation,
                ..Default::default()
            };
            let history = self
                .queue
                .clone()
                .list_assignments(list)
                .await?
                .into_inner()
                .assignments;
            let accepted = history.iter().filter(|one| one.cause() == AssignmentCause::Accepted);
            ensure!(accepted.count() == 1, "not accepted once: {history:?}");
        }
        let list = ListAgentsRequest {
            workspace: self.world.workspace.clone(),
            ..Default::default()
        };
        let agents = self.agents.clone().list_agents(list).await?.into_inner().agents;
        ensure!(
            agents.iter().all(|agent| agent.in_use.is_empty()),
            "somebody still holds one: {agents:?}"
        );
        Ok(())
    }
}
