//! StarService: from messages to use cases and back.

use super::conversations::place;
use crate::app::App;
use crate::domain::star::{Star, Wish};
use crate::wire;
use domain::{AgentId, Timestamp, WorkspaceId};
use events::{instant, stamp};
use fault::{Fault, Result};
use rpc::conversation as proto;
use rpc::conversation::star_service_server::StarService;
use tonic::{Request, Response, Status};

type Reply<T> = Result<Response<T>, Status>;

/// The rpcs of stars.
#[derive(Debug, Clone)]
pub struct Stars {
    app: App,
}

impl Stars {
    pub fn new(app: App) -> Self {
        Self { app }
    }

    async fn set_star(&self, request: proto::SetStarRequest) -> Result<proto::SetStarResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let agent = AgentId::parse(&request.agent)?;
        let wish = Wish {
            remind_at: request.remind_at.map(remind_at).transpose()?,
            note: request.note.trim().to_owned(),
        };
        let set = self.app.set_star(&workspace, id, &agent, &wish).await?;
        Ok(proto::SetStarResponse { star: Some(star(set)) })
    }

    async fn remove_star(&self, request: proto::RemoveStarRequest) -> Result<proto::RemoveStarResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let agent = AgentId::parse(&request.agent)?;
        self.app.remove_star(&workspace, id, &agent).await?;
        Ok(proto::RemoveStarResponse {})
    }

    async fn list_starred(&self, request: proto::ListStarredRequest) -> Result<proto::ListStarredResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let agent = AgentId::parse(&request.agent)?;
        let (size, token) = (request.page_size, request.page_token);
        let (found, next) = self.app.list_starred(&workspace, &agent, size, &token).await?;
        Ok(proto::ListStarredResponse {
            stars: found.into_iter().map(star).collect(),
            next_page_token: next,
        })
    }

    async fn list_reminders(&self, request: proto::ListRemindersRequest) -> Result<proto::ListRemindersResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let agent = AgentId::parse(&request.agent)?;
        let told = self.app.list_reminders(&workspace, &agent).await?;
        Ok(proto::ListRemindersResponse {
            stars: told.into_iter().map(star).collect(),
        })
    }

    async fn get_reminder(&self, request: proto::GetReminderRequest) -> Result<proto::GetReminderResponse> {
        let (workspace, id) = place(&request.workspace, &request.conversation)?;
        let agent = AgentId::parse(&request.agent)?;
        let told = self.app.get_reminder(&workspace, id, &agent).await?;
        let email = told.agent.email.as_ref().map(|email| email.expose().to_owned());
        Ok(proto::GetReminderResponse {
            number: told.star.number,
            note: told.star.note,
            email: email.unwrap_or_default(),
            settings: Some(wire::settings(&told.channel.settings)),
            link: told.link,
        })
    }
}

/// As exactly as the database keeps it: the same again is the same.
fn remind_at(of: prost_types::Timestamp) -> Result<Timestamp> {
    instant(Some(of))
        .and_then(|at| Timestamp::from_microsecond(at.as_microsecond()).ok())
        .ok_or_else(|| Fault::invalid("remind_at", "is not a moment"))
}

fn star(of: Star) -> proto::Star {
    proto::Star {
        conversation: of.conversation.to_string(),
        number: of.number,
        agent: of.agent.to_string(),
        starred_at: of.starred_at.map(stamp),
        remind_at: of.remind_at.map(stamp),
        reminded_at: of.reminded_at.map(stamp),
        note: of.note,
        version: of.version,
    }
}

macro_rules! answers {
    ($($rpc:ident: $request:ident -> $response:ident;)+) => {
        #[tonic::async_trait]
        impl StarService for Stars {
            $(async fn $rpc(&self, request: Request<proto::$request>) -> Reply<proto::$response> {
                rpc::answer(self.$rpc(request.into_inner()).await)
            })+
        }
    };
}

answers! {
    set_star: SetStarRequest -> SetStarResponse;
    remove_star: RemoveStarRequest -> RemoveStarResponse;
    list_starred: ListStarredRequest -> ListStarredResponse;
    list_reminders: ListRemindersRequest -> ListRemindersResponse;
    get_reminder: GetReminderRequest -> GetReminderResponse;
}
