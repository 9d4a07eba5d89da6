use super::{Talk, Trouble, Wire};
use crate::app::list_messages::list_cards;
use crate::domain::card::CardShown;
use crate::domain::frame::ServerFrame;
use std::collections::BTreeMap;

/// What a client was told of the cards in its conversation.
#[derive(Default)]
pub(super) struct Cards {
    /// Versions of what came of them, by sequence.
    told: BTreeMap<u64, u64>,
    /// How often something had come of any of them when they were last looked at.
    seen: u64,
}

impl Cards {
    /// A message is sent: a card comes with what came of it.
    pub fn note(&mut self, frame: &ServerFrame) {
        if let ServerFrame::Message {
            seq, card: Some(card), ..
        } = frame
        {
            self.told.insert(*seq, version(card));
        }
    }

    /// Whether this is news of a card.
    fn is_news(&mut self, seq: u64, card: &CardShown) -> bool {
        let is_news = self.told.get(&seq).is_none_or(|told| *told < version(card));
        if is_news {
            self.told.insert(seq, version(card));
        }
        is_news
    }
}

fn version(card: &CardShown) -> u64 {
    card.outcome.as_ref().map_or(0, |outcome| outcome.version)
}

impl Talk {
    /// Shows what came of cards whose messages the client has, since it was told last; to a client that comes back, of all of them: what
    /// it knows of them is not known here.
    pub(super) async fn show_cards(&mut self, wire: &mut Wire, changes: u64) -> Result<(), Trouble> {
        if changes == self.cards.seen {
            return Ok(());
        }
        for said in list_cards(&self.edge, &self.session).await? {
            let seq = said.seq;
            // One that was said since comes with its message.
            let card = said.card.filter(|_| seq <= self.pushed).and_then(CardShown::of_wire);
            if let Some(card) = card.filter(|card| self.cards.is_news(seq, card)) {
                let card = Box::new(card);
                wire.send(&ServerFrame::Card { seq, card }).await?;
            }
        }
        self.cards.seen = changes;
        Ok(())
    }
}
