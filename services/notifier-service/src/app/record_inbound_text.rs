//! What people write to our number: into the conversation that their last text was about, as the customer's words.

use super::App;
use super::callback::{Callback, not_authentic};
use crate::domain::inbound_text::{InboundText, Media};
use crate::domain::keywords::{Keyword, keyword};
use crate::outbound::conversation::Opening;
use crate::outbound::postgres::{channel, delivery, inbound_text, opt_out};
use domain::{ConversationId, PhoneE164, WorkspaceId};
use fault::{Fault, Result, codes};

impl App {
    /// Checks who calls, obeys a keyword, and posts the text where the sender's agent sees it: into the conversation
    /// of the newest text to that number, else into a new one on a channel of kind sms. The same text again changes
    /// nothing. A fault means that the provider is to call again.
    pub async fn record_inbound_text(&self, workspace: &WorkspaceId, callback: &Callback) -> Result<()> {
        if !self.is_signed(callback) {
            return Err(not_authentic());
        }
        let text = read(callback)?;
        self.obey(workspace, &text).await?;
        let Some(words) = text.words() else {
            return Ok(());
        };
        let request = text.request_id();
        match self.texted_in(workspace, &text.from).await? {
            Some(conversation) => {
                self.conversations
                    .post_reply(workspace, conversation, &request, &words)
                    .await
            }
            None => {
                let mut tx = self.store.begin(workspace).await?;
                let channel = channel::find_sms_channel(&mut tx, workspace).await?;
                tx.commit().await?;
                let remedy = "nobody was written to at this number, and no channel of kind sms is there to open a \
                              conversation in; create one";
                let channel = channel.ok_or_else(|| Fault::new(&codes::NOT_FOUND, remedy).of("channel"))?;
                let opening = Opening {
                    request: &request,
                    channel: &channel,
                    phone: &text.from,
                    text: &words,
                };
                self.conversations.start_by_text(workspace, &opening).await
            }
        }
    }

    /// STOP and START count as soon as they are read, whatever becomes of the text; once each.
    async fn obey(&self, workspace: &WorkspaceId, text: &InboundText) -> Result<()> {
        let now = self.now();
        let mac = self.keys.address_mac(workspace, text.from.expose());
        let mut tx = self.store.begin(workspace).await?;
        if inbound_text::add_inbound_text(&mut tx, workspace, &text.provider_id, now).await? {
            let held = opt_out::read_opt_out(&mut tx, workspace, &mac).await?;
            let opted_out = match keyword(&text.body, held.is_some_and(|(opted_out, _)| opted_out)) {
                Some(Keyword::Stop) => Some(true),
                Some(Keyword::Start) => Some(false),
                Some(Keyword::Help) | None => None,
            };
            if let Some(opted_out) = opted_out {
                opt_out::set_opt_out(&mut tx, workspace, &mac, opted_out, now).await?;
            }
        }
        tx.commit().await
    }

    /// The conversation that the newest text to a number was about.
    async fn texted_in(&self, workspace: &WorkspaceId, from: &PhoneE164) -> Result<Option<ConversationId>> {
        let Some(address) = self.contacts.look_up_phone(workspace, from).await? else {
            return Ok(None);
        };
        let mut tx = self.store.begin(workspace).await?;
        let conversation = delivery::find_texted(&mut tx, workspace, address).await?;
        tx.commit().await?;
        Ok(conversation)
    }
}

fn read(callback: &Callback) -> Result<InboundText> {
    let from = callback.needed(&["From"])?;
    let media = (0..Media::MOST).map_while(|number| callback.param(&[&format!("MediaUrl{number}")]));
    Ok(InboundText {
        provider_id: callback.needed(&["MessageSid", "SmsSid"])?.to_owned(),
        from: PhoneE164::parse(from).map_err(|wrong| wrong.of("From"))?,
        body: callback.param(&["Body"]).unwrap_or_default().to_owned(),
        media: media.map(|url| Media(url.to_owned())).collect(),
    })
}
