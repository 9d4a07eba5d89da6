//! notifier-service.

use super::{Answer, LINK, PAGE, Peers, answer, not_played, refuse};
use fault::{Fault, codes};
use rpc::notifier::follow_up_service_server::FollowUpService;
use rpc::notifier::*;
use tonic::Request;

#[tonic::async_trait]
impl FollowUpService for Peers {
    async fn explain_follow_up(&self, _: Request<ExplainFollowUpRequest>) -> Answer<ExplainFollowUpResponse> {
        answer(ExplainFollowUpResponse {
            summary: "Nothing was sent: the customer read the answer.".into(),
            ..Default::default()
        })
    }

    async fn list_follow_ups(&self, _: Request<ListFollowUpsRequest>) -> Answer<ListFollowUpsResponse> {
        answer(ListFollowUpsResponse {
            follow_ups: vec![FollowUp {
                follow_up: "018f4e3a-0000-7000-8000-000000000001".into(),
                state: FollowUpState::Done.into(),
                end_reason: events::event::FollowUpEnd::NoAddress.into(),
                ..Default::default()
            }],
            next_page_token: String::new(),
        })
    }

    async fn record_receipt(&self, request: Request<RecordReceiptRequest>) -> Answer<RecordReceiptResponse> {
        let request = request.into_inner();
        // Who calls by GET signs nothing: the path's code stands for it.
        let fits = request.signature == "right" || (request.params.is_empty() && request.mac == "c0de");
        self.memory().receipts.push(request);
        if fits {
            answer(RecordReceiptResponse {})
        } else {
            Err(refuse(Fault::new(&codes::SIGNATURE, "the signature does not fit")))
        }
    }

    async fn record_inbound_text(
        &self,
        request: Request<RecordInboundTextRequest>,
    ) -> Answer<RecordInboundTextResponse> {
        let request = request.into_inner();
        let fits = request.signature == "right" || request.url.contains("&token=right&");
        self.memory().inbound_texts.push(request);
        if fits {
            answer(RecordInboundTextResponse {})
        } else {
            Err(refuse(Fault::new(&codes::SIGNATURE, "the signature does not fit")))
        }
    }

    async fn record_inbound_mail(
        &self,
        request: Request<RecordInboundMailRequest>,
    ) -> Answer<RecordInboundMailResponse> {
        let request = request.into_inner();
        let known = request.recipient.starts_with("reply+acme.");
        let outcome = if request.sender.as_deref() == Some("") {
            InboundMailOutcome::Automatic
        } else {
            InboundMailOutcome::Posted
        };
        self.memory().inbound_mails.push(request);
        if known {
            answer(RecordInboundMailResponse {
                outcome: outcome.into(),
            })
        } else {
            Err(refuse(Fault::not_found("address").of("recipient")))
        }
    }

    async fn revoke_links(&self, _: Request<RevokeLinksRequest>) -> Answer<RevokeLinksResponse> {
        not_played()
    }

    async fn redeem_return_link(&self, request: Request<RedeemReturnLinkRequest>) -> Answer<RedeemReturnLinkResponse> {
        let request = request.into_inner();
        if format!("{}.{}", request.workspace, request.token) != LINK {
            return Err(refuse(Fault::not_found("link")));
        }
        let mut memory = self.memory();
        memory.redeemed_links += 1;
        let first = memory.conversations.first().cloned().unwrap_or_default();
        answer(RedeemReturnLinkResponse {
            conversation: first.conversation,
            visitor: first.visitor,
        })
    }

    async fn resolve_return_link(
        &self,
        request: Request<ResolveReturnLinkRequest>,
    ) -> Answer<ResolveReturnLinkResponse> {
        let request = request.into_inner();
        self.memory().resolved_links += 1;
        let page_url = match format!("{}.{}", request.workspace, request.token).as_str() {
            LINK => PAGE.to_owned(),
            "acme.CCCCCCCCCCCCCCCCCCCCCC" => String::new(),
            _ => return Err(refuse(Fault::not_found("link"))),
        };
        let first = self.memory().conversations.first().cloned().unwrap_or_default();
        answer(ResolveReturnLinkResponse {
            page_url,
            conversation: first.conversation,
        })
    }

    async fn resolve_unsubscribe_link(
        &self,
        request: Request<ResolveUnsubscribeLinkRequest>,
    ) -> Answer<ResolveUnsubscribeLinkResponse> {
        let request = request.into_inner();
        if format!("{}.{}", request.workspace, request.token) != LINK {
            return Err(refuse(Fault::not_found("unsubscribe link")));
        }
        answer(ResolveUnsubscribeLinkResponse {
            business_name: "Księgarnia <Róg>".into(),
            language: "pl".into(),
        })
    }

    async fn redeem_unsubscribe_link(
        &self,
        request: Request<RedeemUnsubscribeLinkRequest>,
    ) -> Answer<RedeemUnsubscribeLinkResponse> {
        let request = request.into_inner();
        if format!("{}.{}", request.workspace, request.token) != LINK {
            return Err(refuse(Fault::not_found("unsubscribe link")));
        }
        self.memory().unsubscribed += 1;
        answer(RedeemUnsubscribeLinkResponse {})
    }

    async fn set_opt_out(&self, request: Request<SetOptOutRequest>) -> Answer<SetOptOutResponse> {
        self.memory().opt_outs.push(request.into_inner());
        answer(SetOptOutResponse {})
    }

    async fn get_opt_out(&self, _: Request<GetOptOutRequest>) -> Answer<GetOptOutResponse> {
        not_played()
    }
}
