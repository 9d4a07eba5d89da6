use super::calls::calls;
use fault::Result;
use rpc::billing::billing_service_client::BillingServiceClient;
use rpc::billing::*;
use tonic::transport::Channel as Connection;

/// billing-service: usage, charges, balance.
#[derive(Clone)]
pub struct Billing {
    client: BillingServiceClient<Connection>,
}

impl Billing {
    /// `url` is `http://host:port`; connects when first used.
    pub fn connect(url: &str) -> Result<Self> {
        Ok(Self {
            client: BillingServiceClient::new(rpc::connect(url)?),
        })
    }
}

calls! { Billing.client:
    get_usage(GetUsageRequest) -> GetUsageResponse;
    list_charges(ListChargesRequest) -> ListChargesResponse;
    get_balance(GetBalanceRequest) -> GetBalanceResponse;
}
