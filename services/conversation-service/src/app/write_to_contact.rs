use super::start_conversation::{Start, known_agent, known_channel, made_before};
use super::{App, retry};
use crate::domain::carried;
use crate::domain::conversation::{Conversation, Message, Opening, Reach};
use crate::domain::given::Given;
use crate::domain::settings::ChannelKind;
use crate::outbound::postgres::conversation;
use domain::{AddressId, AgentId, AuthorRole, ChannelId, ContactId, ConversationId, MessageText, WorkspaceId};
use fault::{Fault, Result, codes};

/// A first message to a known contact.
#[derive(Debug, Clone)]
pub struct FirstMessage {
    /// 1 to 100 characters.
    pub request_id: String,
    pub channel: ChannelId,
    pub contact: ContactId,
    /// Which of their numbers; `None`: the only one that a consent names.
    pub address: Option<AddressId>,
    pub agent: Option<AgentId>,
    pub text: MessageText,
}

impl App {
    /// Opens a conversation with the first message to somebody who has not written; the same request again answers what
    /// it made. Only with a consent for outreach, and only while no earlier first message waits for its answer.
    pub async fn write_to_contact(
        &self,
        workspace: &WorkspaceId,
        first: FirstMessage,
    ) -> Result<(Conversation, Message)> {
        let (asked, address) = (first.contact, first.address);
        let mut start = Start {
            request_id: first.request_id,
            channel: first.channel,
            visitor: None,
            given: Given::default(),
            author: AuthorRole::Agent,
            agent: first.agent,
            text: first.text,
            page_url: String::new(),
            follow_up: true,
            to: Some((asked, address)),
            joins: None,
        };
        match self.check_first(workspace, &start).await {
            Ok(Some(made)) => return Ok(made),
            Ok(None) => {}
            // Perhaps it was made for another contact that this one had gone into.
            Err(fault) if fault.code() == &codes::EXISTS => {}
            Err(fault) => return Err(fault),
        }
        // Of two contacts that became one, the conversation is that of the one that stayed.
        let (contact, phone) = self.contacts.find_outreach_number(workspace, asked, address).await?;
        start.to = Some((contact, address));
        let opening = Opening {
            id: ConversationId::generate(self.store.entropy()),
            channel: start.channel.clone(),
            visitor: None,
            reach: Reach {
                contact: Some(contact),
                phone: Some(phone),
                email: None,
            },
            page_url: String::new(),
            opened_by: start.author,
            outreach: true,
            at: self.now(),
            external: None,
            team: None,
        };
        let (start, opening) = (&start, &opening);
        retry(|| async move {
            self.check_unanswered(workspace, phone, start).await?;
            self.open(workspace, start, opening).await
        })
        .await
    }

    /// What the same request made before, else nothing, once the request is found to be one that can be carried out.
    async fn check_first(&self, workspace: &WorkspaceId, start: &Start) -> Result<Option<(Conversation, Message)>> {
        let mut tx = self.store.begin(workspace).await?;
        if let Some(made) = made_before(&mut tx, workspace, start).await? {
            return Ok(Some(made));
        }
        known_agent(&mut tx, workspace, start.agent.as_ref()).await?;
        let channel = known_channel(&mut tx, workspace, &start.channel).await?;
        if channel.kind != ChannelKind::Sms {
            return Err(Fault::invalid(
                "channel",
                "must be of kind sms: only a text reaches somebody who has not written",
            ));
        }
        carried::check(channel.kind, start.author, &start.text)?;
        Ok(None)
    }

    /// One first message at a time. Of two at once the index behind this lets one pass, and the other comes back here.
    async fn check_unanswered(&self, workspace: &WorkspaceId, phone: AddressId, start: &Start) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let Some(open) = conversation::get_unanswered(&mut tx, workspace, phone, &start.channel).await? else {
            return Ok(());
        };
        if made_before(&mut tx, workspace, start).await?.is_some() {
            return Ok(());
        }
        let remedy = format!(
            "has no answer yet to the first message in conversation {}; write there, or resolve it first",
            open.number
        );
        Err(Fault::new(&codes::UNANSWERED, remedy).of("contact"))
    }
}
