use crate::app::{App, Callback, Envelope, Explained, MailOutcome, Subject, end_on_wire, kind, purpose_on_wire};
use crate::domain::{Medium, State, Status};
use crate::outbound::postgres::delivery::Delivery as DeliveryRow;
use crate::outbound::postgres::follow_up::Row;
use crate::outbound::postgres::timeline::Entry;
use domain::{ConversationId, DeliveryId, Email, FollowUpId, PhoneE164, WorkspaceId};
use events::stamp;
use fault::{Fault, Result};
use rpc::notifier::follow_up_service_server::FollowUpService;
use rpc::notifier::*;
use std::sync::Arc;
use tonic::{Request, Response, Status as GrpcStatus};

const PAGE_DEFAULT: u32 = 50;
const PAGE_LIMIT: u32 = 200;

/// The service's rpcs.
pub struct Grpc(pub Arc<App>);

type Answer<T> = Result<Response<T>, GrpcStatus>;

#[tonic::async_trait]
impl FollowUpService for Grpc {
    async fn explain_follow_up(&self, request: Request<ExplainFollowUpRequest>) -> Answer<ExplainFollowUpResponse> {
        rpc::answer(self.explain(request.into_inner()).await)
    }

    async fn list_follow_ups(&self, request: Request<ListFollowUpsRequest>) -> Answer<ListFollowUpsResponse> {
        rpc::answer(self.list(request.into_inner()).await)
    }

    async fn record_receipt(&self, request: Request<RecordReceiptRequest>) -> Answer<RecordReceiptResponse> {
        rpc::answer(self.receipt(request.into_inner()).await)
    }

    async fn record_inbound_text(
        &self,
        request: Request<RecordInboundTextRequest>,
    ) -> Answer<RecordInboundTextResponse> {
        rpc::answer(self.inbound_text(request.into_inner()).await)
    }

    async fn record_inbound_mail(
        &self,
        request: Request<RecordInboundMailRequest>,
    ) -> Answer<RecordInboundMailResponse> {
        rpc::answer(self.inbound_mail(request.into_inner()).await)
    }

    async fn revoke_links(&self, request: Request<RevokeLinksRequest>) -> Answer<RevokeLinksResponse> {
        rpc::answer(self.revoke(request.into_inner()).await)
    }

    async fn redeem_return_link(&self, request: Request<RedeemReturnLinkRequest>) -> Answer<RedeemReturnLinkResponse> {
        rpc::answer(self.redeem(request.into_inner()).await)
    }

    async fn resolve_return_link(
        &self,
        request: Request<ResolveReturnLinkRequest>,
    ) -> Answer<ResolveReturnLinkResponse> {
        rpc::answer(self.resolve(request.into_inner()).await)
    }

    async fn resolve_unsubscribe_link(
        &self,
        request: Request<ResolveUnsubscribeLinkRequest>,
    ) -> Answer<ResolveUnsubscribeLinkResponse> {
        rpc::answer(self.unsubscribing(request.into_inner()).await)
    }

    async fn redeem_unsubscribe_link(
        &self,
        request: Request<RedeemUnsubscribeLinkRequest>,
    ) -> Answer<RedeemUnsubscribeLinkResponse> {
        rpc::answer(self.unsubscribe(request.into_inner()).await)
    }

    async fn set_opt_out(&self, request: Request<SetOptOutRequest>) -> Answer<SetOptOutResponse> {
        rpc::answer(self.opt_out(request.into_inner()).await)
    }

    async fn get_opt_out(&self, request: Request<GetOptOutRequest>) -> Answer<GetOptOutResponse> {
        rpc::answer(self.opted_out(request.into_inner()).await)
    }
}

impl Grpc {
    async fn explain(&self, request: ExplainFollowUpRequest) -> Result<ExplainFollowUpResponse> {
        use explain_follow_up_request::Of;
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let subject = match request.of {
            Some(Of::FollowUp(id)) => Subject::FollowUp(FollowUpId::parse(&id)?),
            Some(Of::Conversation(id)) => Subject::Conversation(ConversationId::parse(&id)?),
            None => return Err(Fault::invalid("of", "give a follow_up or a conversation")),
        };
        let Explained {
            follow_ups,
            deliveries,
            timeline,
            truncated,
            summary,
        } = self.0.explain_follow_up(&workspace, subject).await?;
        Ok(ExplainFollowUpResponse {
            follow_ups: follow_ups.into_iter().map(follow_up).collect(),
            deliveries: deliveries.into_iter().map(delivery).collect(),
            timeline: timeline.into_iter().map(entry).collect(),
            summary,
            truncated,
        })
    }

    async fn list(&self, request: ListFollowUpsRequest) -> Result<ListFollowUpsResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let conversation = ConversationId::parse_optional(&request.conversation)?;
        let before = FollowUpId::parse_optional(&request.page_token).map_err(|wrong| wrong.of("page_token"))?;
        let limit = match request.page_size {
            0 => PAGE_DEFAULT,
            size @ 1..=PAGE_LIMIT => size,
            _ => return Err(Fault::invalid("page_size", "must be 1 to 200, or 0 for 50")),
        };
        let rows = self.0.list_follow_ups(&workspace, conversation, before, limit).await?;
        let full = u32::try_from(rows.len()).is_ok_and(|count| count == limit);
        let next = rows.last().filter(|_| full).map(|row| row.follow_up.id.to_string());
        Ok(ListFollowUpsResponse {
            follow_ups: rows.into_iter().map(follow_up).collect(),
            next_page_token: next.unwrap_or_default(),
        })
    }

    async fn receipt(&self, request: RecordReceiptRequest) -> Result<RecordReceiptResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let id = DeliveryId::parse(&request.delivery)?;
        let callback = callback(request.url, request.params, request.signature);
        self.0.record_receipt(&workspace, id, &request.mac, &callback).await?;
        Ok(RecordReceiptResponse {})
    }

    async fn inbound_text(&self, request: RecordInboundTextRequest) -> Result<RecordInboundTextResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let callback = callback(request.url, request.params, request.signature);
        self.0.record_inbound_text(&workspace, &callback).await?;
        Ok(RecordInboundTextResponse {})
    }

    async fn inbound_mail(&self, request: RecordInboundMailRequest) -> Result<RecordInboundMailResponse> {
        let envelope = Envelope {
            recipient: request.recipient,
            sender: request.sender,
            mail: request.mail,
        };
        let outcome = match self.0.record_inbound_mail(&envelope).await? {
            MailOutcome::Posted => InboundMailOutcome::Posted,
            MailOutcome::Flagged => InboundMailOutcome::Flagged,
            MailOutcome::Automatic => InboundMailOutcome::Automatic,
            MailOutcome::Bounce => InboundMailOutcome::Bounce,
            MailOutcome::Empty => InboundMailOutcome::Empty,
        };
        Ok(RecordInboundMailResponse {
            outcome: outcome.into(),
        })
    }

    async fn revoke(&self, request: RevokeLinksRequest) -> Result<RevokeLinksResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let conversation = ConversationId::parse(&request.conversation)?;
        let revoked = self.0.revoke_links(&workspace, conversation).await?;
        Ok(RevokeLinksResponse {
            revoked: u32::try_from(revoked).map_err(Fault::internal)?,
        })
    }

    async fn redeem(&self, request: RedeemReturnLinkRequest) -> Result<RedeemReturnLinkResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (conversation, visitor) = self.0.redeem_return_link(&workspace, &request.token).await?;
        Ok(RedeemReturnLinkResponse {
            conversation: conversation.to_string(),
            visitor: visitor.map(|visitor| visitor.to_string()).unwrap_or_default(),
        })
    }

    async fn resolve(&self, request: ResolveReturnLinkRequest) -> Result<ResolveReturnLinkResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (conversation, page_url) = self.0.resolve_return_link(&workspace, &request.token).await?;
        Ok(ResolveReturnLinkResponse {
            page_url,
            conversation: conversation.to_string(),
        })
    }

    async fn unsubscribing(&self, request: ResolveUnsubscribeLinkRequest) -> Result<ResolveUnsubscribeLinkResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let told = self.0.resolve_unsubscribe_link(&workspace, &request.token).await?;
        let told = told.map(|settings| (settings.business_name, settings.language));
        let (business_name, language) = told.unwrap_or_default();
        Ok(ResolveUnsubscribeLinkResponse {
            business_name,
            language,
        })
    }

    async fn unsubscribe(&self, request: RedeemUnsubscribeLinkRequest) -> Result<RedeemUnsubscribeLinkResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        self.0.redeem_unsubscribe_link(&workspace, &request.token).await?;
        Ok(RedeemUnsubscribeLinkResponse {})
    }

    async fn opt_out(&self, request: SetOptOutRequest) -> Result<SetOptOutResponse> {
        use set_opt_out_request::Address;
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let macs = match request.address {
            Some(Address::Phone(phone)) => self.phone_macs(&workspace, &phone)?.to_vec(),
            Some(Address::Email(email)) => vec![self.email_mac(&workspace, &email)?],
            None => return Err(no_address()),
        };
        for mac in macs {
            self.0.set_opt_out(&workspace, &mac, request.opted_out).await?;
        }
        Ok(SetOptOutResponse {})
    }

    async fn opted_out(&self, request: GetOptOutRequest) -> Result<GetOptOutResponse> {
        use get_opt_out_request::Address;
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let (mac, by_whatsapp) = match request.address {
            Some(Address::Phone(phone)) => {
                let [by_text, by_whatsapp] = self.phone_macs(&workspace, &phone)?;
                (by_text, Some(by_whatsapp))
            }
            Some(Address::Email(email)) => (self.email_mac(&workspace, &email)?, None),
            None => return Err(no_address()),
        };
        let (opted_out, since) = self.0.get_opt_out(&workspace, &mac).await?;
        let (whatsapp_opted_out, whatsapp_since) = match by_whatsapp {
            Some(mac) => self.0.get_opt_out(&workspace, &mac).await?,
            None => (false, None),
        };
        Ok(GetOptOutResponse {
            opted_out,
            since: since.map(stamp),
            whatsapp_opted_out,
            whatsapp_since: whatsapp_since.map(stamp),
        })
    }

    /// By which a number's opt-outs are kept: from texts, and from WhatsApp.
    fn phone_macs(&self, workspace: &WorkspaceId, phone: &str) -> Result<[Vec<u8>; 2]> {
        let phone = PhoneE164::parse(phone)?;
        Ok([Medium::Sms, Medium::Whatsapp]
            .map(|medium| self.0.keys.address_mac(workspace, &medium.address(phone.expose()))))
    }

    fn email_mac(&self, workspace: &WorkspaceId, email: &str) -> Result<Vec<u8>> {
        let email = Email::parse(email)?;
        Ok(self.0.keys.address_mac(workspace, &email.normalised()))
    }
}

fn callback(url: String, params: Vec<Parameter>, signature: String) -> Callback {
    Callback {
        url,
        params: params.into_iter().map(|param| (param.name, param.value)).collect(),
        signature,
    }
}

fn no_address() -> Fault {
    Fault::invalid("address", "give a phone or an email")
}

fn follow_up(row: Row) -> FollowUp {
    let Row {
        follow_up,
        conversation,
        trace,
    } = row;
    let state = match follow_up.state {
        State::Watching => FollowUpState::Watching,
        State::Running(_) => FollowUpState::Running,
        State::Deferred => FollowUpState::Deferred,
        State::Done => FollowUpState::Done,
    };
    let reason = follow_up.causes.strongest().map(end_on_wire).unwrap_or_default();
    FollowUp {
        follow_up: follow_up.id.to_string(),
        conversation: conversation.to_string(),
        from_seq: follow_up.from_seq,
        to_seq: follow_up.to_seq,
        state: state.into(),
        end_reason: reason.into(),
        end_causes: follow_up.causes.iter().map(|end| end_on_wire(end).into()).collect(),
        started_at: Some(stamp(follow_up.started_at)),
        due_at: follow_up.due_at.map(stamp),
        trace_id: trace
            .parent
            .as_deref()
            .and_then(rpc::trace_id)
            .unwrap_or_default()
            .to_owned(),
    }
}

fn delivery(row: DeliveryRow) -> Delivery {
    let status = match row.status {
        Status::Due => DeliveryStatus::Due,
        Status::Checking => DeliveryStatus::Checking,
        Status::Attempting => DeliveryStatus::Attempting,
        Status::Accepted => DeliveryStatus::Accepted,
        Status::Delivered => DeliveryStatus::Delivered,
        Status::Undelivered => DeliveryStatus::Undelivered,
        Status::Failed => DeliveryStatus::Failed,
        Status::Unknown => DeliveryStatus::Unknown,
        Status::Unconfirmed => DeliveryStatus::Unconfirmed,
        Status::Cancelled => DeliveryStatus::Cancelled,
    };
    Delivery {
        delivery: row.id.to_string(),
        follow_up: row.follow_up.map(|id| id.to_string()).unwrap_or_default(),
        purpose: purpose_on_wire(row.purpose).into(),
        kind: kind(&row).into(),
        status: status.into(),
        parts: row.parts,
        micro_pu: row.micro_pu,
        provider: row.provider,
        reason: row.reason,
        at: Some(stamp(row.status_at)),
        seq: row.seq,
    }
}

fn entry(line: Entry) -> TimelineEntry {
    TimelineEntry {
        number: line.number,
        at: Some(stamp(line.at)),
        what: line.what,
        facts: line.facts.into_iter().collect(),
        delivery: line.delivery.map(|id| id.to_string()).unwrap_or_default(),
        follow_up: line.follow_up.map(|id| id.to_string()).unwrap_or_default(),
    }
}
