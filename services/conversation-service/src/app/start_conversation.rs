use super::join_chat::chat_to_join;
use super::react::with_reaction;
use super::record::record;
use super::{App, exists, retry};
use crate::domain::carried;
use crate::domain::conversation::{Change, Content, Conversation, Draft, Message, Opening};
use crate::domain::given::Given;
use crate::domain::page;
use crate::domain::settings::Channel;
use crate::outbound::postgres::{agent, channel, conversation, counter, message};
use domain::{
    AddressId, AgentId, AuthorRole, ChannelId, ContactId, ConversationId, MessageId, MessageText, VisitorId,
    WorkspaceId,
};
use fault::{Fault, Result};
use store::Tx;

/// A conversation to start.
#[derive(Debug, Clone)]
pub struct Start {
    /// 1 to 100 characters.
    pub request_id: String,
    pub channel: ChannelId,
    pub visitor: Option<VisitorId>,
    pub given: Given,
    pub author: AuthorRole,
    pub agent: Option<AgentId>,
    pub text: MessageText,
    pub page_url: String,
    pub follow_up: bool,
    /// Who is written to first, and at which number if one was named; `None`: this is no first message to a known contact.
    pub to: Option<(ContactId, Option<AddressId>)>,
    /// Whose open chat on this channel takes the text instead, if there is one.
    pub joins: Option<VisitorId>,
}

impl App {
    /// Opens a conversation with its first message, or joins the one that is open where that is asked for; the same request
    /// again answers what it made.
    pub async fn start_conversation(&self, workspace: &WorkspaceId, start: Start) -> Result<(Conversation, Message)> {
        page::url(&start.page_url)?;
        let channel = {
            let mut tx = self.store.begin(workspace).await?;
            // Before it is asked what the same request made: the open one may be that.
            let chat = chat_to_join(&mut tx, workspace, &start).await?;
            if let Some(made) = made_before(&mut tx, workspace, &start).await? {
                return Ok(made);
            }
            if let Some(chat) = chat {
                drop(tx);
                return self.join_chat(workspace, chat, &start).await;
            }
            known_agent(&mut tx, workspace, start.agent.as_ref()).await?;
            known_channel(&mut tx, workspace, &start.channel).await?
        };
        carried::check(channel.kind, start.author, &start.text)?;
        let opening = self.opening(workspace, &channel, &start).await?;
        let opening = &opening;
        retry(|| self.open(workspace, &start, opening)).await
    }

    /// Asks contacts-service before any transaction begins.
    async fn opening(&self, workspace: &WorkspaceId, channel: &Channel, start: &Start) -> Result<Opening> {
        let given = start
            .given
            .clone()
            .check(&channel.settings, channel.kind, start.author)?;
        let reach = self.capture(workspace, &given, channel).await?;
        Ok(Opening {
            id: ConversationId::generate(self.store.entropy()),
            channel: start.channel.clone(),
            visitor: start.visitor,
            reach,
            page_url: start.page_url.clone(),
            opened_by: start.author,
            outreach: false,
            at: self.now(),
            external: None,
            team: None,
        })
    }

    /// Opens it, unless the same request has done so meanwhile, or another one that it joins.
    pub(super) async fn open(
        &self,
        workspace: &WorkspaceId,
        start: &Start,
        opening: &Opening,
    ) -> Result<(Conversation, Message)> {
        let mut tx = self.store.begin(workspace).await?;
        if let Some(visitor) = start.joins {
            conversation::hold_visitor(&mut tx, workspace, visitor).await?;
        }
        if let Some(made) = made_before(&mut tx, workspace, start).await? {
            return Ok(made);
        }
        if let Some(chat) = chat_to_join(&mut tx, workspace, start).await? {
            drop(tx);
            return self.join_chat(workspace, chat, start).await;
        }
        let mut conversation = Conversation::open(opening.clone());
        conversation.number = counter::next(&mut tx, workspace).await?;
        let draft = Draft {
            id: MessageId::generate(self.store.entropy()),
            author: start.author,
            agent: start.agent.clone(),
            text: start.text.clone(),
            at: opening.at,
            follow_up: start.follow_up,
            client_id: None,
            foreign: None,
            content: Content::Words,
        };
        let (message, posted) = conversation.post(draft).expect("a new conversation is open");
        let reaction = self
            .react(&mut tx, workspace, &mut conversation, &message, true)
            .await?;
        conversation::insert(&mut tx, &[(workspace, &conversation)], Some(&start.request_id)).await?;
        record(
            &mut tx,
            workspace,
            &Change::Started(Box::new(conversation.clone())),
            None,
        );
        record(&mut tx, workspace, &posted, None);
        let begins = self.begin_run(&mut tx, workspace, &conversation, &message).await?;
        let messages = with_reaction(&mut tx, workspace, message, reaction.said);
        let rows: Vec<_> = messages.iter().map(|message| (workspace, message)).collect();
        message::insert(&mut tx, &rows).await?;
        tx.commit().await?;
        self.tell_due(begins.or(reaction.due));
        let first = messages.into_iter().next();
        Ok((
            conversation,
            first.ok_or_else(|| Fault::internal("the first message is not there"))?,
        ))
    }
}

/// What the same request made before. Another request under the same id is refused.
pub(super) async fn made_before(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    start: &Start,
) -> Result<Option<(Conversation, Message)>> {
    let Some(conversation) = conversation::get_by_request(tx, workspace, &start.request_id).await? else {
        return Ok(None);
    };
    let first = message::list(tx, workspace, conversation.id, 0, 1).await?.pop();
    let first = first.ok_or_else(|| Fault::internal("a conversation has no first message"))?;
    let same = conversation.channel == start.channel
        && conversation.visitor == start.visitor
        && conversation.opened_by == start.author
        && conversation.page_url == start.page_url
        && first.draft.text == start.text
        && first.draft.agent == start.agent
        && conversation.outreach == start.to.is_some()
        && start.to.is_none_or(|(contact, number)| {
            conversation.reach.contact == Some(contact) && (number.is_none() || conversation.reach.phone == number)
        });
    if same {
        Ok(Some((conversation, first)))
    } else {
        Err(exists("conversation").of("request_id"))
    }
}

/// Refuses agents that do not exist.
pub async fn known_agent(tx: &mut Tx, workspace: &WorkspaceId, id: Option<&AgentId>) -> Result<()> {
    match id {
        Some(id) if agent::get_agent(tx, workspace, id).await?.is_none() => Err(Fault::invalid(
            "agent",
            "does not exist in this workspace; create it first",
        )),
        _ => Ok(()),
    }
}

/// Refuses channels that do not exist.
pub(super) async fn known_channel(tx: &mut Tx, workspace: &WorkspaceId, id: &ChannelId) -> Result<Channel> {
    let found = channel::get(tx, workspace, id).await?;
    found.ok_or_else(|| Fault::invalid("channel", "does not exist in this workspace; create it first"))
}
