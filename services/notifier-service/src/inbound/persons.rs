//! `homing.notifier.v1.PersonService`, for contacts-service.

use crate::app::App;
use domain::{ConversationId, Invalid, PhoneE164, WorkspaceId};
use fault::Result;
use rpc::notifier::person_service_server::PersonService;
use rpc::notifier::{ErasePersonRequest, ErasePersonResponse, ExportPersonRequest, ExportPersonResponse};
use std::sync::Arc;
use tonic::{Request, Response, Status};

const CONVERSATIONS: usize = 100;
const NUMBERS: usize = 500;

/// The rpcs about what is kept of people.
pub struct Persons(pub Arc<App>);

#[tonic::async_trait]
impl PersonService for Persons {
    async fn export_person(
        &self,
        request: Request<ExportPersonRequest>,
    ) -> Result<Response<ExportPersonResponse>, Status> {
        rpc::answer(self.export(request.into_inner()).await)
    }

    async fn erase_person(
        &self,
        request: Request<ErasePersonRequest>,
    ) -> Result<Response<ErasePersonResponse>, Status> {
        rpc::answer(self.erase(request.into_inner()).await)
    }
}

impl Persons {
    async fn export(&self, request: ExportPersonRequest) -> Result<ExportPersonResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        if !(1..=CONVERSATIONS).contains(&request.conversations.len()) {
            return Err(Invalid::new("conversations", "needs 1 to 100").into());
        }
        let ids = request.conversations.iter().map(|id| ConversationId::parse(id));
        let ids = ids
            .collect::<Result<Vec<_>, _>>()
            .map_err(|wrong| wrong.of("conversations"))?;
        let foreign = |_| Invalid::new("page_token", "is not one that this call answered");
        let from = match request.page_token.as_str() {
            "" => 0,
            token => token.parse::<u32>().map_err(foreign)?.into(),
        };
        let (entries, next) = self.0.export_person(&workspace, &ids, from).await?;
        Ok(ExportPersonResponse {
            entries,
            next_page_token: next.map(|from| from.to_string()).unwrap_or_default(),
        })
    }

    async fn erase(&self, request: ErasePersonRequest) -> Result<ErasePersonResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        if request.conversations.len() > CONVERSATIONS {
            return Err(Invalid::new("conversations", "takes at most 100").into());
        }
        if request.numbers.len() > NUMBERS {
            return Err(Invalid::new("numbers", "takes at most 500").into());
        }
        let ids = request.conversations.iter().map(|id| ConversationId::parse(id));
        let ids = ids
            .collect::<Result<Vec<_>, _>>()
            .map_err(|wrong| wrong.of("conversations"))?;
        let numbers = request.numbers.iter().map(|number| PhoneE164::parse(number));
        let numbers = numbers
            .collect::<Result<Vec<_>, _>>()
            .map_err(|wrong| wrong.of("numbers"))?;
        Ok(ErasePersonResponse {
            erased: self.0.erase_person(&workspace, &ids, &numbers).await?,
        })
    }
}
