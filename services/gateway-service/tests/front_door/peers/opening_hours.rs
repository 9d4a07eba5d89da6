//! conversation-service's opening hours: what was set last, and open at even hours.

use super::{Answer, Peers, answer};
use events::{instant, stamp};
use rpc::conversation::opening_hours_service_server::OpeningHoursService;
use rpc::conversation::*;
use tonic::Request;

#[tonic::async_trait]
impl OpeningHoursService for Peers {
    async fn set_opening_hours(&self, request: Request<SetOpeningHoursRequest>) -> Answer<SetOpeningHoursResponse> {
        let request = request.into_inner();
        let version = request.version + 1;
        self.memory().opening_hours.push(request);
        answer(SetOpeningHoursResponse { version })
    }

    async fn get_opening_hours(&self, _: Request<GetOpeningHoursRequest>) -> Answer<GetOpeningHoursResponse> {
        let last = self.memory().opening_hours.last().cloned();
        answer(
            last.map_or_else(GetOpeningHoursResponse::default, |last| GetOpeningHoursResponse {
                hours: last.hours,
                version: last.version + 1,
            }),
        )
    }

    async fn get_opening(&self, request: Request<GetOpeningRequest>) -> Answer<GetOpeningResponse> {
        let at = instant(request.into_inner().at);
        let open = at.is_none_or(|at| at.as_second() / 3_600 % 2 == 0);
        answer(GetOpeningResponse {
            version: 1,
            open,
            until: at.map(stamp),
        })
    }
}
