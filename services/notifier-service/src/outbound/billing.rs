use domain::{DeliveryId, WorkspaceId};
use events::common::MessageKind;
use fault::{Result, codes};
use rpc::Deadline;
use rpc::billing::billing_service_client::BillingServiceClient;
use rpc::billing::{HoldRequest, HoldState};
use tonic::transport::Channel;

/// What billing says about the price of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Reserved (or captured already: a receipt was faster).
    Held {
        micro_pu: i64,
    },
    NotCovered,
    /// There is no price for this kind and country.
    NoPrice,
    /// Released or expired: the delivery can no longer be paid for under this id.
    Gone,
}

/// billing-service.
#[derive(Debug, Clone)]
pub struct Billing {
    client: BillingServiceClient<Channel>,
}

impl Billing {
    pub fn new(channel: Channel) -> Self {
        let client = BillingServiceClient::new(channel);
        Self { client }
    }

    /// Reserves the price of a delivery; the same again answers the present state.
    pub async fn hold(
        &self,
        workspace: &WorkspaceId,
        delivery: DeliveryId,
        kind: MessageKind,
        country: &str,
        parts: u32,
    ) -> Result<Hold> {
        let request = HoldRequest {
            workspace: workspace.to_string(),
            delivery: delivery.to_string(),
            kind: kind.into(),
            country: country.to_owned(),
            parts,
        };
        let answer = rpc::call(Deadline::DECISION, request, |request| {
            let mut client = self.client.clone();
            async move { client.hold(request).await }
        })
        .await;
        match answer {
            Ok(answer) => Ok(match answer.state() {
                HoldState::Held | HoldState::Captured => Hold::Held {
                    micro_pu: answer.micro_pu,
                },
                HoldState::NotCovered => Hold::NotCovered,
                HoldState::Released | HoldState::Expired | HoldState::Unspecified => Hold::Gone,
            }),
            Err(fault) if fault.code() == &codes::PRICE_MISSING => Ok(Hold::NoPrice),
            Err(fault) if [&codes::NOT_COVERED, &codes::ACCOUNT_CLOSED].contains(&fault.code()) => Ok(Hold::NotCovered),
            // Another text by now (a name was given): this id is used up, the next one holds anew.
            Err(fault) if fault.code() == &codes::HOLD_DIFFERS => Ok(Hold::Gone),
            Err(fault) => Err(fault),
        }
    }
}
