//! RetentionService: from messages to use cases and back.

use crate::app::App;
use crate::domain::retention::Retention;
use domain::{Invalid, WorkspaceId};
use events::stamp;
use fault::Result;
use rpc::conversation as proto;
use rpc::conversation::retention_service_server::RetentionService;
use tonic::{Request, Response, Status};

type Reply<T> = Result<Response<T>, Status>;

/// Characters of who sets it.
const BY: usize = 100;

/// The rpcs about how long what was said is kept.
#[derive(Debug, Clone)]
pub struct Keeping {
    app: App,
}

impl Keeping {
    pub fn new(app: App) -> Self {
        Self { app }
    }

    async fn get_retention(&self, request: proto::GetRetentionRequest) -> Result<proto::GetRetentionResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let found = self.app.get_retention(&workspace).await?;
        Ok(proto::GetRetentionResponse {
            retention: Some(told(found)),
        })
    }

    async fn set_retention(&self, request: proto::SetRetentionRequest) -> Result<proto::SetRetentionResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let by = request.by.trim();
        if by.is_empty() || by.chars().count() > BY || by.chars().any(char::is_control) {
            return Err(Invalid::new("by", "needs 1 to 100 characters").into());
        }
        let set = self.app.set_retention(&workspace, request.days, request.version, by);
        Ok(proto::SetRetentionResponse {
            retention: Some(told(set.await?)),
        })
    }
}

#[tonic::async_trait]
impl RetentionService for Keeping {
    async fn get_retention(&self, request: Request<proto::GetRetentionRequest>) -> Reply<proto::GetRetentionResponse> {
        rpc::answer(self.get_retention(request.into_inner()).await)
    }

    async fn set_retention(&self, request: Request<proto::SetRetentionRequest>) -> Reply<proto::SetRetentionResponse> {
        rpc::answer(self.set_retention(request.into_inner()).await)
    }
}

fn told(found: Retention) -> proto::Retention {
    proto::Retention {
        days: found.days,
        version: found.version,
        by: found.by,
        set_at: found.set_at.map(stamp),
        applied_at: found.applied_at.map(stamp),
        erased: found.erased,
    }
}
