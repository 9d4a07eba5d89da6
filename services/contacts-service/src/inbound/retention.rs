//! `homing.contacts.v1.RetentionService`: reads requests, calls the use case of the same name, writes answers.

use super::Server;
use crate::domain::{Period, Retention, name};
use domain::WorkspaceId;
use fault::Result;
use rpc::contacts::retention_service_server::RetentionService;
use rpc::contacts::{self, GetRetentionRequest, GetRetentionResponse, SetRetentionRequest, SetRetentionResponse};
use tonic::{Request, Response, Status};

impl Server {
    async fn do_get_retention(&self, request: GetRetentionRequest) -> Result<GetRetentionResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let found = self.contacts.get_retention(&workspace).await?;
        Ok(GetRetentionResponse {
            retention: Some(retention(found)),
        })
    }

    async fn do_set_retention(&self, request: SetRetentionRequest) -> Result<SetRetentionResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (period, by) = (Period::parse(request.days)?, name("by", &request.by)?);
        let set = self
            .contacts
            .set_retention(&workspace, period, request.version, &by)
            .await?;
        Ok(SetRetentionResponse {
            retention: Some(retention(set)),
        })
    }
}

#[tonic::async_trait]
impl RetentionService for Server {
    async fn get_retention(
        &self,
        request: Request<GetRetentionRequest>,
    ) -> Result<Response<GetRetentionResponse>, Status> {
        rpc::answer(self.do_get_retention(request.into_inner()).await)
    }

    async fn set_retention(
        &self,
        request: Request<SetRetentionRequest>,
    ) -> Result<Response<SetRetentionResponse>, Status> {
        rpc::answer(self.do_set_retention(request.into_inner()).await)
    }
}

fn retention(told: Retention) -> contacts::Retention {
    contacts::Retention {
        days: told.period.days(),
        version: told.version,
        by: told.by,
        set_at: told.set_at.map(events::stamp),
        applied_at: told.applied_at.map(events::stamp),
        erased: told.erased,
    }
}
