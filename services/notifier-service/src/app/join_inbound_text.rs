//! Long texts that come in parts: each part is kept until all are there, or for a minute; then the text is taken as one.

use super::App;
use super::record_inbound_text::Source;
use crate::domain::Medium;
use crate::domain::inbound_text::{InboundText, Joined, Joining, Part};
use crate::outbound::postgres::joining_text::{self, JoiningText};
use crate::outbound::smpp::read_octets;
use domain::{ChannelId, Timestamp, WorkspaceId};
use fault::{Ack, Fault, Result};
use jiff::SignedDuration;
use uuid::Uuid;

/// From the first part on.
const JOINED_WITHIN: SignedDuration = SignedDuration::from_secs(60);
/// What cannot be taken for this long is given up: as long as an SMSC would bring a text again.
const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(72);

impl App {
    /// Keeps one part of `text`, whose other words say nothing. The same part again changes nothing. The last one makes the
    /// text due at once.
    pub async fn record_bound_part(
        &self,
        workspace: &WorkspaceId,
        text: &InboundText,
        part: &Part,
        wanted: Option<ChannelId>,
    ) -> Result<()> {
        let (reference, of) = (part.reference.to_string(), part.of.to_string());
        let whole = [text.from.expose(), &text.to, &reference, &of].join("\0");
        let key = self.keys.address_mac(workspace, &whole);
        let mac = self
            .keys
            .address_mac(workspace, &format!("{whole}\0{}", hex::encode(&part.octets)));
        let now = self.now();
        let fresh = |joining: Joining| JoiningText {
            id: self.store.entropy().id(),
            sender: text.from.expose().to_owned(),
            receiver: text.to.clone(),
            channel: wanted.clone(),
            joining,
            at: now,
        };
        let mut tx = self.store.begin(workspace).await?;
        let held = joining_text::lock_joining_text(&mut tx, workspace, &key).await?;
        let is_new = held.is_none();
        let mut held = held.unwrap_or_else(|| fresh(Joining::default()));
        let due = match held.joining.add(part, mac.clone()) {
            Joined::Again => return Ok(()),
            Joined::Whole => Some(now),
            Joined::NotYet => is_new.then(|| now + JOINED_WITHIN),
            Joined::OfAnother => {
                joining_text::set_aside_joining_text(&mut tx, workspace, held.id).await?;
                held = fresh(Joining::default());
                held.joining.add(part, mac);
                Some(now + JOINED_WITHIN)
            }
        };
        joining_text::put_joining_text(&mut tx, workspace, (&key, &held), due, now).await?;
        tx.commit().await?;
        if let Some(due) = due {
            self.store.due_at(due);
        }
        Ok(())
    }

    /// Takes a text whose parts are all there, or are waited for no longer.
    pub async fn post_joined_text(&self, workspace: &WorkspaceId, id: Uuid) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let held = joining_text::close_joining_text(&mut tx, workspace, id).await?;
        tx.commit().await?;
        let Some(mut held) = held else {
            return Ok(());
        };
        if let Some(body) = held.joining.words(read_octets) {
            let text = InboundText {
                provider_id: id.to_string(),
                medium: Medium::Sms,
                name: String::new(),
                from: domain::PhoneE164::parse(&held.sender).map_err(Fault::internal)?,
                to: held.receiver.clone(),
                body,
                media: Vec::new(),
            };
            // Keywords are short: whoever sends them in parts gets no answer.
            let source = Source {
                wanted: held.channel.clone(),
                ..Source::default()
            };
            match self.take_inbound_text(workspace, &text, source).await {
                // The provider was told that we have it: nobody else is to hear of this.
                Err(fault) if is_given_up(&fault, held.at, self.now()) => {
                    tracing::error!(
                        code = fault.code().name,
                        "a text in parts was not taken: {}",
                        fault.chain()
                    );
                }
                taken => taken?,
            }
        }
        held.joining.forget();
        let mut tx = self.store.begin(workspace).await?;
        joining_text::end_joining_text(&mut tx, workspace, id, &held.joining).await?;
        tx.commit().await
    }
}

fn is_given_up(fault: &Fault, since: Timestamp, now: Timestamp) -> bool {
    match fault.kind().ack() {
        Ack::Dead => true,
        Ack::RetryThenDead => now.duration_since(since) > GIVEN_UP_AFTER,
        _ => false,
    }
}
