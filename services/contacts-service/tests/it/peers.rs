//! The services that keep something of people, as contacts-service sees them.

use rpc::conversation::person_service_server as conversations;
use rpc::conversation::{self, ListPersonConversationsRequest, ListPersonConversationsResponse, PersonConversation};
use rpc::gateway::person_service_server as sessions;
use rpc::notifier::person_service_server as follow_ups;
use rpc::presence::person_service_server as visitors;
use rpc::{gateway, notifier, presence};
use std::collections::HashMap;
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
    pub numbers: Vec<String>,
}

#[derive(Clone)]
pub struct Peers {
    truth: Arc<Mutex<Truth>>,
    pub url: String,
}

type Answer<T> = Result<Response<T>, Status>;

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
            .add_service(visitors::PersonServiceServer::new(peers.clone()))
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
        truth.contacts = request.into_inner().contacts;
        let conversations = truth.conversations.iter().take(PAGE).cloned().collect();
        Ok(Response::new(ListPersonConversationsResponse { conversations }))
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
    async fn erase_person(
        &self,
        request: Request<notifier::ErasePersonRequest>,
    ) -> Answer<notifier::ErasePersonResponse> {
        let request = request.into_inner();
        self.truth().numbers = request.numbers;
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
impl sessions::PersonService for Peers {
    async fn erase_person(
        &self,
        request: Request<gateway::ErasePersonRequest>,
    ) -> Answer<gateway::ErasePersonResponse> {
        let erased = self.erase("gateway", "sessions", request.into_inner().visitors)?;
        Ok(Response::new(gateway::ErasePersonResponse { erased }))
    }
}
