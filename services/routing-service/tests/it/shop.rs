//! A shop whose channel starts chats, and its visitors.

use crate::door::{Door, SOON, Tested};
use ::domain::Clock;
use anyhow::Context;
use events::common::{AuthorRole, ChannelKind, PresenceCause, PresenceState};
use events::event::AgentAvailability::{Available, Busy};
use events::event::{
    ConversationResolved, ConversationStarted, InvitationChanged, InvitationState, ProactiveMode,
    VisitorPresenceChanged,
};
use events::stamp;
use rpc::routing::invitation_service_client::InvitationServiceClient;
use rpc::routing::{self as wire, ChannelRouting, Invitation, InvitationAnswer, LaunchRule, VisitedPage};
use std::time::Duration;
use testkit::eventually;
use tonic::Status;
use tonic::transport::Channel;
use uuid::Uuid;

/// The hours of a day, which clocks of tests stand in.
pub const DAY: Duration = Duration::from_secs(24 * 3600);

pub fn visitor(n: u128) -> String {
    Uuid::from_u128(n).to_string()
}

pub fn page(seconds: u64) -> VisitedPage {
    VisitedPage {
        url: "https://shop.example/pricing?plan=1".into(),
        visits: 1,
        on_page_ms: seconds * 1_000,
        on_site_ms: seconds * 1_000,
        ..Default::default()
    }
}

/// Asks after ten seconds on the page with prices.
pub fn pricing(mode: ProactiveMode) -> ChannelRouting {
    ChannelRouting {
        mode: mode.into(),
        rules: vec![LaunchRule {
            name: "pricing".into(),
            page: "/pricing*".into(),
            page_seconds: 10,
            greeting: "Can we help you choose?".into(),
            ..Default::default()
        }],
        declined_days: 30,
        per_visitor_day: 5,
        ..Default::default()
    }
}

/// A shop whose channel `web` starts chats.
pub struct Shop(pub Door);

impl Shop {
    pub async fn open(mode: ProactiveMode) -> anyhow::Result<Self> {
        let shop = Self::bare().await?;
        shop.route("acme", pricing(mode), 0).await?;
        shop.0.set("acme", "ann", Available).await?;
        Ok(shop)
    }

    /// Ann served the first visitor and is busy now, bob is there; whoever returns waits so many seconds for who served them.
    pub async fn served_by_ann(last_agent_seconds: u32) -> anyhow::Result<Self> {
        let shop = Self::open(ProactiveMode::Off).await?;
        let kept = ChannelRouting {
            queue_conversations: true,
            last_agent_seconds,
            ..ChannelRouting::default()
        };
        shop.route("acme", kept, 0).await?;
        shop.began(1, 7).await?;
        let first = shop.requested(7).await?;
        shop.accept(&first.request, "ann").await?;
        shop.resolved(&first.conversation).await?;
        shop.0.conversations.join("acme", "sales", "bob");
        shop.0.available("bob").await?;
        shop.0.set("acme", "ann", Busy).await?;
        Ok(shop)
    }

    pub async fn bare() -> anyhow::Result<Self> {
        let door = Door::open().await?;
        for workspace in ["acme", "bolt"] {
            door.conversations.channel(workspace, "web", ChannelKind::Web, "sales");
            door.conversations.channel(workspace, "texts", ChannelKind::Sms, "");
            door.conversations.join(workspace, "sales", "ann");
        }
        Ok(Self(door))
    }

    pub fn client(&self) -> InvitationServiceClient<Channel> {
        InvitationServiceClient::new(self.0.channel.clone())
    }

    pub async fn route(&self, workspace: &str, routing: ChannelRouting, version: u64) -> Result<u64, Status> {
        let request = wire::SetChannelRoutingRequest {
            workspace: workspace.into(),
            channel: "web".into(),
            routing: Some(routing),
            version,
        };
        Ok(self.client().set_channel_routing(request).await?.into_inner().version)
    }

    pub async fn consider(&self, n: u128, page: VisitedPage) -> Result<wire::ConsiderVisitorResponse, Status> {
        let request = wire::ConsiderVisitorRequest {
            workspace: "acme".into(),
            channel: "web".into(),
            visitor: visitor(n),
            page: Some(page),
        };
        Ok(self.client().consider_visitor(request).await?.into_inner())
    }

    /// The visitor stays until they are asked, or an agent is told.
    pub async fn invited(&self, n: u128) -> anyhow::Result<Invitation> {
        let considered = self.consider(n, page(10)).await?;
        considered.invitation.context("an invitation")
    }

    pub async fn answer(&self, invitation: &Invitation, answer: InvitationAnswer) -> Result<Invitation, Status> {
        let request = wire::AnswerInvitationRequest {
            workspace: "acme".into(),
            invitation: invitation.invitation.clone(),
            visitor: invitation.visitor.clone(),
            answer: answer.into(),
        };
        let answered = self.client().answer_invitation(request).await?.into_inner();
        answered.invitation.ok_or_else(|| Status::internal("no invitation"))
    }

    /// The states that an invitation came through, once it came through so many.
    pub async fn states(&self, of: &Invitation, count: usize) -> anyhow::Result<Vec<InvitationState>> {
        let mut told = self
            .0
            .told::<InvitationChanged>(count, |fact| fact.invitation == of.invitation)
            .await?;
        told.sort_by_key(|fact| fact.version);
        let versions: Vec<u64> = told.iter().map(|fact| fact.version).collect();
        anyhow::ensure!(
            versions.into_iter().eq(1..=told.len() as u64),
            "each version is told once"
        );
        Ok(told.iter().map(InvitationChanged::state).collect())
    }

    /// The customer began a conversation, as conversation-service tells.
    pub async fn began(&self, n: u128, conversation: u128) -> Tested {
        self.began_for(n, conversation, "").await
    }

    /// The same, for a team that was named.
    pub async fn began_for(&self, n: u128, conversation: u128, team: &str) -> Tested {
        let conversation = Uuid::from_u128(conversation).to_string();
        self.0.conversations.open("acme", "web", &conversation, &visitor(n));
        let fact = ConversationStarted {
            conversation,
            team: team.into(),
            number: 1,
            channel: "web".into(),
            visitor: visitor(n),
            opened_by: AuthorRole::Customer.into(),
            at: Some(stamp(self.0.clock.now())),
            ..Default::default()
        };
        self.0.tell("acme", &fact).await
    }

    pub async fn resolved(&self, conversation: &str) -> Tested {
        let fact = ConversationResolved {
            conversation: conversation.into(),
            version: 1,
            at: Some(stamp(self.0.clock.now())),
            last_seq: 1,
        };
        self.0.tell("acme", &fact).await
    }

    pub async fn went(&self, n: u128, cause: PresenceCause) -> Tested {
        let fact = VisitorPresenceChanged {
            visitor: visitor(n),
            state: PresenceState::Offline.into(),
            cause: cause.into(),
            since: Some(stamp(self.0.clock.now())),
            epoch: 1,
            version: 2,
        };
        self.0.tell("acme", &fact).await
    }

    pub async fn accept(&self, request: &str, agent: &str) -> Result<wire::Request, Status> {
        let request = wire::AcceptAlertRequest {
            workspace: "acme".into(),
            request: request.into(),
            agent: agent.into(),
        };
        let accepted = self.0.queue().accept_alert(request).await?.into_inner();
        accepted.request.ok_or_else(|| Status::internal("no request"))
    }

    pub async fn start(&self, request: &str, agent: &str, text: &str) -> Result<wire::StartChatResponse, Status> {
        let request = wire::StartChatRequest {
            workspace: "acme".into(),
            request: request.into(),
            agent: agent.into(),
            text: text.into(),
        };
        Ok(self.client().start_chat(request).await?.into_inner())
    }

    /// A request, once it is as it should be.
    pub async fn by_request(
        &self,
        request: &str,
        fits: impl Fn(&wire::Request) -> bool,
    ) -> anyhow::Result<wire::Request> {
        let named = wire::Request {
            request: request.into(),
            ..Default::default()
        };
        self.0.once("the request is as it should be", &named, fits).await
    }

    /// The request for a conversation, once there is one.
    pub async fn requested(&self, conversation: u128) -> anyhow::Result<wire::Request> {
        let id = Uuid::from_u128(conversation).to_string();
        let found = eventually("a request", SOON, async || {
            let get = wire::GetRequestRequest {
                workspace: "acme".into(),
                by: Some(wire::get_request_request::By::Conversation(id.clone())),
            };
            self.0.queue().get_request(get).await.ok()?.into_inner().request
        });
        Ok(found.await?)
    }

    /// The invitation, once it is abandoned.
    pub async fn once_over(&self, of: &Invitation) -> Tested {
        let over = eventually("it is over", SOON, async || {
            let told: Vec<InvitationChanged> = self.0.heard("acme");
            let mut own = told.into_iter().filter(|fact| fact.invitation == of.invitation);
            own.find(|fact| fact.state() == InvitationState::Abandoned)
        });
        over.await?;
        Ok(())
    }

    /// The invitation is in no list any more. What is old is looked for every hour.
    pub async fn once_forgotten(&self, of: &Invitation) -> Tested {
        let gone = eventually("it is forgotten", SOON, async || {
            self.0.clock.advance(Duration::from_secs(3_600));
            let list = wire::ListInvitationsRequest {
                workspace: "acme".into(),
                ..Default::default()
            };
            let listed = self
                .client()
                .list_invitations(list)
                .await
                .ok()?
                .into_inner()
                .invitations;
            listed.iter().all(|one| one.invitation != of.invitation).then_some(())
        });
        Ok(gone.await?)
    }

    pub async fn end(self) -> Tested {
        self.0.running.stop().await;
        Ok(())
    }
}
