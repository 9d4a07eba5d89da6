use super::calls::calls;
use rpc::billing::billing_service_client::BillingServiceClient;
use rpc::billing::*;
use tonic::transport::Channel as Connection;

/// billing-service: usage, charges, balance.
#[derive(Clone)]
pub struct Billing {
    client: BillingServiceClient<Connection>,
}

impl Billing {
    pub fn new(channel: Connection) -> Self {
        Self {
            client: BillingServiceClient::new(channel),
        }
    }
}

calls! { Billing.client:
    get_usage(GetUsageRequest) -> GetUsageResponse;
    list_charges(ListChargesRequest) -> ListChargesResponse;
    get_balance(GetBalanceRequest) -> GetBalanceResponse;
}
