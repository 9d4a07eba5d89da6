//! PersonService: from messages to use cases and back.

use crate::app::App;
use domain::{ContactId, ConversationId, Invalid, WorkspaceId};
use fault::Result;
use rpc::conversation as proto;
use rpc::conversation::person_service_server::PersonService;
use tonic::{Request, Response, Status};

type Reply<T> = Result<Response<T>, Status>;

const CONTACTS: usize = 500;
const CONVERSATIONS: usize = 100;

/// The rpcs about what is kept of people.
#[derive(Debug, Clone)]
pub struct Persons {
    app: App,
}

impl Persons {
    pub fn new(app: App) -> Self {
        Self { app }
    }

    async fn list_person_conversations(
        &self,
        request: proto::ListPersonConversationsRequest,
    ) -> Result<proto::ListPersonConversationsResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        if !(1..=CONTACTS).contains(&request.contacts.len()) {
            return Err(Invalid::new("contacts", "needs 1 to 500").into());
        }
        let contacts = request.contacts.iter().map(|id| ContactId::parse(id));
        let contacts = contacts
            .collect::<Result<Vec<_>, _>>()
            .map_err(|wrong| wrong.of("contacts"))?;
        let found = self.app.list_person_conversations(&workspace, &contacts).await?;
        let told = found.into_iter().map(|one| proto::PersonConversation {
            conversation: one.id.to_string(),
            visitor: one.visitor.map(|id| id.to_string()).unwrap_or_default(),
            external_ref: one.external_ref.unwrap_or_default(),
        });
        Ok(proto::ListPersonConversationsResponse {
            conversations: told.collect(),
        })
    }

    async fn erase_person(&self, request: proto::ErasePersonRequest) -> Result<proto::ErasePersonResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        if !(1..=CONVERSATIONS).contains(&request.conversations.len()) {
            return Err(Invalid::new("conversations", "needs 1 to 100").into());
        }
        let ids = request.conversations.iter().map(|id| ConversationId::parse(id));
        let ids = ids
            .collect::<Result<Vec<_>, _>>()
            .map_err(|wrong| wrong.of("conversations"))?;
        let erased = self.app.erase_person(&workspace, &ids).await?;
        let counts = [("conversations", erased.conversations), ("messages", erased.messages)];
        Ok(proto::ErasePersonResponse {
            erased: counts.map(|(what, count)| (what.to_owned(), count)).into(),
            complete: erased.complete,
        })
    }
}

#[tonic::async_trait]
impl PersonService for Persons {
    async fn list_person_conversations(
        &self,
        request: Request<proto::ListPersonConversationsRequest>,
    ) -> Reply<proto::ListPersonConversationsResponse> {
        rpc::answer(self.list_person_conversations(request.into_inner()).await)
    }

    async fn erase_person(&self, request: Request<proto::ErasePersonRequest>) -> Reply<proto::ErasePersonResponse> {
        rpc::answer(self.erase_person(request.into_inner()).await)
    }
}
