//! The services that keep something of people, as contacts-service sees them.

use rpc::conversation::person_service_server as conversations;
use rpc::conversation::{self, ListPersonConversationsRequest, ListPersonConversationsResponse, PersonConversation};
use rpc::gateway::person_service_server as sessions;
use rpc::notifier::follow_up_service_server::{FollowUpService, FollowUpServiceServer};
use rpc::notifier::person_service_server as follow_ups;
use rpc::presence::person_service_server as visitors;
use rpc::routing::person_service_server as requests;
use rpc::{gateway, notifier, presence, routing};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// Conversations that one answer lists.
const PAGE: usize = 2;

/// What the others hold, and who does not answer.
#[derive(Default)]
pub struct Truth {
    /// Of whichever contact is asked for.
    pub conversations: Vec<PersonConversation>,
    pub away: Option<&'static str>,
    /// Who was asked to erase what, in order.
    pub asked: Vec<(&'static str, Vec<String>)>,
    pub contacts: Vec<String>,
    /// By contact: whether a conversation is open, and the second in which one was begun or resolved last.
    pub activity: HashMap<String, (bool, i64)>,
    /// Whose texts the notifier was asked to forget.
    pub numbers: BTreeSet<String>,
}

#[derive(Clone)]
pub struct Peers {
    truth: Arc<Mutex<Truth>>,
    pub url: String,
}

type Answer<T> = Result<Response<T>, Status>;

macro_rules! not_needed {
    ($($name:ident: $request:ty => $response:ty;)+) => {$(
        fn $name<'life0, 'async_trait>(
            &'life0 self,
            _: Request<$request>,
        ) -> std::pin::Pin<Box<dyn Future<Output = Answer<$response>> + Send + 'async_trait>>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            Box::pin(async { Err(Status::unimplemented("not needed here")) })
        }
    )+};
}

impl Peers {
    /// Serves all four on one port.
    pub async fn start() -> anyhow::Result<(Self, String)> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let peers = Self {
            truth: Arc::default(),
            url: url.clone(),
        };
        let server = tonic::transport::Server::builder()
            .add_service(conversations::PersonServiceServer::new(peers.clone()))
            .add_service(follow_ups::PersonServiceServer::new(peers.clone()))
            .add_service(FollowUpServiceServer::new(peers.clone()))
            .add_service(visitors::PersonServiceServer::new(peers.clone()))
            .add_service(requests::PersonServiceServer::new(peers.clone()))
            .add_service(sessions::PersonServiceServer::new(peers.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        Ok((peers, url))
    }

    pub fn truth(&self) -> MutexGuard<'_, Truth> {
        self.truth.lock().expect("nobody panics with it")
    }

    /// Notes that somebody was asked, and how many of `what` that erased.
    fn erase(&self, who: &'static str, what: &str, named: Vec<String>) -> Result<HashMap<String, u64>, Status> {
        let mut truth = self.truth();
        if truth.away == Some(who) {
            return Err(Status::internal("broken"));
        }
        let count = named.len() as u64;
        truth.asked.push((who, named));
        Ok([(what.to_owned(), count)].into())
    }
}

#[tonic::async_trait]
impl conversations::PersonService for Peers {
    async fn list_person_conversations(
        &self,
        request: Request<ListPersonConversationsRequest>,
    ) -> Answer<ListPersonConversationsResponse> {
        let mut truth = self.truth();
        let asked = request.into_inner();
        truth.contacts = asked.contacts;
        let after = &asked.after;
        let limit = if asked.limit == 0 {
            PAGE
        } else {
            asked.limit.try_into().expect("few")
        };
        let listed = truth.conversations.iter().filter(|one| one.conversation > *after);
        let conversations = listed.take(limit).cloned().collect();
        Ok(Response::new(ListPersonConversationsResponse { conversations }))
    }

    async fn list_interactions(
        &self,
        request: Request<conversation::ListInteractionsRequest>,
    ) -> Answer<conversation::ListInteractionsResponse> {
        let mut truth = self.truth();
        let asked = request.into_inner();
        truth.contacts = asked.contacts;
        let before = |one: &&PersonConversation| asked.before.is_empty() || one.conversation < asked.before;
        let talked = truth.conversations.iter().rev().filter(before);
        let talked = talked.take(asked.limit as usize).map(|one| conversation::Interaction {
            conversation: one.conversation.clone(),
            ..Default::default()
        });
        Ok(Response::new(conversation::ListInteractionsResponse {
            interactions: talked.collect(),
        }))
    }

    async fn list_activity(
        &self,
        request: Request<conversation::ListActivityRequest>,
    ) -> Answer<conversation::ListActivityResponse> {
        let truth = self.truth();
        if truth.away == Some("conversation") {
            return Err(Status::internal("broken"));
        }
        let asked = request.into_inner().contacts;
        let known = asked.into_iter().filter_map(|contact| {
            let (open, seconds) = *truth.activity.get(&contact)?;
            Some(conversation::ContactActivity {
                contact,
                open,
                last_at: Some(prost_types::Timestamp { seconds, nanos: 0 }),
            })
        });
        Ok(Response::new(conversation::ListActivityResponse {
            activities: known.collect(),
        }))
    }

    async fn export_person(
        &self,
        request: Request<conversation::ExportPersonRequest>,
    ) -> Answer<conversation::ExportPersonResponse> {
        let request = request.into_inner();
        let said = |id: &String| json!({"kind": "message", "data": {"of": id, "page": request.page_token}}).to_string();
        let next_page_token = if request.page_token.is_empty() { "25" } else { "" };
        Ok(Response::new(conversation::ExportPersonResponse {
            entries: request.conversations.iter().map(said).collect(),
            next_page_token: next_page_token.into(),
        }))
    }

    async fn erase_person(
        &self,
        request: Request<conversation::ErasePersonRequest>,
    ) -> Answer<conversation::ErasePersonResponse> {
        let named = request.into_inner().conversations;
        let erased = self.erase("conversation", "conversations", named.clone())?;
        self.truth()
            .conversations
            .retain(|one| !named.contains(&one.conversation));
        Ok(Response::new(conversation::ErasePersonResponse {
            erased,
            complete: true,
        }))
    }
}

#[tonic::async_trait]
impl follow_ups::PersonService for Peers {
    async fn export_person(
        &self,
        request: Request<notifier::ExportPersonRequest>,
    ) -> Answer<notifier::ExportPersonResponse> {
        let sent = |id: &String| json!({"kind": "delivery", "data": {"of": id}}).to_string();
        Ok(Response::new(notifier::ExportPersonResponse {
            entries: request.into_inner().conversations.iter().map(sent).collect(),
            next_page_token: String::new(),
        }))
    }

    async fn erase_person(
        &self,
        request: Request<notifier::ErasePersonRequest>,
    ) -> Answer<notifier::ErasePersonResponse> {
        let request = request.into_inner();
        if request.numbers.len() > 500 {
            return rpc::answer(Err(fault::Fault::invalid("numbers", "takes at most 500")));
        }
        self.truth().numbers.extend(request.numbers);
        let erased = self.erase("notifier", "conversations", request.conversations)?;
        Ok(Response::new(notifier::ErasePersonResponse { erased }))
    }
}

#[tonic::async_trait]
impl visitors::PersonService for Peers {
    async fn erase_person(
        &self,
        request: Request<presence::ErasePersonRequest>,
    ) -> Answer<presence::ErasePersonResponse> {
        let erased = self.erase("presence", "visitors", request.into_inner().visitors)?;
        Ok(Response::new(presence::ErasePersonResponse { erased }))
    }
}

#[tonic::async_trait]
impl requests::PersonService for Peers {
    async fn export_person(
        &self,
        request: Request<routing::ExportPersonRequest>,
    ) -> Answer<routing::ExportPersonResponse> {
        let asked = request.into_inner().conversations;
        let had = |conversation: &String| json!({ "kind": "request", "data": { "conversation_id": conversation } });
        Ok(Response::new(routing::ExportPersonResponse {
            entries: asked.iter().map(|conversation| had(conversation).to_string()).collect(),
            next_page_token: String::new(),
        }))
    }

    async fn erase_person(
        &self,
        request: Request<routing::ErasePersonRequest>,
    ) -> Answer<routing::ErasePersonResponse> {
        let erased = self.erase("routing", "requests", request.into_inner().conversations)?;
        Ok(Response::new(routing::ErasePersonResponse { erased }))
    }
}

#[tonic::async_trait]
impl sessions::PersonService for Peers {
    async fn erase_person(
        &self,
        request: Request<gateway::ErasePersonRequest>,
    ) -> Answer<gateway::ErasePersonResponse> {
        let erased = self.erase("gateway", "sessions", request.into_inner().visitors)?;
        Ok(Response::new(gateway::ErasePersonResponse { erased }))
    }
}

#[tonic::async_trait]
impl FollowUpService for Peers {
    async fn get_opt_out(&self, _: Request<notifier::GetOptOutRequest>) -> Answer<notifier::GetOptOutResponse> {
        Ok(Response::new(notifier::GetOptOutResponse::default()))
    }

    not_needed! {
        explain_follow_up: notifier::ExplainFollowUpRequest => notifier::ExplainFollowUpResponse;
        list_follow_ups: notifier::ListFollowUpsRequest => notifier::ListFollowUpsResponse;
        record_receipt: notifier::RecordReceiptRequest => notifier::RecordReceiptResponse;
        record_inbound_text: notifier::RecordInboundTextRequest => notifier::RecordInboundTextResponse;
        record_inbound_mail: notifier::RecordInboundMailRequest => notifier::RecordInboundMailResponse;
        revoke_links: notifier::RevokeLinksRequest => notifier::RevokeLinksResponse;
        redeem_return_link: notifier::RedeemReturnLinkRequest => notifier::RedeemReturnLinkResponse;
        resolve_return_link: notifier::ResolveReturnLinkRequest => notifier::ResolveReturnLinkResponse;
        resolve_unsubscribe_link: notifier::ResolveUnsubscribeLinkRequest => notifier::ResolveUnsubscribeLinkResponse;
        redeem_unsubscribe_link: notifier::RedeemUnsubscribeLinkRequest => notifier::RedeemUnsubscribeLinkResponse;
        set_opt_out: notifier::SetOptOutRequest => notifier::SetOptOutResponse;
    }
}
