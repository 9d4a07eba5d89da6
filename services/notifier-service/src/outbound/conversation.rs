use crate::domain::reminder::Reminder;
use crate::domain::{Carries, Medium};
use domain::{AgentId, ChannelId, ConversationId, Email, Language, PhoneE164, WorkspaceId};
use events::common::AuthorRole;
use fault::{Fault, Kind, Result};
use rpc::Deadline;
use rpc::conversation::conversation_service_client::ConversationServiceClient;
use rpc::conversation::get_conversation_request::By;
use rpc::conversation::star_service_client::StarServiceClient;
use rpc::conversation::workspace_service_client::WorkspaceServiceClient;
use rpc::conversation::{
    GetChannelRequest, GetConversationRequest, GetFollowUpContextRequest, GetFollowUpContextResponse,
    GetReminderRequest, GivenContact, ListMessagesRequest, Message, PostMessageRequest, StartConversationRequest,
};
use tonic::transport::Channel;

/// Room for a page of the longest messages.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// conversation-service.
#[derive(Debug, Clone)]
pub struct Conversations {
    client: ConversationServiceClient<Channel>,
    channels: WorkspaceServiceClient<Channel>,
    stars: StarServiceClient<Channel>,
}

/// A conversation that somebody opens by a text.
pub struct Opening<'a> {
    /// The same again opens nothing.
    pub request: &'a str,
    pub channel: &'a ChannelId,
    pub phone: &'a PhoneE164,
    /// Empty: not told.
    pub name: &'a str,
    pub text: &'a str,
}

impl Conversations {
    pub fn new(channel: Channel) -> Self {
        Self {
            client: ConversationServiceClient::new(channel.clone()).max_decoding_message_size(LARGEST_ANSWER),
            channels: WorkspaceServiceClient::new(channel.clone()),
            stars: StarServiceClient::new(channel),
        }
    }

    /// What a send is decided and rendered from, read from the owner's primary.
    pub async fn get_follow_up_context(
        &self,
        workspace: &WorkspaceId,
        conversation: ConversationId,
        from_seq: u64,
    ) -> Result<GetFollowUpContextResponse> {
        let request = GetFollowUpContextRequest {
            workspace: workspace.to_string(),
            conversation: conversation.to_string(),
            from_seq,
        };
        rpc::call(Deadline::DECISION, request, |request| {
            let mut client = self.client.clone();
            async move { client.get_follow_up_context(request).await }
        })
        .await
    }

    /// A reminder that was told, for its mail; `None` if it is not wanted any more.
    pub async fn get_reminder(
        &self,
        workspace: &WorkspaceId,
        conversation: ConversationId,
        agent: &AgentId,
    ) -> Result<Option<Reminder>> {
        let request = GetReminderRequest {
            workspace: workspace.to_string(),
            conversation: conversation.to_string(),
            agent: agent.to_string(),
        };
        let answer = rpc::call(Deadline::DECISION, request, |request| {
            let mut client = self.stars.clone();
            async move { client.get_reminder(request).await }
        });
        let told = match answer.await {
            Err(fault) if fault.kind() == Kind::NotFound => return Ok(None),
            answer => answer?,
        };
        let settings = told.settings.unwrap_or_default();
        let email = Some(told.email).filter(|email| !email.is_empty());
        Ok(Some(Reminder {
            number: told.number,
            note: told.note,
            email: email.map(|email| Email::parse(&email)).transpose()?,
            language: Language::parse(&settings.language)?,
            business: settings.business_name,
            link: told.link,
        }))
    }

    /// One message; `None` if it is gone.
    pub async fn read_message(
        &self,
        workspace: &WorkspaceId,
        conversation: ConversationId,
        seq: u64,
    ) -> Result<Option<Message>> {
        let messages = self
            .list_messages(workspace, conversation, seq.saturating_sub(1), 1)
            .await?;
        Ok(messages.into_iter().find(|message| message.seq == seq))
    }

    /// At most `count` messages after a sequence, in order.
    pub async fn list_messages(
        &self,
        workspace: &WorkspaceId,
        conversation: ConversationId,
        after_seq: u64,
        count: u64,
    ) -> Result<Vec<Message>> {
        let request = ListMessagesRequest {
            workspace: workspace.to_string(),
            conversation: conversation.to_string(),
            after_seq,
            page_size: u32::try_from(count).map_err(Fault::internal)?,
        };
        let answer = rpc::call(Deadline::DECISION, request, |request| {
            let mut client = self.client.clone();
            async move { client.list_messages(request).await }
        })
        .await?;
        Ok(answer.messages)
    }

    /// Posts the customer's words; the same request again posts nothing. A resolved conversation goes on in another.
    pub async fn post_reply(
        &self,
        workspace: &WorkspaceId,
        conversation: ConversationId,
        request: &str,
        text: &str,
    ) -> Result<()> {
        self.post(PostMessageRequest {
            workspace: workspace.to_string(),
            conversation: conversation.to_string(),
            client_id: request.to_owned(),
            author: AuthorRole::Customer.into(),
            text: text.to_owned(),
            ..Default::default()
        })
        .await
    }

    /// Posts a note of our own, which starts no follow-up and ends none; the same request again posts nothing.
    pub async fn post_note(
        &self,
        workspace: &WorkspaceId,
        conversation: ConversationId,
        request: &str,
        text: &str,
    ) -> Result<()> {
        self.post(PostMessageRequest {
            workspace: workspace.to_string(),
            conversation: conversation.to_string(),
            client_id: request.to_owned(),
            author: AuthorRole::System.into(),
            text: text.to_owned(),
            no_follow_up: true,
            ..Default::default()
        })
        .await
    }

    async fn post(&self, request: PostMessageRequest) -> Result<()> {
        let answer = rpc::call(Deadline::DECISION, request, |request| {
            let mut client = self.client.clone();
            async move { client.post_message(request).await }
        });
        answer.await.map(drop)
    }

    /// Opens a conversation for somebody who wrote a text of their own accord.
    pub async fn start_by_text(&self, workspace: &WorkspaceId, opening: &Opening<'_>) -> Result<ConversationId> {
        let request = StartConversationRequest {
            workspace: workspace.to_string(),
            request_id: opening.request.to_owned(),
            channel: opening.channel.to_string(),
            contact: Some(GivenContact {
                phone: opening.phone.expose().to_owned(),
                name: opening.name.to_owned(),
                ..Default::default()
            }),
            author: AuthorRole::Customer.into(),
            text: opening.text.to_owned(),
            ..Default::default()
        };
        let answer = rpc::call(Deadline::DECISION, request, |request| {
            let mut client = self.client.clone();
            async move { client.start_conversation(request).await }
        });
        let opened = answer
            .await?
            .conversation
            .ok_or_else(|| Fault::not_found("conversation"))?;
        Ok(ConversationId::parse(&opened.conversation)?)
    }

    /// Whether a conversation's channel brings messages to the customer by itself.
    pub async fn carries(&self, workspace: &WorkspaceId, conversation: ConversationId) -> Result<Carries> {
        let request = GetConversationRequest {
            workspace: workspace.to_string(),
            by: Some(By::Conversation(conversation.to_string())),
        };
        let answer = rpc::call(Deadline::DECISION, request, |request| {
            let mut client = self.client.clone();
            async move { client.get_conversation(request).await }
        })
        .await?;
        let found = answer.conversation;
        let request = GetChannelRequest {
            workspace: workspace.to_string(),
            channel: found.ok_or_else(|| Fault::not_found("conversation"))?.channel,
        };
        let answer = rpc::call(Deadline::DECISION, request, |request| {
            let mut client = self.channels.clone();
            async move { client.get_channel(request).await }
        })
        .await?;
        let medium = answer.channel.and_then(|channel| Medium::of(channel.kind()));
        Ok(medium.map_or(Carries::Nothing, Carries::By))
    }
}
