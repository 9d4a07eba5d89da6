//! `homing.contacts.v1.SegmentService`: reads requests, calls the use case of the same name, writes answers.

use super::Server;
use super::words::{contact, purpose_for};
use crate::domain::{DataKey, page};
use domain::Invalid;
use fault::Result;
use rpc::contacts::segment_service_server::SegmentService;
use rpc::contacts::{
    CountSegmentRequest, CountSegmentResponse, ExportSegmentRequest, ExportSegmentResponse, ListSegmentRequest,
    ListSegmentResponse,
};
use tonic::{Request, Response, Status};

/// Columns of custom values; a contact has no more of them.
const COLUMNS: usize = 50;

impl Server {
    async fn do_count_segment(&self, request: Request<CountSegmentRequest>) -> Result<CountSegmentResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        let purpose = purpose_for(&rights, request.purpose)?;
        let contacts = self
            .contacts
            .count_segment(&workspace, (purpose, &rights), &request.filter)
            .await?;
        Ok(CountSegmentResponse { contacts })
    }

    async fn do_list_segment(&self, request: Request<ListSegmentRequest>) -> Result<ListSegmentResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        let purpose = purpose_for(&rights, request.purpose)?;
        // Of those that show all their values, fewer fit into an answer than of an export.
        page::size(request.page_size)?;
        let page = (request.page_size, request.page_token.as_str());
        let (found, next) = self
            .contacts
            .list_segment(&workspace, (purpose, &rights), &request.filter, page)
            .await?;
        Ok(ListSegmentResponse {
            contacts: found.into_iter().map(|one| contact(&rights.show(one))).collect(),
            next_page_token: next.map(|id| id.to_string()).unwrap_or_default(),
        })
    }

    async fn do_export_segment(&self, request: Request<ExportSegmentRequest>) -> Result<ExportSegmentResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        let purpose = purpose_for(&rights, request.purpose)?;
        if request.data.len() > COLUMNS {
            return Err(Invalid::new("data", "may name 50 keys at most").into());
        }
        let data: Vec<DataKey> = request
            .data
            .iter()
            .map(|key| DataKey::parse(key))
            .collect::<Result<_, _>>()?;
        let page = (request.page_size, request.page_token.as_str());
        let (csv, next) = self
            .contacts
            .export_segment(&workspace, (purpose, &rights), (&request.filter, &data), page)
            .await?;
        Ok(ExportSegmentResponse {
            csv,
            next_page_token: next.map(|id| id.to_string()).unwrap_or_default(),
        })
    }
}

#[tonic::async_trait]
impl SegmentService for Server {
    async fn count_segment(
        &self,
        request: Request<CountSegmentRequest>,
    ) -> Result<Response<CountSegmentResponse>, Status> {
        rpc::answer(self.do_count_segment(request).await)
    }

    async fn list_segment(
        &self,
        request: Request<ListSegmentRequest>,
    ) -> Result<Response<ListSegmentResponse>, Status> {
        rpc::answer(self.do_list_segment(request).await)
    }

    async fn export_segment(
        &self,
        request: Request<ExportSegmentRequest>,
    ) -> Result<Response<ExportSegmentResponse>, Status> {
        rpc::answer(self.do_export_segment(request).await)
    }
}
