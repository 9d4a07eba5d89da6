//! What people write to our number: into the conversation that their last text was about, as the customer's words.

use super::App;
use super::callback::Callback;
use crate::domain::inbound_text::InboundText;
use crate::domain::keywords::{Keyword, keyword};
use crate::outbound::contacts::by_phone;
use crate::outbound::conversation::Opening;
use crate::outbound::postgres::{channel, delivery, inbound_text, opt_out};
use domain::{ChannelId, ConversationId, PersonName, Timestamp, WorkspaceId};
use fault::{Fault, Result, codes};
use rpc::contacts::WithdrawnBy;

/// What is known once a text was read.
struct Noted {
    /// Where it is posted, if an earlier call decided that.
    place: Option<ConversationId>,
    keyword: Option<Keyword>,
    /// Its sender wanted no more before it came.
    is_out: bool,
    /// Since when its sender wants no more, if that is the last word.
    out_since: Option<Timestamp>,
}

/// Where a text came from, as far as it decides what becomes of it.
#[derive(Default)]
pub(crate) struct Source<'a> {
    /// The channel that the webhook's address names.
    pub wanted: Option<ChannelId>,
    /// A hash of what the text is, where its provider gives it no name by which a repetition would be known.
    pub unanswered: Option<&'a [u8]>,
    /// The provider leaves answers to keywords to us.
    pub is_silent: bool,
}

impl App {
    /// Checks who calls, obeys a keyword, and posts the text where the sender's agent sees it: into the conversation
    /// of the newest text to that number, or from it, else into a new one on a channel of its kind. The same text again
    /// changes nothing. After a fault that says 'unavailable' the provider has to call again: nothing of the text is
    /// kept here.
    pub async fn record_inbound_text(&self, workspace: &WorkspaceId, callback: &Callback) -> Result<()> {
        let provider = callback.in_address("provider")?;
        let text = self.texts.read_inbound(provider.as_deref(), callback.called())?;
        let wanted = callback.in_address("channel")?;
        let source = Source {
            wanted: wanted.map(|channel| ChannelId::parse(&channel)).transpose()?,
            unanswered: None,
            is_silent: !self.texts.answers_keywords(provider.as_deref()),
        };
        self.take_inbound_text(workspace, &text, source).await
    }

    /// The same for a text of a provider that we know.
    pub(crate) async fn take_inbound_text(
        &self,
        workspace: &WorkspaceId,
        text: &InboundText,
        source: Source<'_>,
    ) -> Result<()> {
        let mac = self
            .keys
            .address_mac(workspace, &text.medium.address(text.from.expose()));
        let noted = self.note(workspace, text, &mac, source.unanswered).await?;
        if let (Some(Keyword::Stop), Some(since)) = (noted.keyword, noted.out_since) {
            self.contacts
                .withdraw_outreach(workspace, by_phone(&text.from), (since, WithdrawnBy::Message))
                .await?;
        }
        let Some(words) = text.words() else {
            return Ok(());
        };
        let place = match noted.place {
            Some(place) => Some(place),
            None => self.place_of(workspace, text, &mac).await?,
        };
        let place = match place {
            Some(place) => {
                // Decided before it is posted: a repeated call posts nowhere else.
                self.keep_place(workspace, text, place).await?;
                let request = text.request_id();
                self.conversations
                    .post_reply(workspace, place, &request, &words)
                    .await?;
                place
            }
            // Obeyed, and nobody talks with its sender.
            None if matches!(noted.keyword, Some(Keyword::Stop | Keyword::Start)) => return Ok(()),
            None => {
                let opened = self.open_by_text(workspace, text, &words, source.wanted).await?;
                self.keep_place(workspace, text, opened).await?;
                opened
            }
        };
        match noted.keyword {
            Some(Keyword::Help) if noted.is_out => Ok(()),
            Some(keyword) if source.is_silent => self.answer_keyword(workspace, (text, &mac), keyword, place).await,
            _ => Ok(()),
        }
    }

    /// STOP and START count as soon as they are read, whatever becomes of the text; once each. Only a text without an id may
    /// be a new one that looks like an old one: of those every STOP counts.
    async fn note(
        &self,
        workspace: &WorkspaceId,
        text: &InboundText,
        mac: &[u8],
        unanswered: Option<&[u8]>,
    ) -> Result<Noted> {
        let now = self.now();
        let mut tx = self.store.begin(workspace).await?;
        let new = inbound_text::add_inbound_text(&mut tx, workspace, &text.provider_id, (mac, unanswered), now).await?;
        let place = match new {
            true => None,
            false => inbound_text::find_place(&mut tx, workspace, &text.provider_id).await?,
        };
        let held = opt_out::read_opt_out(&mut tx, workspace, mac).await?;
        let is_out = held.is_some_and(|(opted_out, _)| opted_out);
        let said = keyword(&text.body, is_out);
        let opted_out = match said {
            Some(Keyword::Stop) => Some(true),
            Some(Keyword::Start) => Some(false),
            Some(Keyword::Help) | None => None,
        };
        let counts = |opted_out: &bool| new || (*opted_out && unanswered.is_some());
        if let Some(opted_out) = opted_out.filter(counts) {
            opt_out::set_opt_out(&mut tx, workspace, mac, opted_out, now).await?;
        }
        let last = opt_out::read_opt_out(&mut tx, workspace, mac).await?;
        tx.commit().await?;
        Ok(Noted {
            place,
            keyword: said,
            is_out,
            out_since: last.and_then(|(opted_out, since)| opted_out.then_some(since)),
        })
    }

    /// The conversation that the newest text to the sender's number was about, else that of the sender's own last text.
    async fn place_of(
        &self,
        workspace: &WorkspaceId,
        text: &InboundText,
        mac: &[u8],
    ) -> Result<Option<ConversationId>> {
        let address = self.contacts.look_up_phone(workspace, &text.from).await?;
        let mut tx = self.store.begin(workspace).await?;
        let texted = match address {
            Some(address) => delivery::find_texted(&mut tx, workspace, (address, text.medium), &text.to).await?,
            None => None,
        };
        let place = match texted {
            Some(texted) => Some(texted),
            None => inbound_text::find_newest_place(&mut tx, workspace, mac).await?,
        };
        tx.commit().await?;
        Ok(place)
    }

    async fn keep_place(&self, workspace: &WorkspaceId, text: &InboundText, place: ConversationId) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        inbound_text::set_place(&mut tx, workspace, &text.provider_id, place).await?;
        tx.commit().await
    }

    async fn open_by_text(
        &self,
        workspace: &WorkspaceId,
        text: &InboundText,
        words: &str,
        wanted: Option<ChannelId>,
    ) -> Result<ConversationId> {
        let mut tx = self.store.begin(workspace).await?;
        let found = channel::find_channel_of(&mut tx, workspace, text.medium, &text.to).await?;
        let channel = match (found, wanted) {
            // The channel of the number that was written to; the webhook's address speaks for the other numbers.
            (Some((channel, true)), _) => Some(channel),
            (_, Some(wanted)) => Some(wanted),
            (found, None) => found.map(|(channel, _)| channel),
        };
        let remedy = || {
            let kind = text.medium.word();
            format!(
                "nobody was written to at this number, and no channel of kind {kind} is there to open a conversation in; \
                 create one"
            )
        };
        let channel = channel.ok_or_else(|| Fault::new(&codes::NOT_FOUND, remedy()).of("channel"))?;
        let takes_names = channel::takes_names(&mut tx, workspace, &channel).await?;
        tx.commit().await?;
        let name = PersonName::parse(&text.name).ok().filter(|_| takes_names == Some(true));
        let opening = Opening {
            request: &text.request_id(),
            channel: &channel,
            phone: &text.from,
            name: name.as_ref().map_or("", PersonName::expose),
            text: words,
        };
        self.conversations.start_by_text(workspace, &opening).await
    }
}
