//! `homing.routing.v1.PersonService`, for contacts-service.

use crate::app::App;
use crate::outbound::postgres::person::Whose;
use ::domain::{ConversationId, Invalid, VisitorId, WorkspaceId};
use fault::Result;
use rpc::routing as wire;
use rpc::routing::person_service_server::PersonService;
use tonic::{Request, Response, Status};

/// Visitors, or conversations, that one call names at most.
const MOST: usize = 100;

/// The rpcs about what is kept of people.
pub(crate) struct Persons(pub(crate) App);

impl Persons {
    async fn export(&self, request: wire::ExportPersonRequest) -> Result<wire::ExportPersonResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (visitors, conversations) = read(&request.visitors, &request.conversations)?;
        let foreign = |_| Invalid::new("page_token", "is not one that this call answered");
        let from = match request.page_token.as_str() {
            "" => 0,
            token => token.parse::<u32>().map_err(foreign)?.into(),
        };
        let whose = Whose {
            visitors: &visitors,
            conversations: &conversations,
        };
        let (entries, next) = self.0.export_person(&workspace, &whose, from).await?;
        Ok(wire::ExportPersonResponse {
            entries,
            next_page_token: next.map(|from| from.to_string()).unwrap_or_default(),
        })
    }

    async fn erase(&self, request: wire::ErasePersonRequest) -> Result<wire::ErasePersonResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (visitors, conversations) = read(&request.visitors, &request.conversations)?;
        let whose = Whose {
            visitors: &visitors,
            conversations: &conversations,
        };
        let erased = self.0.erase_person(&workspace, &whose).await?;
        Ok(wire::ErasePersonResponse {
            erased: erased
                .into_iter()
                .map(|(what, count)| (what.to_owned(), count))
                .collect(),
        })
    }
}

fn read(visitors: &[String], conversations: &[String]) -> Result<(Vec<VisitorId>, Vec<ConversationId>), Invalid> {
    for (field, count) in [("visitors", visitors.len()), ("conversations", conversations.len())] {
        if count > MOST {
            return Err(Invalid::new(field, "takes at most 100"));
        }
    }
    let visitors = visitors.iter().map(|id| VisitorId::parse(id)).collect::<Result<_, _>>();
    let conversations = conversations
        .iter()
        .map(|id| ConversationId::parse(id))
        .collect::<Result<_, _>>();
    Ok((
        visitors.map_err(|wrong| wrong.of("visitors"))?,
        conversations.map_err(|wrong| wrong.of("conversations"))?,
    ))
}

#[tonic::async_trait]
impl PersonService for Persons {
    async fn export_person(
        &self,
        request: Request<wire::ExportPersonRequest>,
    ) -> Result<Response<wire::ExportPersonResponse>, Status> {
        rpc::answer(self.export(request.into_inner()).await)
    }

    async fn erase_person(
        &self,
        request: Request<wire::ErasePersonRequest>,
    ) -> Result<Response<wire::ErasePersonResponse>, Status> {
        rpc::answer(self.erase(request.into_inner()).await)
    }
}
