//! conversation-service's cards, in whatever conversation.

use super::{Answer, Peers, answer, refuse};
use events::common::CardState;
use fault::Fault;
use rpc::conversation::card_service_server::CardService;
use rpc::conversation::*;
use tonic::Request;

pub const CARD: &str = "018f4e3a-0000-7000-8000-0000000000cc";

#[tonic::async_trait]
impl CardService for Peers {
    async fn send_card(&self, request: Request<SendCardRequest>) -> Answer<SendCardResponse> {
        self.memory().cards.push(request.into_inner());
        answer(SendCardResponse {
            card: CARD.into(),
            seq: 2,
        })
    }

    async fn get_card(&self, request: Request<GetCardRequest>) -> Answer<GetCardResponse> {
        let card = request.into_inner().card;
        let said = self.memory().cards.last().cloned().filter(|_| card == CARD);
        let said = said.ok_or_else(|| refuse(Fault::not_found("card")))?;
        let outcome = CardOutcome {
            state: CardState::Ready.into(),
            url: "https://pay.example/17".into(),
            version: 2,
            ..Default::default()
        };
        answer(GetCardResponse {
            conversation: said.conversation,
            seq: 2,
            agent: said.agent,
            card: Some(CardShown {
                card: said.card.map(|own| Card { card, ..own }),
                outcome: Some(outcome),
            }),
        })
    }
}
