//! conversation-service's conversations.

use super::{Answer, Peers, answer, not_played, refuse};
use domain::ConversationId;
use events::common::AuthorRole;
use fault::{Fault, codes};
use rpc::conversation::conversation_service_server::ConversationService;
use rpc::conversation::get_conversation_request::By;
use rpc::conversation::*;
use tonic::Request;

#[tonic::async_trait]
impl ConversationService for Peers {
    async fn start_conversation(
        &self,
        request: Request<StartConversationRequest>,
    ) -> Answer<StartConversationResponse> {
        let request = request.into_inner();
        self.present()?.starts.push(request.clone());
        let contact = request.contact.clone().unwrap_or_default();
        if request.channel == "strict" && contact.phone.is_empty() {
            return Err(refuse(
                Fault::new(&codes::FIELDS_MISSING, "give a phone number").of("contact.phone"),
            ));
        }
        let known = self
            .memory()
            .started
            .iter()
            .find(|(id, _)| *id == request.request_id)
            .cloned();
        let is_open = |one: &&Conversation| {
            request.join_open
                && (&one.visitor, &one.channel) == (&request.visitor, &request.channel)
                && one.resolved_at.is_none()
        };
        let open = self.memory().conversations.iter().find(is_open).cloned();
        let known = known.or_else(|| open.map(|open| (request.request_id.clone(), open.conversation)));
        let id = match known {
            Some((_, id)) => id,
            None => {
                let opened = self.open(&request.channel, &request.visitor);
                let mut memory = self.memory();
                memory
                    .started
                    .push((request.request_id.clone(), opened.conversation.clone()));
                memory.contacts.push(contact);
                opened.conversation
            }
        };
        let message = self.store(&id, AuthorRole::Customer, &request.request_id, &request.text);
        let conversation = self.find(|one| one.conversation == id)?;
        if let Some(message) = &message {
            self.tell(&id, message.seq).await;
        }
        answer(StartConversationResponse {
            conversation: Some(conversation),
            message,
        })
    }

    async fn write_to_contact(&self, request: Request<WriteToContactRequest>) -> Answer<WriteToContactResponse> {
        let request = request.into_inner();
        self.present()?.first_messages.push(request.clone());
        if request.channel != "texts" {
            return Err(refuse(Fault::invalid("channel", "must be of kind sms")));
        }
        let conversation = self.open(&request.channel, "");
        let message = self.store(
            &conversation.conversation,
            AuthorRole::Agent,
            &request.request_id,
            &request.text,
        );
        answer(WriteToContactResponse {
            conversation: Some(Conversation {
                contact: request.contact,
                outreach: true,
                ..conversation
            }),
            message,
        })
    }

    async fn get_conversation(&self, request: Request<GetConversationRequest>) -> Answer<GetConversationResponse> {
        let by = request.into_inner().by;
        let conversation = self.find(|one| match &by {
            Some(By::Conversation(id)) => one.conversation == *id,
            Some(By::Number(number)) => one.number == *number,
            None => false,
        })?;
        answer(GetConversationResponse {
            conversation: Some(conversation),
        })
    }

    async fn list_conversations(
        &self,
        request: Request<ListConversationsRequest>,
    ) -> Answer<ListConversationsResponse> {
        let number = request.into_inner().number;
        let mut conversations = self.present()?.conversations.clone();
        conversations.retain(|one| number == 0 || one.number == number);
        answer(ListConversationsResponse {
            conversations,
            next_page_token: String::new(),
        })
    }

    async fn resolve_conversation(
        &self,
        request: Request<ResolveConversationRequest>,
    ) -> Answer<ResolveConversationResponse> {
        let id = request.into_inner().conversation;
        if let Some(one) = self
            .present()?
            .conversations
            .iter_mut()
            .find(|one| one.conversation == id)
        {
            one.resolved_at = Some(prost_types::Timestamp::default());
        }
        answer(ResolveConversationResponse {
            conversation: Some(self.find(|one| one.conversation == id)?),
        })
    }

    async fn add_contact(&self, request: Request<AddContactRequest>) -> Answer<AddContactResponse> {
        let request = request.into_inner();
        self.present()?.contacts.push(request.contact.unwrap_or_default());
        answer(AddContactResponse { conversation: None })
    }

    async fn bind_contact(&self, request: Request<BindContactRequest>) -> Answer<BindContactResponse> {
        let request = request.into_inner();
        self.find(|one| one.conversation == request.conversation)?;
        self.present()?.bound.push(request);
        answer(BindContactResponse { conversation: None })
    }

    async fn request_transcript(
        &self,
        request: Request<RequestTranscriptRequest>,
    ) -> Answer<RequestTranscriptResponse> {
        let request = request.into_inner();
        let holder = self.find(|one| one.conversation == request.conversation)?;
        let mut memory = self.memory();
        if request.email.is_empty() && memory.contacts.iter().all(|contact| contact.email.is_empty()) {
            return Err(refuse(Fault::invalid("email", "is missing")));
        }
        memory.copies.push(request);
        answer(RequestTranscriptResponse {
            transcript: ConversationId(uuid::Uuid::from_u128(7)).to_string(),
            up_to_seq: holder.last_seq,
        })
    }

    async fn post_message(&self, request: Request<PostMessageRequest>) -> Answer<PostMessageResponse> {
        let request = request.into_inner();
        let mut holder = self.find(|one| one.conversation == request.conversation)?;
        let author = AuthorRole::try_from(request.author).unwrap_or_default();
        if holder.resolved_at.is_some() && author == AuthorRole::Customer {
            holder = self.open(&holder.channel, &holder.visitor);
        }
        let id = holder.conversation;
        let message = self.store(&id, author, &request.client_id, &request.text);
        if let Some(message) = &message {
            self.tell(&id, message.seq).await;
        }
        answer(PostMessageResponse {
            conversation: id,
            message,
        })
    }

    async fn list_messages(&self, request: Request<ListMessagesRequest>) -> Answer<ListMessagesResponse> {
        let request = request.into_inner();
        let conversation = self.find(|one| one.conversation == request.conversation)?;
        let size = if request.page_size == 0 {
            50
        } else {
            request.page_size as usize
        };
        let memory = self.present()?;
        let of = memory
            .messages
            .iter()
            .filter(|(holder, _)| *holder == request.conversation);
        let newer = of.filter(|(_, message)| message.seq > request.after_seq);
        answer(ListMessagesResponse {
            messages: newer.map(|(_, message)| message.clone()).take(size).collect(),
            last_seq: conversation.last_seq,
            read_up_to: conversation.read_up_to,
            open_form: memory
                .open_form
                .as_ref()
                .map(|form| form.form.clone())
                .unwrap_or_default(),
            open_form_page: memory.open_form.as_ref().map_or(0, |form| form.page),
            card_changes: memory.card_changes,
        })
    }

    async fn mark_read(&self, request: Request<MarkReadRequest>) -> Answer<MarkReadResponse> {
        let request = request.into_inner();
        let mut memory = self.present()?;
        let found = memory
            .conversations
            .iter_mut()
            .find(|one| one.conversation == request.conversation);
        let found = found.ok_or_else(|| refuse(Fault::not_found("conversation")))?;
        found.read_up_to = found.read_up_to.max(request.up_to);
        answer(MarkReadResponse {
            read_up_to: found.read_up_to,
        })
    }

    async fn report_delivery(&self, request: Request<ReportDeliveryRequest>) -> Answer<ReportDeliveryResponse> {
        let request = request.into_inner();
        let delivery = MessageDelivery {
            state: request.state,
            reason: request.reason,
            at: Some(prost_types::Timestamp {
                seconds: 1_790_000_000,
                nanos: 0,
            }),
            version: 2,
        };
        let mut memory = self.present()?;
        let found = memory
            .messages
            .iter_mut()
            .find(|(holder, message)| *holder == request.conversation && message.seq == request.seq);
        let (_, message) = found.ok_or_else(|| refuse(Fault::not_found("message")))?;
        message.delivery = Some(delivery.clone());
        answer(ReportDeliveryResponse {
            delivery: Some(delivery),
        })
    }

    async fn get_follow_up_context(&self, _: Request<GetFollowUpContextRequest>) -> Answer<GetFollowUpContextResponse> {
        not_played()
    }

    async fn ingest_events(&self, request: Request<IngestEventsRequest>) -> Answer<IngestEventsResponse> {
        let request = request.into_inner();
        self.present()?.ingested.push(request.clone());
        let outcome = |event: &Vec<u8>| {
            let document: serde_json::Value = serde_json::from_slice(event).unwrap_or_default();
            let id = document["id"].as_str().unwrap_or_default().to_owned();
            let accepted = !id.is_empty();
            IngestOutcome {
                id,
                accepted,
                code: if accepted {
                    String::new()
                } else {
                    codes::MALFORMED.name.into()
                },
                reason: if accepted { String::new() } else { "is missing".into() },
                field: if accepted { String::new() } else { "id".into() },
                retry: false,
            }
        };
        answer(IngestEventsResponse {
            outcomes: request.events.iter().map(outcome).collect(),
        })
    }
}
