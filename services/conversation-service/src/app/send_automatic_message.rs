use super::record::record;
use super::start_conversation::known_agent;
use super::{App, exists, not_erased, retry};
use crate::domain::automatic::{About, Carriage, Kind, check_link, check_words};
use crate::domain::conversation::{Content, Conversation, Message};
use crate::domain::words::plain;
use crate::outbound::postgres::{automatic_messages, channel, conversation, message};
use domain::{AgentId, ConversationId, MessageId, WorkspaceId};
use fault::{Fault, Result, codes};
use std::fmt;

/// What an agent has said in a team's name.
#[derive(Clone)]
pub struct Said {
    pub conversation: ConversationId,
    /// 1 to 100 characters.
    pub request_id: String,
    pub kind: Kind,
    pub agent: Option<AgentId>,
    /// What it is about; may be empty.
    pub note: String,
    /// Where to approve or pay; may be empty.
    pub link: String,
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Said({:?} in {})", self.kind, self.conversation)
    }
}

impl Said {
    /// Whether a stored message says this.
    fn is_what(&self, stored: &Message) -> bool {
        let text = plain(stored.draft.text.expose());
        matches!(stored.draft.content, Content::Automatic { kind, .. } if kind == self.kind)
            && stored.draft.agent == self.agent
            && text.contains(&plain(&self.note))
            && text.contains(&self.link)
    }
}

impl App {
    /// Says it in the conversation; the same request again answers the stored message.
    pub async fn send_automatic_message(&self, workspace: &WorkspaceId, said: &Said) -> Result<Message> {
        check(said)?;
        retry(|| self.send_automatic(workspace, said)).await
    }

    async fn send_automatic(&self, workspace: &WorkspaceId, said: &Said) -> Result<Message> {
        let mut tx = self.store.begin(workspace).await?;
        let locked = conversation::lock(&mut tx, workspace, said.conversation).await?;
        let mut conversation = locked.ok_or_else(|| Fault::not_found("conversation"))?;
        let here = [conversation.id];
        if let Some(stored) = message::get_by_client_id(&mut tx, workspace, &here, &said.request_id).await? {
            return if said.is_what(&stored) {
                Ok(stored)
            } else {
                Err(exists("message").of("request_id"))
            };
        }
        is_newest(&conversation)?;
        known_agent(&mut tx, workspace, said.agent.as_ref()).await?;
        let channel = channel::get(&mut tx, workspace, &conversation.channel).await?;
        let channel = channel
            .ok_or_else(|| Fault::not_found("channel"))?
            .of_team(conversation.team.as_ref());
        let voice = automatic_messages::voice_of(&mut tx, workspace, &channel).await?;
        let voice = voice.filter(|voice| voice.messages.is_on(said.kind)).ok_or_else(|| {
            let remedy = "is off: switch it on among the automatic messages of the team that the channel names";
            Fault::new(&codes::AUTOMATIC_OFF, remedy).of("kind")
        })?;
        let about = About {
            note: &said.note,
            link: &said.link,
        };
        let (id, now) = (MessageId::generate(self.store.entropy()), self.now());
        let (mut posted, change) = voice.say(&mut conversation, (said.kind, Carriage::Channel), about, id, now);
        posted.draft.client_id = Some(said.request_id.clone());
        posted.draft.agent = said.agent.clone();
        conversation::update(&mut tx, &[(workspace, &conversation)]).await?;
        message::insert(&mut tx, &[(workspace, &posted)]).await?;
        record(&mut tx, workspace, &change, None);
        tx.commit().await?;
        Ok(posted)
    }
}

/// Refuses what was continued: its customer reads the one that continues it.
pub(super) fn is_newest(conversation: &Conversation) -> Result<()> {
    not_erased(conversation)?;
    match conversation.continued_by {
        None => Ok(()),
        Some(next) => {
            let remedy = format!("was continued in {next}; say it there");
            Err(Fault::invalid("conversation", remedy))
        }
    }
}

fn check(said: &Said) -> Result<()> {
    if !said.kind.is_of_agents() {
        let remedy = "must be ASK_RATING, ASK_SOLVED, ASK_MEDIA, CONTACT_PAGE, ASK_APPROVAL or ASK_PAYMENT: what else there is is \
                      said by itself";
        return Err(Fault::invalid("kind", remedy));
    }
    check_words("note", &said.note)?;
    match said.kind {
        Kind::AskPayment if said.link.is_empty() => Err(Fault::invalid("link", "is needed: say where to pay")),
        Kind::AskPayment | Kind::AskApproval if !said.link.is_empty() => Ok(check_link("link", &said.link)?),
        _ if !said.link.is_empty() => Err(Fault::invalid("link", "belongs to ASK_PAYMENT and ASK_APPROVAL only")),
        _ => Ok(()),
    }
}
