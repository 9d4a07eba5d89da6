//! `homing.gateway.v1.PersonService`, for contacts-service.

use crate::app::edge::Edge;
use crate::app::erase_person::erase_person;
use domain::{ConversationId, Invalid, VisitorId, WorkspaceId};
use fault::Result;
use rpc::gateway::person_service_server::PersonService;
use rpc::gateway::{ErasePersonRequest, ErasePersonResponse};
use std::sync::Arc;
use tonic::{Request, Response, Status};

const AT_ONCE: usize = 100;

/// The rpcs about what is kept of people.
pub struct Persons(pub Arc<Edge>);

#[tonic::async_trait]
impl PersonService for Persons {
    async fn erase_person(
        &self,
        request: Request<ErasePersonRequest>,
    ) -> Result<Response<ErasePersonResponse>, Status> {
        let request = request.into_inner();
        let answer = async {
            let workspace = WorkspaceId::parse(&request.workspace)?;
            for (field, named) in [
                ("visitors", &request.visitors),
                ("conversations", &request.conversations),
            ] {
                if named.len() > AT_ONCE {
                    return Err(Invalid::new(field, "takes at most 100").into());
                }
            }
            let visitors = request.visitors.iter().map(|id| VisitorId::parse(id));
            let visitors = visitors
                .collect::<Result<Vec<_>, _>>()
                .map_err(|wrong| wrong.of("visitors"))?;
            let ids = request.conversations.iter().map(|id| ConversationId::parse(id));
            let ids = ids
                .collect::<Result<Vec<_>, _>>()
                .map_err(|wrong| wrong.of("conversations"))?;
            let erased = erase_person(&self.0, &workspace, &visitors, &ids).await?;
            Ok(ErasePersonResponse {
                erased: [("sessions".to_owned(), erased)].into(),
            })
        };
        rpc::answer(answer.await)
    }
}
