//! conversation-service's cards, in whatever conversation.

use super::{Answer, Peers, answer, refuse};
use domain::WorkspaceId;
use events::common::{AuthorRole, CardKind, CardState};
use events::event::CardChanged;
use events::{Fact, Subject};
use fault::Fault;
use prost::Message as _;
use rpc::conversation::card_service_server::CardService;
use rpc::conversation::message::Content;
use rpc::conversation::*;
use tonic::Request;

pub const CARD: &str = "018f4e3a-0000-7000-8000-0000000000cc";

impl Peers {
    /// An agent says a card; its sequence.
    pub async fn say_card(&self, conversation: &str) -> u64 {
        let message = self
            .store(conversation, AuthorRole::Agent, "card-1", "Shoes: 129.00 PLN")
            .expect("a conversation");
        self.keep_card(message.seq, CardState::Requested, 1);
        self.tell_card(conversation, message.seq, CardState::Requested).await;
        self.tell(conversation, message.seq).await;
        message.seq
    }

    /// The shop tells so much of it.
    pub async fn change_card(&self, conversation: &str, seq: u64, state: CardState) {
        self.note_card(seq, state);
        self.tell_card(conversation, seq, state).await;
    }

    /// The same, and nobody hears of it.
    pub fn note_card(&self, seq: u64, state: CardState) {
        let changes = {
            let mut memory = self.memory();
            memory.card_changes += 1;
            memory.card_changes
        };
        self.keep_card(seq, state, 1 + changes);
    }

    fn keep_card(&self, seq: u64, state: CardState, version: u64) {
        let shown = CardShown {
            card: Some(Card {
                card: CARD.into(),
                kind: CardKind::Payment.into(),
                title: "Shoes".into(),
                amount_minor: 12_900,
                currency: "PLN".into(),
                ..Default::default()
            }),
            outcome: Some(CardOutcome {
                state: state.into(),
                version,
                ..Default::default()
            }),
        };
        let mut memory = self.memory();
        let said = memory.messages.iter_mut().find(|(_, message)| message.seq == seq);
        said.expect("it was said").1.content = Some(Content::Card(shown));
    }

    async fn tell_card(&self, conversation: &str, seq: u64, state: CardState) {
        let fact = CardChanged {
            card: CARD.into(),
            conversation: conversation.into(),
            seq,
            state: state.into(),
            ..Default::default()
        };
        let subject = Subject::Fact {
            workspace: WorkspaceId::parse("acme").expect("a slug"),
            aggregate: CardChanged::AGGREGATE.into(),
            event: CardChanged::EVENT.into(),
        };
        let told = self.nats.publish(subject.to_string(), fact.encode_to_vec().into());
        told.await.expect("NATS is there");
    }
}

#[tonic::async_trait]
impl CardService for Peers {
    async fn send_card(&self, request: Request<SendCardRequest>) -> Answer<SendCardResponse> {
        self.memory().cards.push(request.into_inner());
        answer(SendCardResponse {
            card: CARD.into(),
            seq: 2,
        })
    }

    async fn list_cards(&self, request: Request<ListCardsRequest>) -> Answer<ListCardsResponse> {
        let conversation = request.into_inner().conversation;
        let memory = self.present()?;
        let of = memory.messages.iter().filter(|(holder, _)| *holder == conversation);
        let cards = of.filter_map(|(_, message)| match &message.content {
            Some(Content::Card(shown)) => Some(SaidCard {
                seq: message.seq,
                card: Some(shown.clone()),
            }),
            _ => None,
        });
        answer(ListCardsResponse { cards: cards.collect() })
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
