//! CardService: from messages to use cases and back.

use super::conversations::{place, sender_id, text};
use crate::app::{App, NewCard};
use crate::domain::card::{Card, CardLine, CardOutcome};
use crate::wire;
use domain::{AgentId, WorkspaceId};
use events::stamp;
use fault::{Fault, Result};
use rpc::conversation as proto;
use rpc::conversation::card_service_server::CardService;
use tonic::{Request, Response, Status};
use uuid::Uuid;

type Reply<T> = Result<Response<T>, Status>;

/// The rpcs of cards.
#[derive(Debug, Clone)]
pub struct Cards {
    app: App,
}

impl Cards {
    pub fn new(app: App) -> Self {
        Self { app }
    }

    async fn send_card(&self, request: proto::SendCardRequest) -> Result<proto::SendCardResponse> {
        let (workspace, conversation) = place(&request.workspace, &request.conversation)?;
        let wanted = request.card.ok_or_else(|| Fault::invalid("card", "is missing"))?;
        let new = NewCard {
            conversation,
            client_id: sender_id("client_id", request.client_id)?,
            agent: AgentId::parse(&request.agent)?,
            card: read(self.app.new_card(), wanted)?,
        };
        let (card, seq) = self.app.send_card(&workspace, &new).await?;
        Ok(proto::SendCardResponse {
            card: card.to_string(),
            seq,
        })
    }

    async fn get_card(&self, request: proto::GetCardRequest) -> Result<proto::GetCardResponse> {
        let workspace = WorkspaceId::parse(&request.workspace)?;
        let id = Uuid::parse_str(&request.card).map_err(|_| Fault::invalid("card", "must be a UUID"))?;
        let said = self.app.get_card(&workspace, id).await?;
        Ok(proto::GetCardResponse {
            conversation: said.conversation.to_string(),
            seq: said.message.seq,
            agent: text(said.message.draft.agent),
            card: Some(shown(said.card, Some(said.outcome))),
        })
    }

    async fn list_cards(&self, request: proto::ListCardsRequest) -> Result<proto::ListCardsResponse> {
        let (workspace, conversation) = place(&request.workspace, &request.conversation)?;
        let found = self.app.list_cards(&workspace, conversation).await?;
        let cards = found.into_iter().map(|(seq, card, outcome)| proto::SaidCard {
            seq,
            card: Some(shown(card, Some(outcome))),
        });
        Ok(proto::ListCardsResponse { cards: cards.collect() })
    }
}

fn read(id: Uuid, wanted: proto::Card) -> Result<Card> {
    let lines = wanted.lines.into_iter().map(|line| CardLine {
        sku: line.sku,
        title: line.title,
        quantity: line.quantity,
    });
    Ok(Card {
        id,
        kind: wire::card_kind_of(wanted.kind)?,
        title: wanted.title,
        reference: wanted.reference,
        lines: lines.collect(),
        amount: wanted.amount_minor,
        currency: wanted.currency,
        url: wanted.url,
    })
}

/// A card, and what came of it as far as that is known.
pub(super) fn shown(card: Card, outcome: Option<CardOutcome>) -> proto::CardShown {
    let lines = card.lines.into_iter().map(|line| proto::CardLine {
        sku: line.sku,
        title: line.title,
        quantity: line.quantity,
    });
    proto::CardShown {
        card: Some(proto::Card {
            card: card.id.to_string(),
            kind: wire::card_kind(card.kind).into(),
            title: card.title,
            reference: card.reference,
            lines: lines.collect(),
            amount_minor: card.amount,
            currency: card.currency,
            url: card.url,
        }),
        outcome: outcome.map(|outcome| proto::CardOutcome {
            state: wire::card_state(outcome.state).into(),
            reference: outcome.reference,
            url: outcome.url,
            reason: outcome.reason,
            at: Some(stamp(outcome.at)),
            version: outcome.version,
        }),
    }
}

macro_rules! answers {
    ($($rpc:ident: $request:ident -> $response:ident;)+) => {
        #[tonic::async_trait]
        impl CardService for Cards {
            $(async fn $rpc(&self, request: Request<proto::$request>) -> Reply<proto::$response> {
                rpc::answer(self.$rpc(request.into_inner()).await)
            })+
        }
    };
}

answers! {
    send_card: SendCardRequest -> SendCardResponse;
    get_card: GetCardRequest -> GetCardResponse;
    list_cards: ListCardsRequest -> ListCardsResponse;
}
