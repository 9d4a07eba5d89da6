use super::react::with_reaction;
use super::record::record;
use super::start_conversation::known_agent;
use super::{App, exists, not_erased, retry};
use crate::domain::carried;
use crate::domain::conversation::{Change, Content, Conversation, Draft, Message};
use crate::domain::form::FormKind;
use crate::outbound::postgres::{channel, conversation, counter, message, rating};
use domain::{AgentId, AuthorRole, ConversationId, MessageId, MessageText, WorkspaceId};
use fault::{Fault, Result};
use store::Tx;

/// A message to post.
#[derive(Debug, Clone)]
pub struct Post {
    pub conversation: ConversationId,
    /// 1 to 100 characters.
    pub client_id: String,
    pub author: AuthorRole,
    pub agent: Option<AgentId>,
    pub text: MessageText,
    pub follow_up: bool,
}

impl App {
    /// Appends a message; the same client id again answers the stored one. What a customer writes to a resolved
    /// conversation goes to the one that continues it, which is opened if need be.
    pub async fn post_message(&self, workspace: &WorkspaceId, post: &Post) -> Result<Message> {
        retry(|| self.post(workspace, post)).await
    }

    async fn post(&self, workspace: &WorkspaceId, post: &Post) -> Result<Message> {
        let mut tx = self.store.begin(workspace).await?;
        let (mut conversation, chain) = lock_target(&mut tx, workspace, post).await?;
        if let Some(stored) = message::get_by_client_id(&mut tx, workspace, &chain, &post.client_id).await? {
            let same = stored.draft.text == post.text && stored.draft.author == post.author;
            return if same {
                Ok(stored)
            } else {
                Err(exists("message").of("client_id"))
            };
        }
        // A customer goes on in another one.
        if post.author != AuthorRole::Customer {
            not_erased(&conversation)?;
        }
        known_agent(&mut tx, workspace, post.agent.as_ref()).await?;
        if carried::is_too_long(post.author, &post.text)
            && let Some(channel) = channel::get(&mut tx, workspace, &conversation.channel).await?
        {
            carried::check(channel.kind, post.author, &post.text)?;
        }
        let now = self.now();
        let draft = Draft {
            id: MessageId::generate(self.store.entropy()),
            author: post.author,
            agent: post.agent.clone(),
            text: post.text.clone(),
            at: now,
            follow_up: post.follow_up,
            client_id: Some(post.client_id.clone()),
            foreign: None,
            content: Content::Words,
        };
        let draft = conversation.understood(draft);
        let was_silent = conversation.customer_up_to == 0;
        let (messages, due) = match conversation.post(draft.clone()) {
            Ok((message, change)) => {
                let reaction = self
                    .react(&mut tx, workspace, &mut conversation, &message, was_silent)
                    .await?;
                conversation::update(&mut tx, &[(workspace, &conversation)]).await?;
                record(&mut tx, workspace, &change, None);
                let goes_on = self.tell_run_of(&mut tx, workspace, &message).await?;
                (
                    with_reaction(&mut tx, workspace, message, reaction.said),
                    goes_on.or(reaction.due),
                )
            }
            Err(_) => {
                let mut next = conversation.continue_as(ConversationId::generate(self.store.entropy()), now);
                next.number = counter::next(&mut tx, workspace).await?;
                let (message, change) = next.post(draft).expect("a new conversation is open");
                let reaction = self.react(&mut tx, workspace, &mut next, &message, true).await?;
                // In this order: of two conversations with one reference, only the newest may bear it.
                conversation::update(&mut tx, &[(workspace, &conversation)]).await?;
                conversation::insert(&mut tx, &[(workspace, &next)], None).await?;
                self.withdraw_form(&mut tx, workspace, conversation.id, FormKind::offers_copy)
                    .await?;
                record(&mut tx, workspace, &Change::Started(Box::new(next.clone())), None);
                record(&mut tx, workspace, &change, None);
                let begins = self.begin_run(&mut tx, workspace, &next, &message).await?;
                (
                    with_reaction(&mut tx, workspace, message, reaction.said),
                    begins.or(reaction.due),
                )
            }
        };
        let rows: Vec<_> = messages.iter().map(|message| (workspace, message)).collect();
        message::insert(&mut tx, &rows).await?;
        rating::insert(&mut tx, &rows).await?;
        tx.commit().await?;
        self.tell_due(due);
        let message = messages.into_iter().next();
        message.ok_or_else(|| Fault::internal("what was posted is not there"))
    }
}

/// Locks the conversation that takes the message: the named one, for a customer the newest of those that continue it.
/// Also answers all of them, among which the client id is unique.
async fn lock_target(tx: &mut Tx, workspace: &WorkspaceId, post: &Post) -> Result<(Conversation, Vec<ConversationId>)> {
    if post.author == AuthorRole::Customer {
        return lock_newest(tx, workspace, post.conversation).await;
    }
    let chain = conversation::chain(tx, workspace, post.conversation).await?;
    let locked = conversation::lock(tx, workspace, post.conversation).await?;
    Ok((locked.ok_or_else(|| Fault::not_found("conversation"))?, chain))
}

/// Locks the newest of the conversations that continue this one. Also answers all of them.
pub(super) async fn lock_newest(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    id: ConversationId,
) -> Result<(Conversation, Vec<ConversationId>)> {
    loop {
        let chain = conversation::chain(tx, workspace, id).await?;
        let newest = *chain.last().ok_or_else(|| Fault::not_found("conversation"))?;
        let locked = conversation::lock(tx, workspace, newest).await?;
        let locked = locked.ok_or_else(|| Fault::not_found("conversation"))?;
        // Somebody may have continued it between the two statements.
        if locked.continued_by.is_none() {
            return Ok((locked, chain));
        }
    }
}
