//! contacts-service, which erases its one person.

use super::contacts::{ANN, OTHER};
use super::{Answer, Peers, answer, refuse};
use fault::Fault;
use rpc::contacts::privacy_service_server::PrivacyService;
use rpc::contacts::*;
use tonic::Request;

impl Peers {
    /// The one that was asked for last.
    fn erasure(&self) -> Option<Erasure> {
        let asked = self.memory().erasures.last().cloned()?;
        Some(Erasure {
            erasure: OTHER.into(),
            contact: ANN.into(),
            reason: asked.reason,
            by: asked.by,
            asked_at: Some(prost_types::Timestamp::default()),
            state: ErasureState::Running.into(),
            done_at: None,
            steps: vec![ErasureStep {
                step: "gateway".into(),
                state: ErasureState::Running.into(),
                failures: 2,
                failure: "service.unavailable".into(),
                erased: [("sessions".to_owned(), 3)].into(),
            }],
        })
    }
}

#[tonic::async_trait]
impl PrivacyService for Peers {
    async fn export_person(&self, request: Request<ExportPersonRequest>) -> Answer<ExportPersonResponse> {
        let request = request.into_inner();
        match (request.contact.as_str(), request.page_token.as_str()) {
            (ANN, "") => answer(ExportPersonResponse {
                json: "{\"entries\": [1".into(),
                next_page_token: "next".into(),
            }),
            (ANN, "next") => answer(ExportPersonResponse {
                json: ", 2]}".into(),
                next_page_token: String::new(),
            }),
            (OTHER, "") => answer(ExportPersonResponse {
                json: "{".into(),
                next_page_token: "gone".into(),
            }),
            (OTHER, _) => Err(refuse(Fault::internal("the second piece fails"))),
            _ => Err(refuse(Fault::not_found("contact"))),
        }
    }

    async fn erase_contact(&self, request: Request<EraseContactRequest>) -> Answer<EraseContactResponse> {
        self.memory().erasures.push(request.into_inner());
        let erasure = self.erasure();
        answer(EraseContactResponse { erasure })
    }

    async fn get_erasure(&self, request: Request<GetErasureRequest>) -> Answer<GetErasureResponse> {
        match self
            .erasure()
            .filter(|known| known.erasure == request.get_ref().erasure)
        {
            Some(erasure) => answer(GetErasureResponse { erasure: Some(erasure) }),
            None => Err(refuse(Fault::not_found("erasure"))),
        }
    }

    async fn list_erasures(&self, _: Request<ListErasuresRequest>) -> Answer<ListErasuresResponse> {
        answer(ListErasuresResponse {
            erasures: self.erasure().into_iter().collect(),
            next_page_token: "next".into(),
        })
    }
}
