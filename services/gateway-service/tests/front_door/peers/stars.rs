//! conversation-service's stars, of whatever agents.

use super::{Answer, Peers, answer};
use rpc::conversation::star_service_server::StarService;
use rpc::conversation::*;
use tonic::{Request, Status};

#[tonic::async_trait]
impl StarService for Peers {
    async fn set_star(&self, request: Request<SetStarRequest>) -> Answer<SetStarResponse> {
        let request = request.into_inner();
        let star = Star {
            conversation: request.conversation,
            number: 1,
            agent: request.agent,
            remind_at: request.remind_at,
            note: request.note,
            version: 1,
            ..Default::default()
        };
        self.memory().stars.push(star.clone());
        answer(SetStarResponse { star: Some(star) })
    }

    async fn remove_star(&self, request: Request<RemoveStarRequest>) -> Answer<RemoveStarResponse> {
        let gone = request.into_inner();
        let is_left = |one: &Star| one.agent != gone.agent || one.conversation != gone.conversation;
        self.memory().stars.retain(is_left);
        answer(RemoveStarResponse {})
    }

    async fn list_starred(&self, request: Request<ListStarredRequest>) -> Answer<ListStarredResponse> {
        let agent = request.into_inner().agent;
        let mut stars = self.memory().stars.clone();
        stars.retain(|one| one.agent == agent);
        answer(ListStarredResponse {
            stars,
            next_page_token: String::new(),
        })
    }

    async fn list_reminders(&self, request: Request<ListRemindersRequest>) -> Answer<ListRemindersResponse> {
        let agent = request.into_inner().agent;
        let mut stars = self.present()?.stars.clone();
        stars.retain(|one| one.agent == agent && one.reminded_at.is_some());
        stars.sort_by_key(|one| std::cmp::Reverse(one.reminded_at.map(|at| at.seconds)));
        answer(ListRemindersResponse { stars })
    }

    async fn get_reminder(&self, _: Request<GetReminderRequest>) -> Answer<GetReminderResponse> {
        Err(Status::unimplemented("nobody asks for it at this door"))
    }
}
