//! gRPC to the services, as an operator.

use std::time::Duration;

use anyhow::{Context, Result};
use rpc::billing::billing_service_client::BillingServiceClient;
use rpc::billing::{
    Balance, Charge, GetBalanceRequest, GetDriftRequest, GetDriftResponse, GetUsageRequest, ListChargesRequest,
    SetPricesRequest, TopUpRequest, UsageBy, UsageRow,
};
use rpc::contacts::contact_service_client::ContactServiceClient;
use rpc::contacts::{AddressKind, Contact, LookUpContactRequest, Purpose};
use rpc::conversation::automatic_message_service_client::AutomaticMessageServiceClient;
use rpc::conversation::conversation_service_client::ConversationServiceClient;
use rpc::conversation::sender_service_client::SenderServiceClient;
use rpc::conversation::workspace_service_client::WorkspaceServiceClient;
use rpc::conversation::{
    Conversation, GetChannelRequest, GetConversationRequest, ListConversationsRequest, ListMessagesRequest, Message,
    get_conversation_request::By,
};
use rpc::notifier::follow_up_service_client::FollowUpServiceClient;
use rpc::notifier::{
    ExplainFollowUpRequest, ExplainFollowUpResponse, FollowUp, ListFollowUpsRequest, explain_follow_up_request::Of,
};
use rpc::presence::presence_service_client::PresenceServiceClient;
use rpc::presence::{GetPresenceRequest, Presence};
use rpc::routing::invitation_service_client::InvitationServiceClient;
use tonic::transport::Channel;

use crate::call::call;
use crate::stack::Endpoints;

/// Clients of the services, for one workspace.
#[derive(Clone, Debug)]
pub struct Clients {
    workspace: String,
    pub workspaces: WorkspaceServiceClient<Channel>,
    pub senders: SenderServiceClient<Channel>,
    pub conversations: ConversationServiceClient<Channel>,
    pub automatic: AutomaticMessageServiceClient<Channel>,
    contacts: ContactServiceClient<Channel>,
    presence: PresenceServiceClient<Channel>,
    pub follow_ups: FollowUpServiceClient<Channel>,
    pub billing: BillingServiceClient<Channel>,
    pub invitations: InvitationServiceClient<Channel>,
}

impl Clients {
    pub(super) fn connect(endpoints: &Endpoints, workspace: &str) -> Result<Self> {
        let channel = |name: &str| -> Result<Channel> {
            Ok(rpc::connect(
                endpoints
                    .services
                    .get(name)
                    .with_context(|| format!("{name} has no address"))?,
            )?)
        };
        Ok(Self {
            workspace: workspace.to_owned(),
            workspaces: WorkspaceServiceClient::new(channel("conversation")?),
            senders: SenderServiceClient::new(channel("conversation")?),
            conversations: ConversationServiceClient::new(channel("conversation")?),
            automatic: AutomaticMessageServiceClient::new(channel("conversation")?),
            contacts: ContactServiceClient::new(channel("contacts")?),
            presence: PresenceServiceClient::new(channel("presence")?),
            follow_ups: FollowUpServiceClient::new(channel("notifier")?),
            billing: BillingServiceClient::new(channel("billing")?),
            invitations: InvitationServiceClient::new(channel("routing")?),
        })
    }

    pub async fn conversation(&self, conversation: &str) -> Result<Conversation> {
        let by = Some(By::Conversation(conversation.to_owned()));
        let request = GetConversationRequest {
            workspace: self.workspace.clone(),
            by,
        };
        call!(self.conversations, get_conversation, request)?
            .conversation
            .context("an empty answer")
    }

    /// The messages of a conversation, oldest first.
    /// The newest conversation of a contact.
    pub async fn conversation_of(&self, contact: &str) -> Result<Option<Conversation>> {
        let request = ListConversationsRequest {
            workspace: self.workspace.clone(),
            ..Default::default()
        };
        let listed = call!(self.conversations, list_conversations, request)?.conversations;
        Ok(listed.into_iter().find(|one| one.contact == contact))
    }

    pub async fn messages(&self, conversation: &str) -> Result<Vec<Message>> {
        let request = ListMessagesRequest {
            workspace: self.workspace.clone(),
            conversation: conversation.to_owned(),
            ..Default::default()
        };
        Ok(call!(self.conversations, list_messages, request)?.messages)
    }

    /// How long answers of a channel are gathered.
    pub async fn debounce(&self, channel: &str) -> Result<Duration> {
        let request = GetChannelRequest {
            workspace: self.workspace.clone(),
            channel: channel.to_owned(),
        };
        let channel = call!(self.workspaces, get_channel, request)?.channel;
        let settings = channel
            .and_then(|channel| channel.settings)
            .context("an empty answer")?;
        Ok(Duration::from_millis(settings.debounce_ms.into()))
    }

    /// The contact with this phone number.
    pub async fn contact(&self, phone: &str) -> Result<Contact> {
        let request = LookUpContactRequest {
            workspace: self.workspace.clone(),
            kind: AddressKind::Phone.into(),
            value: phone.to_owned(),
            default_country: "PL".to_owned(),
            purpose: Purpose::Support.into(),
            channel: String::new(),
        };
        call!(self.contacts, look_up_contact, request)?
            .contact
            .context("an empty answer")
    }

    pub async fn presence(&self, visitor: &str) -> Result<Presence> {
        let request = GetPresenceRequest {
            workspace: self.workspace.clone(),
            visitor: visitor.to_owned(),
        };
        call!(self.presence, get_presence, request)?
            .presence
            .context("an empty answer")
    }

    pub async fn explain(&self, conversation: &str) -> Result<ExplainFollowUpResponse> {
        let of = Some(Of::Conversation(conversation.to_owned()));
        let request = ExplainFollowUpRequest {
            workspace: self.workspace.clone(),
            of,
        };
        Ok(call!(self.follow_ups, explain_follow_up, request)?)
    }

    pub async fn follow_ups(&self, conversation: &str) -> Result<Vec<FollowUp>> {
        let request = ListFollowUpsRequest {
            workspace: self.workspace.clone(),
            conversation: conversation.to_owned(),
            ..Default::default()
        };
        Ok(call!(self.follow_ups, list_follow_ups, request)?.follow_ups)
    }

    pub async fn balance(&self) -> Result<Balance> {
        let request = GetBalanceRequest {
            workspace: self.workspace.clone(),
        };
        call!(self.billing, get_balance, request)?
            .balance
            .context("an empty answer")
    }

    pub async fn charges(&self) -> Result<Vec<Charge>> {
        let request = ListChargesRequest {
            workspace: self.workspace.clone(),
            ..Default::default()
        };
        Ok(call!(self.billing, list_charges, request)?.charges)
    }

    /// Usage by day, and its sum in micro-PU.
    pub async fn usage(&self, from: jiff::Timestamp, to: jiff::Timestamp) -> Result<(Vec<UsageRow>, i64)> {
        let request = GetUsageRequest {
            workspace: self.workspace.clone(),
            from: Some(events::stamp(from)),
            to: Some(events::stamp(to)),
            by: UsageBy::Day.into(),
            ..Default::default()
        };
        let usage = call!(self.billing, get_usage, request)?;
        Ok((usage.rows, usage.total_micro_pu))
    }

    /// Where the books disagree, with themselves or with statements.
    pub async fn drift(&self, from: jiff::Timestamp, to: jiff::Timestamp) -> Result<GetDriftResponse> {
        let day = |at: jiff::Timestamp| at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        let request = GetDriftRequest {
            workspace: self.workspace.clone(),
            from: day(from),
            to: day(to),
        };
        Ok(call!(self.billing, get_drift, request)?)
    }

    pub(super) async fn set_prices(&self, prices: Vec<rpc::billing::Price>) -> Result<()> {
        let request = SetPricesRequest {
            workspace: self.workspace.clone(),
            prices,
        };
        call!(self.billing, set_prices, request)?;
        Ok(())
    }

    pub(super) async fn top_up(&self, request_id: &str, micro_pu: i64) -> Result<()> {
        let request = TopUpRequest {
            workspace: self.workspace.clone(),
            request_id: request_id.to_owned(),
            micro_pu,
            ..Default::default()
        };
        call!(self.billing, top_up, request)?;
        Ok(())
    }
}
