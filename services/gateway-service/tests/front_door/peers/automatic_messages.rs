//! conversation-service's automatic messages: what was set last, and words that say what was asked for.

use super::{Answer, Peers, answer};
use events::common::{AuthorRole, Carriage};
use rpc::conversation::automatic_message_service_server::AutomaticMessageService;
use rpc::conversation::message::Content;
use rpc::conversation::*;
use tonic::Request;

impl Peers {
    /// The stored message, as one that is more than words.
    pub fn mark(&self, conversation: &str, message: &Message, content: Content) -> Message {
        let mut memory = self.memory();
        let own = |(holder, stored): &&mut (String, Message)| holder == conversation && stored.seq == message.seq;
        let marked = Message {
            content: Some(content),
            ..message.clone()
        };
        if let Some((_, stored)) = memory.messages.iter_mut().find(own) {
            *stored = marked.clone();
        }
        marked
    }
}

#[tonic::async_trait]
impl AutomaticMessageService for Peers {
    async fn set_automatic_messages(
        &self,
        request: Request<SetAutomaticMessagesRequest>,
    ) -> Answer<SetAutomaticMessagesResponse> {
        let request = request.into_inner();
        let version = request.version + 1;
        self.memory().automatic_messages.push(request);
        answer(SetAutomaticMessagesResponse { version })
    }

    async fn get_automatic_messages(
        &self,
        _: Request<GetAutomaticMessagesRequest>,
    ) -> Answer<GetAutomaticMessagesResponse> {
        let last = self.memory().automatic_messages.last().cloned();
        answer(last.map_or_else(GetAutomaticMessagesResponse::default, |last| {
            GetAutomaticMessagesResponse {
                messages: last.messages,
                version: last.version + 1,
            }
        }))
    }

    async fn preview_automatic_message(
        &self,
        request: Request<PreviewAutomaticMessageRequest>,
    ) -> Answer<PreviewAutomaticMessageResponse> {
        self.memory().previews.push(request.into_inner());
        let text = "Thank you.".to_owned();
        answer(PreviewAutomaticMessageResponse { text })
    }

    async fn send_automatic_message(
        &self,
        request: Request<SendAutomaticMessageRequest>,
    ) -> Answer<SendAutomaticMessageResponse> {
        let request = request.into_inner();
        let holder = self.find(|one| one.conversation == request.conversation)?;
        let said = SaidAutomatically {
            kind: request.kind,
            carriage: Carriage::Channel.into(),
        };
        let id = holder.conversation;
        let message = self.store(&id, AuthorRole::System, &request.request_id, "Thank you.");
        let message = message.map(|message| self.mark(&id, &message, Content::Automatic(said)));
        if let Some(message) = &message {
            self.tell(&id, message.seq).await;
        }
        self.memory().said.push(request);
        answer(SendAutomaticMessageResponse { message })
    }

    async fn list_ratings(&self, request: Request<ListRatingsRequest>) -> Answer<ListRatingsResponse> {
        let first = Rating {
            conversation: "018f4e3a-0000-7000-8000-000000000001".into(),
            seq: 4,
            agent: "anna".into(),
            rating: 5,
            at: None,
        };
        let more = request.into_inner().page_token.is_empty();
        answer(ListRatingsResponse {
            ratings: vec![first],
            next_page_token: if more { "more".into() } else { String::new() },
        })
    }
}
