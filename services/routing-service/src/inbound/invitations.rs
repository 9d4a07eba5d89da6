//! InvitationService: from messages to use cases and back.

use super::words::request as request_on_wire;
use crate::app::{App, Considered, Visitor};
use crate::domain::VisitedPage;
use crate::domain::channel_routing::{ChannelRouting, Mode};
use crate::domain::invitation::{Answer, Invitation};
use crate::domain::launch::LaunchRule;
use ::domain::{AgentId, ChannelId, InvitationId, MessageText, RequestId, VisitorId, WorkspaceId};
use events::event::{InvitationState, ProactiveMode};
use events::stamp;
use fault::{Fault, Result};
use rpc::routing as wire;
use rpc::routing::invitation_service_server::InvitationService;
use std::pin::Pin;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status};

type Reply<T> = Result<Response<T>, Status>;

/// The rpcs of proactive chat.
pub(crate) struct Invitations {
    app: App,
}

impl Invitations {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }

    async fn set_channel_routing(
        &self,
        request: wire::SetChannelRoutingRequest,
    ) -> Result<wire::SetChannelRoutingResponse> {
        let (workspace, channel) = place(&request.workspace, &request.channel)?;
        let routing = read_routing(request.routing.unwrap_or_default())?;
        let version = self
            .app
            .set_channel_routing(&workspace, &channel, &routing, request.version)
            .await?;
        Ok(wire::SetChannelRoutingResponse {
            routing: Some(write_routing(routing)),
            version,
        })
    }

    async fn get_channel_routing(
        &self,
        request: wire::GetChannelRoutingRequest,
    ) -> Result<wire::GetChannelRoutingResponse> {
        let (workspace, channel) = place(&request.workspace, &request.channel)?;
        let (routing, version) = self.app.get_channel_routing(&workspace, &channel).await?;
        Ok(wire::GetChannelRoutingResponse {
            routing: Some(write_routing(routing)),
            version,
        })
    }

    async fn consider_visitor(&self, request: wire::ConsiderVisitorRequest) -> Result<wire::ConsiderVisitorResponse> {
        let (workspace, channel) = place(&request.workspace, &request.channel)?;
        let page = read_page(request.page.unwrap_or_default());
        let visitor = Visitor {
            channel: &channel,
            id: VisitorId::parse(&request.visitor)?,
            page: &page,
        };
        let (invitation, again_ms) = match self.app.consider_visitor(&workspace, &visitor).await? {
            Considered::Invited(invitation) => (Some(write_invitation(&invitation)), 0),
            Considered::After(wait) => (None, u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1)),
            Considered::Never => (None, 0),
        };
        Ok(wire::ConsiderVisitorResponse { invitation, again_ms })
    }

    async fn answer_invitation(
        &self,
        request: wire::AnswerInvitationRequest,
    ) -> Result<wire::AnswerInvitationResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let answer = match request.answer() {
            wire::InvitationAnswer::Shown => Answer::Shown,
            wire::InvitationAnswer::Accepted => Answer::Accepted,
            wire::InvitationAnswer::Declined => Answer::Declined,
            wire::InvitationAnswer::Closed => Answer::Closed,
            wire::InvitationAnswer::Unspecified => {
                return Err(Fault::invalid("answer", "must be shown, accepted, declined or closed"));
            }
        };
        let (id, visitor) = (
            InvitationId::parse(&request.invitation)?,
            VisitorId::parse(&request.visitor)?,
        );
        let answered = self.app.answer_invitation(&workspace, id, visitor, answer).await?;
        Ok(wire::AnswerInvitationResponse {
            invitation: Some(write_invitation(&answered)),
        })
    }

    async fn start_chat(&self, request: wire::StartChatRequest) -> Result<wire::StartChatResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (id, agent) = (RequestId::parse(&request.request)?, AgentId::parse(&request.agent)?);
        let text = MessageText::parse(&request.text)?;
        let (started, number) = self.app.start_chat(&workspace, id, &agent, &text).await?;
        Ok(wire::StartChatResponse {
            request: Some(request_on_wire(self.app.see(&workspace, started).await?)),
            number,
        })
    }

    async fn list_invitations(&self, request: wire::ListInvitationsRequest) -> Result<wire::ListInvitationsResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let channel = match request.channel.as_str() {
            "" => None,
            channel => Some(ChannelId::parse(channel)?),
        };
        let visitor = VisitorId::parse_optional(&request.visitor)?;
        let refused = |_| Fault::invalid("page_token", "give the next_page_token of the page before, or nothing");
        let before = InvitationId::parse_optional(&request.page_token).map_err(refused)?;
        let page_size = self.app.page_size(request.page_size)?;
        let (page, next) = self
            .app
            .list_invitations(&workspace, (channel.as_ref(), visitor), page_size, before)
            .await?;
        Ok(wire::ListInvitationsResponse {
            invitations: page.iter().map(write_invitation).collect(),
            next_page_token: next.map(|id| id.to_string()).unwrap_or_default(),
        })
    }
}

fn place(workspace: &str, channel: &str) -> Result<(WorkspaceId, ChannelId)> {
    Ok((WorkspaceId::parse(workspace)?, ChannelId::parse(channel)?))
}

/// Zero values of what cannot be zero are the defaults.
fn read_routing(wire: wire::ChannelRouting) -> Result<ChannelRouting> {
    let mode = match wire.mode() {
        ProactiveMode::Unspecified => Mode::Off,
        mode => Mode::from_event(mode).ok_or_else(|| Fault::internal("every mode is known"))?,
    };
    let or = |value: u32, default: u32| if value == 0 { default } else { value };
    let default = ChannelRouting::default();
    Ok(ChannelRouting {
        mode,
        rules: wire.rules.into_iter().map(read_rule).collect(),
        declined_days: wire.declined_days,
        per_visitor_day: or(wire.per_visitor_day, default.per_visitor_day),
        answer_seconds: or(wire.answer_seconds, default.answer_seconds),
        alert_seconds: or(wire.alert_seconds, default.alert_seconds),
        last_agent_seconds: wire.last_agent_seconds,
        queue_conversations: wire.queue_conversations,
        keep_opening_hours: wire.keep_opening_hours,
    })
}

fn read_rule(wire: wire::LaunchRule) -> LaunchRule {
    LaunchRule {
        name: wire.name,
        priority: if wire.priority == 0 {
            LaunchRule::default().priority
        } else {
            wire.priority
        },
        page_seconds: wire.page_seconds,
        site_seconds: wire.site_seconds,
        page: wire.page,
        referrer: wire.referrer,
        visits_from: wire.visits_from,
        visits_to: wire.visits_to,
        once_in_days: wire.once_in_days,
        per_day: wire.per_day,
        greeting: wire.greeting,
    }
}

fn write_routing(routing: ChannelRouting) -> wire::ChannelRouting {
    wire::ChannelRouting {
        mode: ProactiveMode::from(routing.mode).into(),
        rules: routing.rules.into_iter().map(write_rule).collect(),
        declined_days: routing.declined_days,
        per_visitor_day: routing.per_visitor_day,
        answer_seconds: routing.answer_seconds,
        alert_seconds: routing.alert_seconds,
        last_agent_seconds: routing.last_agent_seconds,
        queue_conversations: routing.queue_conversations,
        keep_opening_hours: routing.keep_opening_hours,
    }
}

fn write_rule(rule: LaunchRule) -> wire::LaunchRule {
    wire::LaunchRule {
        name: rule.name,
        priority: rule.priority,
        page_seconds: rule.page_seconds,
        site_seconds: rule.site_seconds,
        page: rule.page,
        referrer: rule.referrer,
        visits_from: rule.visits_from,
        visits_to: rule.visits_to,
        once_in_days: rule.once_in_days,
        per_day: rule.per_day,
        greeting: rule.greeting,
    }
}

fn read_page(wire: wire::VisitedPage) -> VisitedPage {
    VisitedPage {
        url: wire.url,
        referrer: wire.referrer,
        visits: wire.visits,
        on_page_ms: wire.on_page_ms,
        on_site_ms: wire.on_site_ms,
    }
}

fn write_invitation(invitation: &Invitation) -> wire::Invitation {
    wire::Invitation {
        invitation: invitation.id.to_string(),
        channel: invitation.channel.to_string(),
        visitor: invitation.visitor.to_string(),
        mode: ProactiveMode::from(invitation.mode).into(),
        state: InvitationState::from(invitation.state).into(),
        version: invitation.version,
        rule: invitation.rule.clone(),
        greeting: invitation.greeting.clone(),
        offered_at: Some(stamp(invitation.offered_at)),
        changed_at: Some(stamp(invitation.changed_at)),
        expires_at: invitation.expires_at.map(stamp),
        request: invitation.request.map(|id| id.to_string()).unwrap_or_default(),
        conversation: invitation.conversation.map(|id| id.to_string()).unwrap_or_default(),
        agent: invitation.agent.as_ref().map(AgentId::to_string).unwrap_or_default(),
    }
}

#[tonic::async_trait]
impl InvitationService for Invitations {
    async fn set_channel_routing(
        &self,
        request: Request<wire::SetChannelRoutingRequest>,
    ) -> Reply<wire::SetChannelRoutingResponse> {
        rpc::answer(self.set_channel_routing(request.into_inner()).await)
    }

    async fn get_channel_routing(
        &self,
        request: Request<wire::GetChannelRoutingRequest>,
    ) -> Reply<wire::GetChannelRoutingResponse> {
        rpc::answer(self.get_channel_routing(request.into_inner()).await)
    }

    async fn consider_visitor(
        &self,
        request: Request<wire::ConsiderVisitorRequest>,
    ) -> Reply<wire::ConsiderVisitorResponse> {
        rpc::answer(self.consider_visitor(request.into_inner()).await)
    }

    async fn answer_invitation(
        &self,
        request: Request<wire::AnswerInvitationRequest>,
    ) -> Reply<wire::AnswerInvitationResponse> {
        rpc::answer(self.answer_invitation(request.into_inner()).await)
    }

    async fn start_chat(&self, request: Request<wire::StartChatRequest>) -> Reply<wire::StartChatResponse> {
        rpc::answer(self.start_chat(request.into_inner()).await)
    }

    async fn list_invitations(
        &self,
        request: Request<wire::ListInvitationsRequest>,
    ) -> Reply<wire::ListInvitationsResponse> {
        rpc::answer(self.list_invitations(request.into_inner()).await)
    }

    type WatchInvitationStream = Pin<Box<dyn Stream<Item = Result<wire::WatchInvitationResponse, Status>> + Send>>;

    async fn watch_invitation(
        &self,
        request: Request<wire::WatchInvitationRequest>,
    ) -> Reply<Self::WatchInvitationStream> {
        let request = request.into_inner();
        let answer = async {
            let workspace = WorkspaceId::parse(&request.workspace)?;
            let (id, visitor) = (
                InvitationId::parse(&request.invitation)?,
                VisitorId::parse(&request.visitor)?,
            );
            let seen = self.app.watch_invitation(&workspace, id, visitor).await?;
            let stream = ReceiverStream::new(seen).map(|seen| match seen {
                Ok(view) => Ok(wire::WatchInvitationResponse {
                    invitation: Some(write_invitation(&view.invitation)),
                    position: view.position,
                    wait_seconds: view.wait_seconds,
                }),
                Err(fault) => Err(rpc::to_status(&fault)),
            });
            Ok(Box::pin(stream) as Self::WatchInvitationStream)
        };
        rpc::answer(answer.await)
    }
}
