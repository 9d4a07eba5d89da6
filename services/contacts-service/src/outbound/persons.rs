use crate::domain::{Erased, Trace};
use domain::{ContactId, WorkspaceId};
use fault::{Fault, Result};
use rpc::conversation::person_service_client::PersonServiceClient as ConversationClient;
use rpc::gateway::person_service_client::PersonServiceClient as GatewayClient;
use rpc::notifier::person_service_client::PersonServiceClient as NotifierClient;
use rpc::presence::person_service_client::PersonServiceClient as PresenceClient;
use rpc::{Deadline, conversation, gateway, notifier, presence};
use std::collections::{BTreeSet, HashMap};
use tonic::transport::Channel;

/// The services that keep something of people beside us: each erases its part.
#[derive(Debug, Clone)]
pub struct Persons {
    conversations: ConversationClient<Channel>,
    follow_ups: NotifierClient<Channel>,
    presence: PresenceClient<Channel>,
    sessions: GatewayClient<Channel>,
}

/// Contacts that one question may name.
const CONTACTS: usize = 500;

/// Some of a person's conversations.
#[derive(Debug, Default)]
pub struct PersonPage {
    pub conversations: Vec<String>,
    /// Each once.
    pub visitors: Vec<String>,
    /// What events about them name.
    pub subjects: Vec<Trace>,
}

/// Where the others are.
#[derive(Debug)]
pub struct Peers {
    pub conversation: Channel,
    pub notifier: Channel,
    pub presence: Channel,
    pub gateway: Channel,
}

impl Persons {
    pub fn new(peers: Peers) -> Self {
        Self {
            conversations: ConversationClient::new(peers.conversation),
            follow_ups: NotifierClient::new(peers.notifier),
            presence: PresenceClient::new(peers.presence),
            sessions: GatewayClient::new(peers.gateway),
        }
    }

    /// Some conversations of any of these contacts that are not erased; none: all are.
    pub async fn list_conversations(&self, workspace: &WorkspaceId, contacts: &[ContactId]) -> Result<PersonPage> {
        for some in contacts.chunks(CONTACTS) {
            let page = self.list_some(workspace, some).await?;
            if !page.conversations.is_empty() {
                return Ok(page);
            }
        }
        Ok(PersonPage::default())
    }

    async fn list_some(&self, workspace: &WorkspaceId, contacts: &[ContactId]) -> Result<PersonPage> {
        let request = conversation::ListPersonConversationsRequest {
            workspace: workspace.to_string(),
            contacts: contacts.iter().map(ContactId::to_string).collect(),
        };
        let found = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.conversations.clone();
            async move { client.list_person_conversations(request).await }
        })
        .await?;
        let (mut page, mut visitors) = (PersonPage::default(), BTreeSet::new());
        for one in found.conversations {
            page.subjects.push(Trace::Subject(one.conversation.clone()));
            page.conversations.push(one.conversation);
            visitors.insert(one.visitor);
            if !one.external_ref.is_empty() {
                page.subjects.push(Trace::Subject(one.external_ref));
            }
        }
        page.visitors = visitors.into_iter().filter(|visitor| !visitor.is_empty()).collect();
        Ok(page)
    }

    /// Before anything else: nothing more is sent because of these conversations.
    pub async fn erase_follow_ups(
        &self,
        workspace: &WorkspaceId,
        conversations: &[String],
        numbers: Vec<String>,
    ) -> Result<Erased> {
        let request = notifier::ErasePersonRequest {
            workspace: workspace.to_string(),
            conversations: conversations.to_vec(),
            numbers,
        };
        let answer = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.follow_ups.clone();
            async move { client.erase_person(request).await }
        });
        Ok(told(answer.await?.erased))
    }

    pub async fn erase_presence(&self, workspace: &WorkspaceId, visitors: &[String]) -> Result<Erased> {
        if visitors.is_empty() {
            return Ok(Erased::new());
        }
        let request = presence::ErasePersonRequest {
            workspace: workspace.to_string(),
            visitors: visitors.to_vec(),
        };
        let answer = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.presence.clone();
            async move { client.erase_person(request).await }
        });
        Ok(told(answer.await?.erased))
    }

    pub async fn erase_sessions(
        &self,
        workspace: &WorkspaceId,
        visitors: &[String],
        conversations: &[String],
    ) -> Result<Erased> {
        if conversations.is_empty() {
            return Ok(Erased::new());
        }
        let request = gateway::ErasePersonRequest {
            workspace: workspace.to_string(),
            visitors: visitors.to_vec(),
            conversations: conversations.to_vec(),
        };
        let answer = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.sessions.clone();
            async move { client.erase_person(request).await }
        });
        Ok(told(answer.await?.erased))
    }

    /// What one call leaves is listed again.
    pub async fn erase_conversations(&self, workspace: &WorkspaceId, conversations: &[String]) -> Result<Erased> {
        if conversations.is_empty() {
            return Ok(Erased::new());
        }
        let request = conversation::ErasePersonRequest {
            workspace: workspace.to_string(),
            conversations: conversations.to_vec(),
        };
        let answer = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.conversations.clone();
            async move { client.erase_person(request).await }
        })
        .await?;
        let erased = told(answer.erased);
        if answer.complete && erased.is_empty() {
            // Listed, and nothing to erase in them: the same page would come for ever.
            return Err(Fault::internal("conversation-service lists what it has erased"));
        }
        Ok(erased)
    }
}

fn told(erased: HashMap<String, u64>) -> Erased {
    erased.into_iter().filter(|(_, count)| *count > 0).collect()
}
