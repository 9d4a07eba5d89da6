//! billing-service.

use super::{Answer, Peers, answer, not_played};
use rpc::billing::billing_service_server::BillingService;
use rpc::billing::*;
use tonic::Request;

#[tonic::async_trait]
impl BillingService for Peers {
    async fn get_usage(&self, request: Request<GetUsageRequest>) -> Answer<GetUsageResponse> {
        let request = request.into_inner();
        let spans = request
            .to
            .zip(request.from)
            .map_or(0, |(to, from)| to.seconds - from.seconds);
        self.memory().usage.push(request);
        answer(GetUsageResponse {
            total_micro_pu: spans,
            total_messages: 2,
            total_parts: 3,
            time_zone: "Europe/Warsaw".into(),
            ..Default::default()
        })
    }

    async fn list_charges(&self, request: Request<ListChargesRequest>) -> Answer<ListChargesResponse> {
        self.memory().charges.push(request.into_inner());
        answer(ListChargesResponse {
            charges: vec![Charge {
                kind: events::common::MessageKind::Sms.into(),
                state: HoldState::Captured.into(),
                ..Default::default()
            }],
            next_page_token: String::new(),
        })
    }

    async fn get_balance(&self, _: Request<GetBalanceRequest>) -> Answer<GetBalanceResponse> {
        answer(GetBalanceResponse {
            balance: Some(Balance {
                available_micro_pu: 7,
                held_micro_pu: 3,
            }),
        })
    }

    async fn top_up(&self, _: Request<TopUpRequest>) -> Answer<TopUpResponse> {
        not_played()
    }
    async fn set_prices(&self, _: Request<SetPricesRequest>) -> Answer<SetPricesResponse> {
        not_played()
    }
    async fn import_prices(&self, _: Request<ImportPricesRequest>) -> Answer<ImportPricesResponse> {
        not_played()
    }
    async fn export_prices(&self, _: Request<ExportPricesRequest>) -> Answer<ExportPricesResponse> {
        not_played()
    }
    async fn get_account(&self, _: Request<GetAccountRequest>) -> Answer<GetAccountResponse> {
        not_played()
    }
    async fn set_plan(&self, _: Request<SetPlanRequest>) -> Answer<SetPlanResponse> {
        not_played()
    }
    async fn set_thresholds(&self, _: Request<SetThresholdsRequest>) -> Answer<SetThresholdsResponse> {
        not_played()
    }
    async fn close_account(&self, _: Request<CloseAccountRequest>) -> Answer<CloseAccountResponse> {
        not_played()
    }
    async fn reopen_account(&self, _: Request<ReopenAccountRequest>) -> Answer<ReopenAccountResponse> {
        not_played()
    }
    async fn import_statement(&self, _: Request<ImportStatementRequest>) -> Answer<ImportStatementResponse> {
        not_played()
    }
    async fn get_drift(&self, _: Request<GetDriftRequest>) -> Answer<GetDriftResponse> {
        not_played()
    }
    async fn settle_hold(&self, _: Request<SettleHoldRequest>) -> Answer<SettleHoldResponse> {
        not_played()
    }
    async fn list_transfers(&self, _: Request<ListTransfersRequest>) -> Answer<ListTransfersResponse> {
        not_played()
    }
    async fn hold(&self, _: Request<HoldRequest>) -> Answer<HoldResponse> {
        not_played()
    }
}
