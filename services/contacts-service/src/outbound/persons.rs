use crate::domain::{Erased, Trace};
use domain::{ContactId, ConversationId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use rpc::conversation::person_service_client::PersonServiceClient as ConversationClient;
use rpc::gateway::person_service_client::PersonServiceClient as GatewayClient;
use rpc::notifier::follow_up_service_client::FollowUpServiceClient;
use rpc::notifier::person_service_client::PersonServiceClient as NotifierClient;
use rpc::presence::person_service_client::PersonServiceClient as PresenceClient;
use rpc::presence::presence_service_client::PresenceServiceClient;
use rpc::routing::person_service_client::PersonServiceClient as RoutingClient;
use rpc::{Deadline, conversation, gateway, notifier, presence, routing};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use tonic::transport::Channel;

/// The services that keep something of people beside us: each erases its part.
#[derive(Debug, Clone)]
pub struct Persons {
    conversations: ConversationClient<Channel>,
    follow_ups: NotifierClient<Channel>,
    presence: PresenceClient<Channel>,
    requests: RoutingClient<Channel>,
    sessions: GatewayClient<Channel>,
    opt_outs: FollowUpServiceClient<Channel>,
    visits: PresenceServiceClient<Channel>,
}

/// Room for a page of the longest messages, however they are escaped.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;
/// Contacts that one question may name.
const CONTACTS: usize = 500;
/// Conversations whose follow-ups one call ends.
const FOLLOW_UPS: usize = 10;
/// Numbers that one call takes.
const NUMBERS: usize = 500;

/// Some of a person's conversations.
#[derive(Debug, Default)]
pub struct PersonPage {
    pub conversations: Vec<String>,
    /// Each once.
    pub visitors: Vec<String>,
    /// What events about them name.
    pub subjects: Vec<Trace>,
    /// The last one that bears one of the contacts.
    pub last: Option<String>,
}

/// Conversations and who talked in them, as conversation-service tells.
pub type Interactions = Vec<conversation::Interaction>;

/// JSON objects.
pub type Entries = Vec<String>;

/// Where the others are.
#[derive(Debug)]
pub struct Peers {
    pub conversation: Channel,
    pub notifier: Channel,
    pub presence: Channel,
    pub routing: Channel,
    pub gateway: Channel,
}

impl Persons {
    pub fn new(peers: Peers) -> Self {
        Self {
            conversations: ConversationClient::new(peers.conversation).max_decoding_message_size(LARGEST_ANSWER),
            follow_ups: NotifierClient::new(peers.notifier.clone()).max_decoding_message_size(LARGEST_ANSWER),
            opt_outs: FollowUpServiceClient::new(peers.notifier),
            presence: PresenceClient::new(peers.presence.clone()),
            visits: PresenceServiceClient::new(peers.presence),
            requests: RoutingClient::new(peers.routing).max_decoding_message_size(LARGEST_ANSWER),
            sessions: GatewayClient::new(peers.gateway),
        }
    }

    /// Some conversations of any of these contacts that are not erased; none: all are.
    pub async fn list_conversations(&self, workspace: &WorkspaceId, contacts: &[ContactId]) -> Result<PersonPage> {
        for some in contacts.chunks(CONTACTS) {
            let page = self.list_after(workspace, some, (None, 0)).await?;
            if !page.conversations.is_empty() {
                return Ok(page);
            }
        }
        Ok(PersonPage::default())
    }

    /// Conversations of these contacts after one of them, at most so many of theirs (0: as many as there may be).
    pub async fn list_after(
        &self,
        workspace: &WorkspaceId,
        contacts: &[ContactId],
        (after, limit): (Option<ConversationId>, u32),
    ) -> Result<PersonPage> {
        let request = conversation::ListPersonConversationsRequest {
            workspace: workspace.to_string(),
            contacts: contacts.iter().map(ContactId::to_string).collect(),
            after: after.map(|id| id.to_string()).unwrap_or_default(),
            limit,
        };
        let found = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.conversations.clone();
            async move { client.list_person_conversations(request).await }
        })
        .await?;
        let (mut page, mut visitors) = (PersonPage::default(), BTreeSet::new());
        for one in found.conversations {
            page.subjects.push(Trace::Subject(one.conversation.clone()));
            if one.theirs {
                page.last = page.last.max(Some(one.conversation.clone()));
            }
            page.conversations.push(one.conversation);
            visitors.insert(one.visitor);
            if !one.external_ref.is_empty() {
                page.subjects.push(Trace::Subject(one.external_ref));
            }
        }
        page.visitors = visitors.into_iter().filter(|visitor| !visitor.is_empty()).collect();
        Ok(page)
    }

    /// Of each of these contacts that has conversations: whether one is open, and when one was begun or resolved last.
    pub async fn list_activity(
        &self,
        workspace: &WorkspaceId,
        contacts: &[ContactId],
    ) -> Result<HashMap<ContactId, (bool, Option<Timestamp>)>> {
        let mut found = HashMap::new();
        for some in contacts.chunks(CONTACTS) {
            let request = conversation::ListActivityRequest {
                workspace: workspace.to_string(),
                contacts: some.iter().map(ContactId::to_string).collect(),
            };
            let told = rpc::call(Deadline::INTERACTIVE, request, |request| {
                let mut client = self.conversations.clone();
                async move { client.list_activity(request).await }
            });
            for one in told.await?.activities {
                let at = events::instant(one.last_at);
                found.insert(ContactId::parse(&one.contact)?, (one.open, at));
            }
        }
        Ok(found)
    }

    /// Conversations of these contacts before one, the newest first, and the one before which the next page is.
    pub async fn list_interactions(
        &self,
        workspace: &WorkspaceId,
        contacts: &[ContactId],
        (before, size): (Option<ConversationId>, usize),
    ) -> Result<(Interactions, Option<ConversationId>)> {
        let mut found = Interactions::new();
        for some in contacts.chunks(CONTACTS) {
            let request = conversation::ListInteractionsRequest {
                workspace: workspace.to_string(),
                contacts: some.iter().map(ContactId::to_string).collect(),
                before: before.map(|id| id.to_string()).unwrap_or_default(),
                limit: u32::try_from(size).map_err(Fault::internal)?,
            };
            let page = rpc::call(Deadline::INTERACTIVE, request, |request| {
                let mut client = self.conversations.clone();
                async move { client.list_interactions(request).await }
            });
            found.extend(page.await?.interactions);
        }
        // Ids have an order in time, also as texts.
        found.sort_by(|one, other| other.conversation.cmp(&one.conversation));
        let is_full = found.len() >= size;
        found.truncate(size);
        let last = found
            .last()
            .filter(|_| is_full)
            .map(|last| ConversationId::parse(&last.conversation));
        Ok((found, last.transpose()?))
    }

    /// A page of what was said in these conversations, and the token of the next.
    pub async fn export_words(
        &self,
        workspace: &WorkspaceId,
        conversations: &[String],
        page_token: &str,
    ) -> Result<(Entries, Option<String>)> {
        let request = conversation::ExportPersonRequest {
            workspace: workspace.to_string(),
            conversations: conversations.to_vec(),
            page_token: page_token.to_owned(),
        };
        let page = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.conversations.clone();
            async move { client.export_person(request).await }
        })
        .await?;
        exported("conversation", &page.entries, page.next_page_token)
    }

    /// A page of what visitors were asked and who had these conversations, and the token of the next.
    pub async fn export_requests(
        &self,
        workspace: &WorkspaceId,
        (visitors, conversations): (&[String], &[String]),
        page_token: &str,
    ) -> Result<(Entries, Option<String>)> {
        let request = routing::ExportPersonRequest {
            workspace: workspace.to_string(),
            visitors: visitors.to_vec(),
            conversations: conversations.to_vec(),
            page_token: page_token.to_owned(),
        };
        let page = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.requests.clone();
            async move { client.export_person(request).await }
        })
        .await?;
        exported("routing", &page.entries, page.next_page_token)
    }

    /// A page of what was sent because of these conversations, and the token of the next.
    pub async fn export_follow_ups(
        &self,
        workspace: &WorkspaceId,
        conversations: &[String],
        page_token: &str,
    ) -> Result<(Entries, Option<String>)> {
        if conversations.is_empty() {
            return Ok((Entries::new(), None));
        }
        let request = notifier::ExportPersonRequest {
            workspace: workspace.to_string(),
            conversations: conversations.to_vec(),
            page_token: page_token.to_owned(),
        };
        let page = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.follow_ups.clone();
            async move { client.export_person(request).await }
        })
        .await?;
        exported("notifier", &page.entries, page.next_page_token)
    }

    /// What a phone number or an e-mail address opted out of.
    pub async fn get_opt_out(&self, workspace: &WorkspaceId, address: &Trace) -> Result<Value> {
        let value = address.value().to_owned();
        let request = notifier::GetOptOutRequest {
            workspace: workspace.to_string(),
            address: Some(match address {
                Trace::Number(_) => notifier::get_opt_out_request::Address::Phone(value.clone()),
                Trace::Word(_) | Trace::Subject(_) => notifier::get_opt_out_request::Address::Email(value.clone()),
            }),
        };
        let told = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.opt_outs.clone();
            async move { client.get_opt_out(request).await }
        })
        .await?;
        Ok(json!({
            "address": value, "opted_out": told.opted_out, "since": time(told.since),
            "whatsapp_opted_out": told.whatsapp_opted_out, "whatsapp_since": time(told.whatsapp_since),
        }))
    }

    /// When these visitors were last there.
    pub async fn get_presence(&self, workspace: &WorkspaceId, visitors: &[String]) -> Result<Vec<Value>> {
        if visitors.is_empty() {
            return Ok(Vec::new());
        }
        let request = presence::BatchGetPresenceRequest {
            workspace: workspace.to_string(),
            visitors: visitors.to_vec(),
        };
        let told = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.visits.clone();
            async move { client.batch_get_presence(request).await }
        })
        .await?;
        let visit = |one: presence::Presence| {
            json!({
                "visitor": one.visitor, "state": one.state().as_str_name(), "cause": one.cause().as_str_name(),
                "since": time(one.since), "last_input_at": time(one.last_input_at),
            })
        };
        Ok(told.presences.into_iter().map(visit).collect())
    }

    /// Before anything else: nothing more is sent because of these conversations.
    pub async fn erase_follow_ups(
        &self,
        workspace: &WorkspaceId,
        conversations: &[String],
        numbers: Vec<String>,
    ) -> Result<Erased> {
        let mut erased = Erased::new();
        // Few at a time: each conversation is settled in a transaction of its own, within the deadline of one call.
        let conversations = conversations.chunks(FOLLOW_UPS).map(|some| (some, &[][..]));
        let numbers = numbers.chunks(NUMBERS).map(|some| (&[][..], some));
        for (conversations, numbers) in conversations.chain(numbers) {
            let request = notifier::ErasePersonRequest {
                workspace: workspace.to_string(),
                conversations: conversations.to_vec(),
                numbers: numbers.to_vec(),
            };
            let answer = rpc::call(Deadline::INTERACTIVE, request, |request| {
                let mut client = self.follow_ups.clone();
                async move { client.erase_person(request).await }
            });
            for (what, count) in told(answer.await?.erased) {
                *erased.entry(what).or_default() += count;
            }
        }
        Ok(erased)
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

    pub async fn erase_requests(
        &self,
        workspace: &WorkspaceId,
        visitors: &[String],
        conversations: &[String],
    ) -> Result<Erased> {
        if conversations.is_empty() {
            return Ok(Erased::new());
        }
        let request = routing::ErasePersonRequest {
            workspace: workspace.to_string(),
            visitors: visitors.to_vec(),
            conversations: conversations.to_vec(),
        };
        let answer = rpc::call(Deadline::INTERACTIVE, request, |request| {
            let mut client = self.requests.clone();
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

/// Entries of another service with its name.
fn exported(from: &str, entries: &[String], next: String) -> Result<(Entries, Option<String>)> {
    let named = entries.iter().map(|entry| {
        let mut entry: Value = serde_json::from_str(entry).map_err(Fault::internal)?;
        entry["from"] = from.into();
        Ok(entry.to_string())
    });
    Ok((named.collect::<Result<_>>()?, (!next.is_empty()).then_some(next)))
}

fn time(at: Option<prost_types::Timestamp>) -> Option<String> {
    events::instant(at).map(|at| at.to_string())
}

fn told(erased: HashMap<String, u64>) -> Erased {
    erased.into_iter().filter(|(_, count)| *count > 0).collect()
}
