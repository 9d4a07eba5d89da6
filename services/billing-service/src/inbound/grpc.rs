//! `homing.billing.v1.BillingService`: reads requests, calls the use case of the same name, writes answers.

use super::words;
use crate::app::Billing;
use crate::domain::{By, Filter, Price, Provider, Terms};
use domain::{DeliveryId, WorkspaceId};
use fault::{Fault, Result};
use rpc::billing::billing_service_server::BillingService;
use rpc::billing::{
    self, CloseAccountRequest, CloseAccountResponse, ExportPricesRequest, ExportPricesResponse, GetAccountRequest,
    GetAccountResponse, GetBalanceRequest, GetBalanceResponse, GetDriftRequest, GetDriftResponse, GetUsageRequest,
    GetUsageResponse, HoldRequest, HoldResponse, ImportPricesRequest, ImportPricesResponse, ImportStatementRequest,
    ImportStatementResponse, ListChargesRequest, ListChargesResponse, ListTransfersRequest, ListTransfersResponse,
    ReopenAccountRequest, ReopenAccountResponse, SetPlanRequest, SetPlanResponse, SetPricesRequest, SetPricesResponse,
    SetThresholdsRequest, SetThresholdsResponse, SettleHoldRequest, SettleHoldResponse, TopUpRequest, TopUpResponse,
};
use tonic::{Request, Response, Status};

/// The server.
#[derive(Debug, Clone)]
pub struct Server {
    billing: Billing,
}

impl Server {
    pub fn new(billing: Billing) -> Self {
        Self { billing }
    }

    async fn do_top_up(&self, request: TopUpRequest) -> Result<TopUpResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let balances = self
            .billing
            .top_up(
                &workspace,
                &request.request_id,
                request.micro_pu,
                words::expiry(request.expires_at)?,
            )
            .await?;
        Ok(TopUpResponse {
            balance: Some(words::balance(balances)),
        })
    }

    async fn do_set_prices(&self, request: SetPricesRequest) -> Result<SetPricesResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let prices: Vec<Price> = request
            .prices
            .iter()
            .enumerate()
            .map(|(at, line)| {
                words::price(line)
                    .map_err(|invalid| Fault::invalid(format!("prices[{at}].{}", invalid.field), invalid.remedy))
            })
            .collect::<Result<_>>()?;
        self.billing.set_prices(&workspace, &prices).await?;
        Ok(SetPricesResponse {})
    }

    async fn do_import_prices(&self, request: ImportPricesRequest) -> Result<ImportPricesResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let prices = self.billing.import_prices(&workspace, &request.csv).await?;
        let prices = u32::try_from(prices).map_err(Fault::internal)?;
        Ok(ImportPricesResponse { prices })
    }

    async fn do_export_prices(&self, request: ExportPricesRequest) -> Result<ExportPricesResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let csv = self.billing.export_prices(&workspace).await?;
        Ok(ExportPricesResponse { csv })
    }

    async fn do_hold(&self, request: HoldRequest) -> Result<HoldResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let delivery = DeliveryId::parse(&request.delivery)?;
        let terms = Terms::new(
            words::kind(request.kind)?,
            words::known_country(&request.country)?,
            request.parts,
        )?;
        let answer = self.billing.hold(&workspace, delivery, terms).await?;
        Ok(HoldResponse {
            state: words::hold_state(answer.state()).into(),
            micro_pu: answer.amount().micro(),
        })
    }

    async fn do_get_usage(&self, request: GetUsageRequest) -> Result<GetUsageResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let period = words::period(request.from, request.to)?;
        let by = match billing::UsageBy::try_from(request.by) {
            Ok(billing::UsageBy::Day) => By::Day,
            Ok(billing::UsageBy::Month) => By::Month,
            Ok(billing::UsageBy::Unspecified) | Err(_) => return Err(Fault::invalid("by", "must be DAY or MONTH")),
        };
        let filter = Filter {
            kind: words::kind_or_all(request.kind)?,
            country: words::country(&request.country)?,
            ..Filter::default()
        };
        let usage = self.billing.get_usage(&workspace, period, by, filter).await?;
        let (messages, parts, amount) = usage.total().ok_or_else(|| Fault::internal("the total is too large"))?;
        Ok(GetUsageResponse {
            rows: usage.rows.into_iter().map(words::usage_row).collect(),
            total_micro_pu: amount.micro(),
            total_messages: messages,
            total_parts: parts,
            time_zone: usage.time_zone,
        })
    }

    async fn do_list_charges(&self, request: ListChargesRequest) -> Result<ListChargesResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let filter = Filter {
            period: match (request.from, request.to) {
                (None, None) => None,
                (from, to) => Some(words::period(from, to)?),
            },
            state: words::state_or_all(request.state)?,
            kind: words::kind_or_all(request.kind)?,
            country: words::country(&request.country)?,
        };
        let page = self
            .billing
            .list_charges(&workspace, filter, request.page_size, &request.page_token)
            .await?;
        Ok(ListChargesResponse {
            charges: page.charges.into_iter().map(words::charge).collect(),
            next_page_token: page.next.map(|cursor| cursor.token()).unwrap_or_default(),
        })
    }

    async fn do_get_account(&self, request: GetAccountRequest) -> Result<GetAccountResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        Ok(words::account(self.billing.get_account(&workspace).await?))
    }

    async fn do_set_plan(&self, request: SetPlanRequest) -> Result<SetPlanResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let plan = words::plan(request.plan)?;
        self.billing.set_plan(&workspace, plan).await?;
        Ok(SetPlanResponse {})
    }

    async fn do_set_thresholds(&self, request: SetThresholdsRequest) -> Result<SetThresholdsResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (low_below, refill) = words::thresholds(request.thresholds)?;
        self.billing.set_thresholds(&workspace, low_below, refill).await?;
        Ok(SetThresholdsResponse {})
    }

    async fn do_close_account(&self, request: CloseAccountRequest) -> Result<CloseAccountResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        self.billing.close_account(&workspace).await?;
        Ok(CloseAccountResponse {})
    }

    async fn do_reopen_account(&self, request: ReopenAccountRequest) -> Result<ReopenAccountResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        self.billing.reopen_account(&workspace).await?;
        Ok(ReopenAccountResponse {})
    }

    async fn do_import_statement(&self, request: ImportStatementRequest) -> Result<ImportStatementResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let provider = Provider::parse(&request.provider)?;
        let day = words::day("day", &request.day)?;
        let messages = self
            .billing
            .import_statement(&workspace, &provider, day, &request.csv)
            .await?;
        let messages = u32::try_from(messages).map_err(Fault::internal)?;
        Ok(ImportStatementResponse { messages })
    }

    async fn do_get_drift(&self, request: GetDriftRequest) -> Result<GetDriftResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (from, to) = (words::day("from", &request.from)?, words::day("to", &request.to)?);
        Ok(words::report(self.billing.get_drift(&workspace, from, to).await?))
    }

    async fn do_settle_hold(&self, request: SettleHoldRequest) -> Result<SettleHoldResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let delivery = DeliveryId::parse(&request.delivery)?;
        let (outcome, note) = (words::outcome(request.outcome)?, words::note(&request.note)?);
        let hold = self.billing.settle_hold(&workspace, delivery, outcome, note).await?;
        Ok(SettleHoldResponse {
            state: words::hold_state(Some(hold.state)).into(),
            micro_pu: hold.amount.micro(),
        })
    }

    async fn do_list_transfers(&self, request: ListTransfersRequest) -> Result<ListTransfersResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let period = words::period(request.from, request.to)?;
        let (lines, next) = self
            .billing
            .list_transfers(&workspace, period, request.page_size, &request.page_token)
            .await?;
        Ok(ListTransfersResponse {
            transfers: lines.into_iter().map(words::transfer).collect(),
            next_page_token: next.map(|cursor| cursor.token()).unwrap_or_default(),
        })
    }

    async fn do_get_balance(&self, request: GetBalanceRequest) -> Result<GetBalanceResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let balances = self.billing.get_balance(&workspace).await?;
        Ok(GetBalanceResponse {
            balance: Some(words::balance(balances)),
        })
    }
}

#[tonic::async_trait]
impl BillingService for Server {
    async fn top_up(&self, request: Request<TopUpRequest>) -> Result<Response<TopUpResponse>, Status> {
        rpc::answer(self.do_top_up(request.into_inner()).await)
    }

    async fn set_prices(&self, request: Request<SetPricesRequest>) -> Result<Response<SetPricesResponse>, Status> {
        rpc::answer(self.do_set_prices(request.into_inner()).await)
    }

    async fn import_prices(
        &self,
        request: Request<ImportPricesRequest>,
    ) -> Result<Response<ImportPricesResponse>, Status> {
        rpc::answer(self.do_import_prices(request.into_inner()).await)
    }

    async fn export_prices(
        &self,
        request: Request<ExportPricesRequest>,
    ) -> Result<Response<ExportPricesResponse>, Status> {
        rpc::answer(self.do_export_prices(request.into_inner()).await)
    }

    async fn hold(&self, request: Request<HoldRequest>) -> Result<Response<HoldResponse>, Status> {
        rpc::answer(self.do_hold(request.into_inner()).await)
    }

    async fn get_usage(&self, request: Request<GetUsageRequest>) -> Result<Response<GetUsageResponse>, Status> {
        rpc::answer(self.do_get_usage(request.into_inner()).await)
    }

    async fn list_charges(
        &self,
        request: Request<ListChargesRequest>,
    ) -> Result<Response<ListChargesResponse>, Status> {
        rpc::answer(self.do_list_charges(request.into_inner()).await)
    }

    async fn get_balance(&self, request: Request<GetBalanceRequest>) -> Result<Response<GetBalanceResponse>, Status> {
        rpc::answer(self.do_get_balance(request.into_inner()).await)
    }

    async fn get_account(&self, request: Request<GetAccountRequest>) -> Result<Response<GetAccountResponse>, Status> {
        rpc::answer(self.do_get_account(request.into_inner()).await)
    }

    async fn set_plan(&self, request: Request<SetPlanRequest>) -> Result<Response<SetPlanResponse>, Status> {
        rpc::answer(self.do_set_plan(request.into_inner()).await)
    }

    async fn set_thresholds(
        &self,
        request: Request<SetThresholdsRequest>,
    ) -> Result<Response<SetThresholdsResponse>, Status> {
        rpc::answer(self.do_set_thresholds(request.into_inner()).await)
    }

    async fn close_account(
        &self,
        request: Request<CloseAccountRequest>,
    ) -> Result<Response<CloseAccountResponse>, Status> {
        rpc::answer(self.do_close_account(request.into_inner()).await)
    }

    async fn reopen_account(
        &self,
        request: Request<ReopenAccountRequest>,
    ) -> Result<Response<ReopenAccountResponse>, Status> {
        rpc::answer(self.do_reopen_account(request.into_inner()).await)
    }

    async fn import_statement(
        &self,
        request: Request<ImportStatementRequest>,
    ) -> Result<Response<ImportStatementResponse>, Status> {
        rpc::answer(self.do_import_statement(request.into_inner()).await)
    }

    async fn get_drift(&self, request: Request<GetDriftRequest>) -> Result<Response<GetDriftResponse>, Status> {
        rpc::answer(self.do_get_drift(request.into_inner()).await)
    }

    async fn settle_hold(&self, request: Request<SettleHoldRequest>) -> Result<Response<SettleHoldResponse>, Status> {
        rpc::answer(self.do_settle_hold(request.into_inner()).await)
    }

    async fn list_transfers(
        &self,
        request: Request<ListTransfersRequest>,
    ) -> Result<Response<ListTransfersResponse>, Status> {
        rpc::answer(self.do_list_transfers(request.into_inner()).await)
    }
}
