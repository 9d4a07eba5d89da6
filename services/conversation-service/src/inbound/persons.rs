//! PersonService: from messages to use cases and back.

use crate::app::App;
use crate::outbound::postgres::interaction::Interaction;
use domain::{ContactId, ConversationId, Invalid, WorkspaceId};
use events::stamp;
use fault::Result;
use rpc::conversation as proto;
use rpc::conversation::person_service_server::PersonService;
use tonic::{Request, Response, Status};

type Reply<T> = Result<Response<T>, Status>;

const CONTACTS: usize = 500;
const CONVERSATIONS: usize = 100;
/// Conversations that bear one of the contacts; those that hang on them come beside.
const PAGE: u32 = 50;

/// Interactions that one answer holds.
const INTERACTIONS: u32 = 200;
const INTERACTIONS_UNLESS_TOLD: u32 = 50;

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
        let contacts = contacts(&request.contacts)?;
        let after = ConversationId::parse_optional(&request.after).map_err(|wrong| wrong.of("after"))?;
        if request.limit > PAGE {
            return Err(Invalid::new("limit", "must be 1 to 50, or 0 for 50").into());
        }
        let limit = if request.limit == 0 { PAGE } else { request.limit };
        let page = (after, limit.into());
        let found = self.app.list_person_conversations(&workspace, &contacts, page).await?;
        let told = found.into_iter().map(|one| proto::PersonConversation {
            conversation: one.id.to_string(),
            visitor: one.visitor.map(|id| id.to_string()).unwrap_or_default(),
            external_ref: one.external_ref.unwrap_or_default(),
            theirs: one.theirs,
        });
        Ok(proto::ListPersonConversationsResponse {
            conversations: told.collect(),
        })
    }

    async fn list_interactions(
        &self,
        request: proto::ListInteractionsRequest,
    ) -> Result<proto::ListInteractionsResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let contacts = contacts(&request.contacts)?;
        let before = ConversationId::parse_optional(&request.before).map_err(|wrong| wrong.of("before"))?;
        let limit = match request.limit {
            0 => INTERACTIONS_UNLESS_TOLD,
            limit if limit <= INTERACTIONS => limit,
            _ => return Err(Invalid::new("limit", "must be 1 to 200, or 0 for 50").into()),
        };
        let page = (before, limit.into());
        let found = self.app.list_interactions(&workspace, &contacts, page).await?;
        Ok(proto::ListInteractionsResponse {
            interactions: found.into_iter().map(interaction).collect(),
        })
    }

    async fn list_activity(&self, request: proto::ListActivityRequest) -> Result<proto::ListActivityResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let contacts = contacts(&request.contacts)?;
        let found = self.app.list_activity(&workspace, &contacts).await?;
        let told = found.into_iter().map(|(contact, open, at)| proto::ContactActivity {
            contact: contact.to_string(),
            open,
            last_at: Some(stamp(at)),
        });
        Ok(proto::ListActivityResponse {
            activities: told.collect(),
        })
    }

    async fn export_person(&self, request: proto::ExportPersonRequest) -> Result<proto::ExportPersonResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let ids = conversations(&request.conversations)?;
        let foreign = |_| Invalid::new("page_token", "is not one that this call answered");
        let from = match request.page_token.as_str() {
            "" => 0,
            token => token.parse::<u32>().map_err(foreign)?.into(),
        };
        let (entries, next) = self.app.export_person(&workspace, &ids, from).await?;
        Ok(proto::ExportPersonResponse {
            entries,
            next_page_token: next.map(|from| from.to_string()).unwrap_or_default(),
        })
    }

    async fn erase_person(&self, request: proto::ErasePersonRequest) -> Result<proto::ErasePersonResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let ids = conversations(&request.conversations)?;
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

    async fn list_interactions(
        &self,
        request: Request<proto::ListInteractionsRequest>,
    ) -> Reply<proto::ListInteractionsResponse> {
        rpc::answer(self.list_interactions(request.into_inner()).await)
    }

    async fn list_activity(&self, request: Request<proto::ListActivityRequest>) -> Reply<proto::ListActivityResponse> {
        rpc::answer(self.list_activity(request.into_inner()).await)
    }

    async fn export_person(&self, request: Request<proto::ExportPersonRequest>) -> Reply<proto::ExportPersonResponse> {
        rpc::answer(self.export_person(request.into_inner()).await)
    }

    async fn erase_person(&self, request: Request<proto::ErasePersonRequest>) -> Reply<proto::ErasePersonResponse> {
        rpc::answer(self.erase_person(request.into_inner()).await)
    }
}

fn contacts(named: &[String]) -> Result<Vec<ContactId>, Invalid> {
    if !(1..=CONTACTS).contains(&named.len()) {
        return Err(Invalid::new("contacts", "needs 1 to 500"));
    }
    let ids = named.iter().map(|id| ContactId::parse(id));
    ids.collect::<Result<_, _>>().map_err(|wrong| wrong.of("contacts"))
}

fn interaction(found: Interaction) -> proto::Interaction {
    let talks = found.talks.into_iter().map(|talk| proto::Talk {
        agent: talk.agent.to_string(),
        messages: talk.messages,
        first_at: Some(stamp(talk.first_at)),
        last_at: Some(stamp(talk.last_at)),
    });
    proto::Interaction {
        conversation: found.id.to_string(),
        number: found.number,
        channel: found.channel.to_string(),
        started_at: Some(stamp(found.started_at)),
        resolved_at: found.resolved_at.map(stamp),
        talks: talks.collect(),
    }
}

fn conversations(named: &[String]) -> Result<Vec<ConversationId>, Invalid> {
    if !(1..=CONVERSATIONS).contains(&named.len()) {
        return Err(Invalid::new("conversations", "needs 1 to 100"));
    }
    let ids = named.iter().map(|id| ConversationId::parse(id));
    ids.collect::<Result<_, _>>().map_err(|wrong| wrong.of("conversations"))
}
