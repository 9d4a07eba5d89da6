use crate::app::erase_person::erase_person;
use crate::outbound::postgres::visitor_presence::VisitorPresence;
use ::domain::{Invalid, VisitorId, WorkspaceId};
use fault::Result;
use rpc::presence as wire;
use rpc::presence::person_service_server::PersonService;
use tonic::{Request, Response, Status};

const VISITORS: usize = 100;

/// The rpcs about what is kept of people.
pub(crate) struct Persons(pub VisitorPresence);

#[tonic::async_trait]
impl PersonService for Persons {
    async fn erase_person(
        &self,
        request: Request<wire::ErasePersonRequest>,
    ) -> Result<Response<wire::ErasePersonResponse>, Status> {
        let request = request.into_inner();
        let answer = async {
            let workspace = WorkspaceId::parse(&request.workspace)?;
            if !(1..=VISITORS).contains(&request.visitors.len()) {
                return Err(Invalid::new("visitors", "needs 1 to 100").into());
            }
            let visitors = request.visitors.iter().map(|id| VisitorId::parse(id));
            let visitors = visitors
                .collect::<Result<Vec<_>, _>>()
                .map_err(|wrong| wrong.of("visitors"))?;
            let erased = erase_person(&self.0, &workspace, &visitors).await?;
            Ok(wire::ErasePersonResponse {
                erased: [("visitors".to_owned(), erased)].into(),
            })
        };
        rpc::answer(answer.await)
    }
}
