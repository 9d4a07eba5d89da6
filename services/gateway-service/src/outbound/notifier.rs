use super::calls::calls;
use rpc::notifier::follow_up_service_client::FollowUpServiceClient;
use rpc::notifier::*;
use tonic::transport::Channel as Connection;

/// notifier-service: follow-ups, receipts, return links.
#[derive(Clone)]
pub struct FollowUps {
    client: FollowUpServiceClient<Connection>,
}

impl FollowUps {
    pub fn new(channel: Connection) -> Self {
        Self {
            client: FollowUpServiceClient::new(channel),
        }
    }
}

calls! { FollowUps.client:
    explain_follow_up(ExplainFollowUpRequest) -> ExplainFollowUpResponse;
    list_follow_ups(ListFollowUpsRequest) -> ListFollowUpsResponse;
    record_receipt(RecordReceiptRequest) -> RecordReceiptResponse;
    record_inbound_text(RecordInboundTextRequest) -> RecordInboundTextResponse;
    record_inbound_mail(RecordInboundMailRequest) -> RecordInboundMailResponse;
    resolve_return_link(ResolveReturnLinkRequest) -> ResolveReturnLinkResponse;
    resolve_unsubscribe_link(ResolveUnsubscribeLinkRequest) -> ResolveUnsubscribeLinkResponse;
    redeem_unsubscribe_link(RedeemUnsubscribeLinkRequest) -> RedeemUnsubscribeLinkResponse;
    set_opt_out(SetOptOutRequest) -> SetOptOutResponse;
    redeem_return_link(RedeemReturnLinkRequest) -> RedeemReturnLinkResponse;
}
