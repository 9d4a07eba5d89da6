//! `homing.contacts.v1.PrivacyService`: reads requests, calls the use case of the same name, writes answers.

use super::Server;
use crate::domain::{Erasure, ErasureReason, ErasureRequest, ErasureStep, Leg, name};
use domain::{ContactId, Invalid, WorkspaceId};
use fault::Result;
use rpc::contacts::privacy_service_server::PrivacyService;
use rpc::contacts::{
    self, EraseContactRequest, EraseContactResponse, ErasureState, ExportPersonRequest, ExportPersonResponse,
    GetErasureRequest, GetErasureResponse, ListErasuresRequest, ListErasuresResponse,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

impl Server {
    async fn do_export_person(&self, request: Request<ExportPersonRequest>) -> Result<ExportPersonResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        rights.must_see_all()?;
        let contact = ContactId::parse(&request.contact)?;
        let leg = Leg::parse(&request.page_token)?;
        let exported = self.contacts.export_person(&self.persons, &workspace, contact, leg);
        let (json, next) = exported.await?;
        Ok(ExportPersonResponse {
            json,
            next_page_token: next.map(|leg| leg.to_string()).unwrap_or_default(),
        })
    }

    async fn do_erase_contact(&self, request: Request<EraseContactRequest>) -> Result<EraseContactResponse> {
        let (workspace, rights, request) = self.enter(request, |request| &request.workspace).await?;
        rights.must_edit_all()?;
        let asked = ErasureRequest {
            request_id: name("request_id", &request.request_id)?,
            contact: ContactId::parse(&request.contact)?,
            reason: reason(request.reason)?,
            by: name("by", &request.by)?,
        };
        let begun = self.contacts.erase_contact(&workspace, &asked).await?;
        Ok(EraseContactResponse {
            erasure: Some(erasure(begun)),
        })
    }

    async fn do_get_erasure(&self, request: GetErasureRequest) -> Result<GetErasureResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let id = Uuid::try_parse(&request.erasure).map_err(|_| Invalid::new("erasure", "is not a UUID"))?;
        let found = self.contacts.get_erasure(&workspace, id).await?;
        Ok(GetErasureResponse {
            erasure: Some(erasure(found)),
        })
    }

    async fn do_list_erasures(&self, request: ListErasuresRequest) -> Result<ListErasuresResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let page = (request.page_size, request.page_token.as_str());
        let (found, next) = self.contacts.list_erasures(&workspace, page).await?;
        Ok(ListErasuresResponse {
            erasures: found.into_iter().map(erasure).collect(),
            next_page_token: next.map(|id| id.to_string()).unwrap_or_default(),
        })
    }
}

#[tonic::async_trait]
impl PrivacyService for Server {
    async fn export_person(
        &self,
        request: Request<ExportPersonRequest>,
    ) -> Result<Response<ExportPersonResponse>, Status> {
        rpc::answer(self.do_export_person(request).await)
    }

    async fn erase_contact(
        &self,
        request: Request<EraseContactRequest>,
    ) -> Result<Response<EraseContactResponse>, Status> {
        rpc::answer(self.do_erase_contact(request).await)
    }

    async fn get_erasure(&self, request: Request<GetErasureRequest>) -> Result<Response<GetErasureResponse>, Status> {
        rpc::answer(self.do_get_erasure(request.into_inner()).await)
    }

    async fn list_erasures(
        &self,
        request: Request<ListErasuresRequest>,
    ) -> Result<Response<ListErasuresResponse>, Status> {
        rpc::answer(self.do_list_erasures(request.into_inner()).await)
    }
}

fn reason(number: i32) -> Result<ErasureReason, Invalid> {
    match contacts::ErasureReason::try_from(number) {
        Ok(contacts::ErasureReason::Requested) => Ok(ErasureReason::Requested),
        Ok(contacts::ErasureReason::NoLongerNeeded) => Ok(ErasureReason::NoLongerNeeded),
        Ok(contacts::ErasureReason::Unlawful) => Ok(ErasureReason::Unlawful),
        Ok(contacts::ErasureReason::Obligation) => Ok(ErasureReason::Obligation),
        Ok(contacts::ErasureReason::Retention | contacts::ErasureReason::Unspecified) | Err(_) => Err(Invalid::new(
            "reason",
            "must be REQUESTED, NO_LONGER_NEEDED, UNLAWFUL or OBLIGATION",
        )),
    }
}

fn state(done: bool) -> i32 {
    match done {
        true => ErasureState::Done.into(),
        false => ErasureState::Running.into(),
    }
}

fn erasure(told: Erasure) -> contacts::Erasure {
    let reason = match told.request.reason {
        ErasureReason::Requested => contacts::ErasureReason::Requested,
        ErasureReason::NoLongerNeeded => contacts::ErasureReason::NoLongerNeeded,
        ErasureReason::Unlawful => contacts::ErasureReason::Unlawful,
        ErasureReason::Obligation => contacts::ErasureReason::Obligation,
        ErasureReason::Retention => contacts::ErasureReason::Retention,
    };
    let step = |step: ErasureStep| contacts::ErasureStep {
        step: step.place.word().to_owned(),
        state: state(step.done),
        failures: step.failures,
        failure: step.failure,
        erased: step.erased.into_iter().collect(),
    };
    contacts::Erasure {
        erasure: told.id.to_string(),
        contact: told.request.contact.to_string(),
        reason: reason.into(),
        by: told.request.by,
        asked_at: Some(events::stamp(told.asked_at)),
        state: state(told.done_at.is_some()),
        done_at: told.done_at.map(events::stamp),
        steps: told.steps.into_iter().map(step).collect(),
    }
}
