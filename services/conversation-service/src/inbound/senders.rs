//! SenderService: from messages to use cases and back.

use crate::app::App;
use domain::{TextSender, WorkspaceId};
use events::stamp;
use fault::Result;
use rpc::conversation as proto;
use rpc::conversation::sender_service_server::SenderService;
use tonic::{Request, Response, Status};

type Reply<T> = Result<Response<T>, Status>;

/// The rpcs of senders.
#[derive(Debug, Clone)]
pub struct SenderBook {
    app: App,
}

impl SenderBook {
    pub fn new(app: App) -> Self {
        Self { app }
    }

    async fn assign_sender(&self, request: proto::AssignSenderRequest) -> Result<proto::AssignSenderResponse> {
        let (workspace, sender) = named(&request.workspace, &request.sender)?;
        self.app.assign_sender(&workspace, &sender).await?;
        Ok(proto::AssignSenderResponse {})
    }

    async fn release_sender(&self, request: proto::ReleaseSenderRequest) -> Result<proto::ReleaseSenderResponse> {
        let (workspace, sender) = named(&request.workspace, &request.sender)?;
        self.app.release_sender(&workspace, &sender).await?;
        Ok(proto::ReleaseSenderResponse {})
    }

    async fn list_senders(&self, request: proto::ListSendersRequest) -> Result<proto::ListSendersResponse> {
        let found = self.app.list_senders(&WorkspaceId::parse(&request.workspace)?).await?;
        let senders = found.into_iter().map(|one| proto::Sender {
            sender: one.sender.to_string(),
            assigned_at: Some(stamp(one.at)),
        });
        Ok(proto::ListSendersResponse {
            senders: senders.collect(),
        })
    }
}

fn named(workspace: &str, sender: &str) -> Result<(WorkspaceId, TextSender)> {
    let workspace = WorkspaceId::parse(workspace)?;
    let sender = TextSender::parse(sender).map_err(|wrong| wrong.of("sender"))?;
    Ok((workspace, sender))
}

macro_rules! answers {
    ($($rpc:ident: $request:ident -> $response:ident;)+) => {
        #[tonic::async_trait]
        impl SenderService for SenderBook {
            $(async fn $rpc(&self, request: Request<proto::$request>) -> Reply<proto::$response> {
                rpc::answer(self.$rpc(request.into_inner()).await)
            })+
        }
    };
}

answers! {
    assign_sender: AssignSenderRequest -> AssignSenderResponse;
    release_sender: ReleaseSenderRequest -> ReleaseSenderResponse;
    list_senders: ListSendersRequest -> ListSendersResponse;
}
