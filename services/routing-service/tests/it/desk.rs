//! What agents and their admins do at the queue of workspace acme.

use crate::door::{Door, SOON, Tested};
use ::domain::{ConversationId, VisitorId};
use anyhow::{Context, Result};
use events::common::ChannelKind;
use events::event::{AgentAvailability, AssigneeKind, ConversationResolved, ConversationTakenOver};
use rpc::routing::queue_service_client::QueueServiceClient;
use rpc::routing::{self as wire, Agent, AgentProfile, Assignee, Chats, Request};
use testkit::eventually;
use tonic::Status;
use tonic::transport::Channel;

pub fn agent(slug: &str) -> Option<Assignee> {
    who(AssigneeKind::Agent, slug)
}

pub fn admin(slug: &str) -> Option<Assignee> {
    who(AssigneeKind::Admin, slug)
}

pub fn team(slug: &str) -> Option<Assignee> {
    who(AssigneeKind::Team, slug)
}

fn who(kind: AssigneeKind, id: &str) -> Option<Assignee> {
    Some(Assignee {
        kind: kind.into(),
        id: id.into(),
    })
}

pub fn web(chats: u32) -> AgentProfile {
    AgentProfile {
        languages: Vec::new(),
        capacity: vec![Chats {
            kind: ChannelKind::Web.into(),
            chats,
        }],
    }
}

/// The catalogue code and the field that a refusal names.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, Status>) -> (&'static str, String) {
    let fault = rpc::from_status(&result.expect_err("a refusal"));
    (fault.code().name, fault.field().unwrap_or_default().to_owned())
}

/// Who is alerted or serves; empty: nobody.
pub fn held_by(request: &Request) -> &str {
    request.assignee.as_ref().map_or("", |assignee| assignee.id.as_str())
}

impl Door {
    pub fn queue(&self) -> QueueServiceClient<Channel> {
        QueueServiceClient::new(self.channel.clone())
    }

    /// A web channel of team sales, and its members, who can take so many chats.
    pub async fn sales(&self, members: &[&str], chats: u32) -> Tested {
        self.conversations.channel("acme", "web", ChannelKind::Web, "sales");
        for member in members {
            self.conversations.join("acme", "sales", member);
            self.profile(member, web(chats)).await?;
        }
        Ok(())
    }

    pub async fn profile(&self, agent: &str, profile: AgentProfile) -> Result<Agent, Status> {
        let request = wire::SetAgentProfileRequest {
            workspace: "acme".into(),
            agent: agent.into(),
            profile: Some(profile),
        };
        let response = self.client().set_agent_profile(request).await?;
        response.into_inner().agent.ok_or_else(|| Status::internal("no agent"))
    }

    pub async fn available(&self, agent: &str) -> Result<Agent, Status> {
        self.set("acme", agent, AgentAvailability::Available).await
    }

    /// A conversation that a visitor has on the web channel; nobody is asked for yet.
    pub fn conversation(&self) -> String {
        let (id, visitor) = (
            ConversationId::generate(&self.entropy),
            VisitorId::generate(&self.entropy),
        );
        self.conversations
            .open("acme", "web", &id.to_string(), &visitor.to_string());
        id.to_string()
    }

    /// A conversation that comes into the queue of team sales, a second after what came before.
    pub async fn waiting(&self) -> Result<Request> {
        self.clock.advance(std::time::Duration::from_secs(1));
        Ok(self.assign(&self.conversation(), team("sales")).await?)
    }

    pub async fn assign(&self, conversation: &str, assignee: Option<Assignee>) -> Result<Request, Status> {
        let request = wire::AssignRequest {
            workspace: "acme".into(),
            conversation: conversation.into(),
            assignee,
            by: "boss".into(),
        };
        let response = self.queue().assign(request).await?.into_inner();
        response.request.ok_or_else(|| Status::internal("no request"))
    }

    pub async fn transfer(&self, conversation: &str, from: &str, to: Option<Assignee>) -> Result<Request, Status> {
        let request = wire::TransferRequest {
            workspace: "acme".into(),
            conversation: conversation.into(),
            agent: from.into(),
            to,
        };
        let response = self.queue().transfer(request).await?.into_inner();
        response.request.ok_or_else(|| Status::internal("no request"))
    }

    pub async fn accept(&self, request: &Request, agent: &str) -> Result<Request, Status> {
        let request = wire::AcceptAlertRequest {
            workspace: "acme".into(),
            request: request.request.clone(),
            agent: agent.into(),
        };
        let response = self.queue().accept_alert(request).await?.into_inner();
        response.request.ok_or_else(|| Status::internal("no request"))
    }

    pub async fn decline(&self, request: &Request, agent: &str) -> Result<(), Status> {
        let request = wire::DeclineAlertRequest {
            workspace: "acme".into(),
            request: request.request.clone(),
            agent: agent.into(),
        };
        self.queue().decline_alert(request).await.map(drop)
    }

    /// The request as it is now.
    pub async fn now(&self, request: &Request) -> Result<Request, Status> {
        let request = wire::GetRequestRequest {
            workspace: "acme".into(),
            by: Some(wire::get_request_request::By::Request(request.request.clone())),
        };
        let response = self.queue().get_request(request).await?.into_inner();
        response.request.ok_or_else(|| Status::internal("no request"))
    }

    /// The request once it is as it should be.
    pub async fn once(&self, what: &str, request: &Request, fits: impl Fn(&Request) -> bool) -> Result<Request> {
        let seen = eventually(what, SOON, async || {
            self.now(request).await.ok().filter(|now| fits(now))
        });
        Ok(seen.await?)
    }

    /// The request once this agent is alerted to it, or has it.
    pub async fn once_of(&self, request: &Request, agent: &str) -> Result<Request> {
        self.once(&format!("it goes to {agent:?}"), request, |now| held_by(now) == agent)
            .await
    }

    /// Everything that is not done, in the order of the list.
    pub async fn requests(&self) -> Result<Vec<Request>, Status> {
        let request = wire::ListRequestsRequest {
            workspace: "acme".into(),
            page_size: 500,
            ..Default::default()
        };
        Ok(self.queue().list_requests(request).await?.into_inner().requests)
    }

    /// Agent by agent.
    pub async fn agent(&self, slug: &str) -> Result<Agent> {
        let agents = self.list("acme", 500, "").await?.agents;
        agents.into_iter().find(|agent| agent.agent == slug).context("an agent")
    }

    /// Web chats that an agent is alerted to or serves.
    pub async fn in_use(&self, slug: &str) -> Result<u32> {
        Ok(self.agent(slug).await?.in_use.iter().map(|chats| chats.chats).sum())
    }

    /// Cause, and to whom, of each change of a conversation.
    pub async fn history(&self, conversation: &str) -> Result<Vec<String>, Status> {
        let request = wire::ListAssignmentsRequest {
            workspace: "acme".into(),
            conversation: conversation.into(),
            after_version: 0,
            page_size: 0,
        };
        let listed = self.queue().list_assignments(request).await?.into_inner().assignments;
        let told = listed.into_iter().map(|one| {
            let cause = one
                .cause()
                .as_str_name()
                .trim_start_matches("ASSIGNMENT_CAUSE_")
                .to_lowercase();
            format!("{cause} {}", one.assignee.map(|to| to.id).unwrap_or_default())
        });
        Ok(told.collect())
    }

    pub async fn resolve(&self, conversation: &str) -> Tested {
        let fact = ConversationResolved {
            conversation: conversation.into(),
            version: 1,
            ..Default::default()
        };
        self.tell("acme", &fact).await
    }

    pub async fn answer(&self, conversation: &str, agent: &str) -> Tested {
        let fact = ConversationTakenOver {
            conversation: conversation.into(),
            agent: agent.into(),
            seq: 2,
            ..Default::default()
        };
        self.tell("acme", &fact).await
    }
}
