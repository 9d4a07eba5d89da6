use super::{Talk, Trouble, Wire, tell};
use crate::app::list_messages::read_message;
use crate::domain::frame::ServerFrame;

impl Talk {
    /// Shows what came of cards up to this sequence; a later one came with its message. Those that cannot be asked for now are shown with the
    /// next fetch.
    pub(super) async fn show_cards(&mut self, wire: &mut Wire, up_to: u64) -> Result<(), Trouble> {
        while let Some(seq) = self.cards.first().copied() {
            let message = match seq <= up_to {
                true => read_message(&self.edge, &self.session, seq).await?,
                false => None,
            };
            if let Some(ServerFrame::Message { card: Some(card), .. }) = message.and_then(tell) {
                wire.send(&ServerFrame::Card { seq, card }).await?;
            }
            self.cards.remove(&seq);
        }
        Ok(())
    }
}
