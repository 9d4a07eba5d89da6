//! `homing.billing.v1.BillingService`: reads requests, calls the use case of the same name, writes answers.

use super::words;
use crate::app::Billing;
use crate::domain::{Account, By, Charge, Period, Place, Price, Terms, UsageRow};
use domain::{DeliveryId, Invalid, Pu, Timestamp, WorkspaceId};
use events::common::MessageKind;
use fault::{Fault, Result};
use rpc::billing::billing_service_server::BillingService;
use rpc::billing::{
    self, GetBalanceRequest, GetBalanceResponse, GetUsageRequest, GetUsageResponse, HoldRequest, HoldResponse,
    ListChargesRequest, ListChargesResponse, SetPricesRequest, SetPricesResponse, TopUpRequest, TopUpResponse,
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
            .top_up(&workspace, &request.request_id, request.micro_pu)
            .await?;
        Ok(TopUpResponse {
            balance: Some(balance(balances)),
        })
    }

    async fn do_set_prices(&self, request: SetPricesRequest) -> Result<SetPricesResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let prices: Vec<Price> = request
            .prices
            .iter()
            .enumerate()
            .map(|(at, line)| {
                price(line).map_err(|invalid| Fault::invalid(format!("prices[{at}].{}", invalid.field), invalid.remedy))
            })
            .collect::<Result<_>>()?;
        self.billing.set_prices(&workspace, &prices).await?;
        Ok(SetPricesResponse {})
    }

    async fn do_hold(&self, request: HoldRequest) -> Result<HoldResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let delivery = DeliveryId::parse(&request.delivery)?;
        let terms = Terms::new(
            words::kind(request.kind)?,
            words::country(&request.country)?,
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
        let period = Period::new(instant("from", request.from)?, instant("to", request.to)?)?;
        let by = match billing::UsageBy::try_from(request.by) {
            Ok(billing::UsageBy::Day) => By::Day,
            Ok(billing::UsageBy::Month) => By::Month,
            Ok(billing::UsageBy::Unspecified) | Err(_) => return Err(Fault::invalid("by", "must be DAY or MONTH")),
        };
        let rows = self.billing.get_usage(&workspace, period, by).await?;
        let total = rows
            .iter()
            .try_fold(Pu::ZERO, |total, row| total.plus(row.amount))
            .ok_or_else(|| Fault::internal("the total is too large"))?;
        Ok(GetUsageResponse {
            rows: rows.into_iter().map(usage_row).collect(),
            total_micro_pu: total.micro(),
        })
    }

    async fn do_list_charges(&self, request: ListChargesRequest) -> Result<ListChargesResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let page = self
            .billing
            .list_charges(&workspace, request.page_size, &request.page_token)
            .await?;
        Ok(ListChargesResponse {
            charges: page.charges.into_iter().map(charge).collect(),
            next_page_token: page.next.map(|cursor| cursor.token()).unwrap_or_default(),
        })
    }

    async fn do_get_balance(&self, request: GetBalanceRequest) -> Result<GetBalanceResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let balances = self.billing.get_balance(&workspace).await?;
        Ok(GetBalanceResponse {
            balance: Some(balance(balances)),
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
}

fn instant(field: &'static str, at: Option<prost_types::Timestamp>) -> Result<Timestamp, Invalid> {
    events::instant(at).ok_or_else(|| Invalid::new(field, "needs a time"))
}

fn price(line: &billing::Price) -> Result<Price, Invalid> {
    let valid_from = instant("valid_from", line.valid_from)?;
    Price::new(
        words::kind(line.kind)?,
        Place::parse(&line.country)?,
        valid_from,
        line.micro_pu,
    )
}

fn balance(account: Account) -> billing::Balance {
    billing::Balance {
        available_micro_pu: account.available.micro(),
        held_micro_pu: account.held.micro(),
    }
}

fn usage_row(row: UsageRow) -> billing::UsageRow {
    billing::UsageRow {
        period: row.period,
        kind: MessageKind::from(row.kind).into(),
        country: row.country,
        messages: row.messages,
        parts: row.parts,
        micro_pu: row.amount.micro(),
    }
}

fn charge(charge: Charge) -> billing::Charge {
    billing::Charge {
        delivery: charge.delivery.to_string(),
        kind: MessageKind::from(charge.terms.kind).into(),
        country: charge
            .terms
            .country
            .as_ref()
            .map_or_else(String::new, |country| country.as_str().into()),
        parts: charge.terms.parts,
        micro_pu: charge.amount.micro(),
        state: words::hold_state(Some(charge.state)).into(),
        at: Some(events::stamp(charge.at)),
    }
}
