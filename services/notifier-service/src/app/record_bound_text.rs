//! What people write to a number whose texts come by SMPP: the same as by a webhook, but without an id.

use super::App;
use super::record_inbound_text::Source;
use crate::domain::inbound_text::InboundText;
use crate::outbound::postgres::inbound_text;
use domain::{ChannelId, WorkspaceId};
use fault::Result;
use jiff::SignedDuration;

/// Providers that were not told that we have a text bring it again, for at most so long.
const BROUGHT_AGAIN_FOR: SignedDuration = SignedDuration::from_hours(72);
/// Those that may not have waited for our word bring it again within this, if at all.
const NOT_HEARD_FOR: SignedDuration = SignedDuration::from_mins(10);

impl App {
    /// Takes a text as a webhook's is taken. The same words of the same sender are a repetition until
    /// `answer_bound_text`: only then its provider knows that we have it. The protocol gives nothing else by which a
    /// repetition would be known.
    pub async fn record_bound_text(
        &self,
        workspace: &WorkspaceId,
        provider: &str,
        mut text: InboundText,
        wanted: Option<ChannelId>,
    ) -> Result<()> {
        let hash = self.hash_of(workspace, &text);
        let mut tx = self.store.begin(workspace).await?;
        let since = (self.now() - BROUGHT_AGAIN_FOR, self.now() - NOT_HEARD_FOR);
        let known = inbound_text::find_unanswered(&mut tx, workspace, &hash, since).await?;
        tx.commit().await?;
        text.provider_id = known.unwrap_or_else(|| self.store.entropy().id().to_string());
        let source = Source {
            wanted,
            unanswered: Some(&hash),
            is_silent: !self.texts.answers_keywords(Some(provider)),
        };
        self.take_inbound_text(workspace, &text, source).await
    }

    /// The provider was told that we have the text. Unless it certainly heard that (`is_heard`), the same words are a
    /// repetition for a while yet.
    pub async fn answer_bound_text(&self, workspace: &WorkspaceId, text: &InboundText, is_heard: bool) -> Result<()> {
        let mut tx = self.store.begin(workspace).await?;
        let hash = self.hash_of(workspace, text);
        let unsure_since = (!is_heard).then(|| self.now());
        inbound_text::answer_inbound_text(&mut tx, workspace, &hash, unsure_since).await?;
        tx.commit().await
    }

    fn hash_of(&self, workspace: &WorkspaceId, text: &InboundText) -> Vec<u8> {
        let whole = [text.from.expose(), text.to.as_str(), text.body.as_str()].join("\0");
        self.keys.address_mac(workspace, &whole)
    }
}
