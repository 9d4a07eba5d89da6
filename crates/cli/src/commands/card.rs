//! Cards that agents say and shops act on, by gRPC to conversation-service.

use anyhow::{Context, Result};
use events::common::CardKind;
use fault::Fault;
use rpc::conversation::card_service_client::CardServiceClient;
use rpc::conversation::{Card, CardLine, GetCardRequest, SendCardRequest};
use serde_json::json;
use tonic::transport::Channel;

use super::conversation::resolve;
use crate::args::CardCommand;
use crate::call::call;
use crate::output::Out;
use crate::show::{self, rfc3339, word};
use crate::stack::{Endpoints, Service};

fn client() -> Result<CardServiceClient<Channel>> {
    Ok(CardServiceClient::new(Endpoints::connect(Service::Conversation)?))
}

pub(super) async fn run(command: CardCommand, out: &Out) -> Result<()> {
    match command {
        CardCommand::SendCard {
            workspace,
            conversation,
            agent,
            client_id,
            kind,
            title,
            reference,
            lines,
            amount_minor,
            currency,
            url,
        } => {
            let kind = CardKind::from_str_name(&format!("CARD_KIND_{}", kind.to_ascii_uppercase()));
            let kind = kind.ok_or_else(|| Fault::invalid("kind", "must be product, order or payment"))?;
            let card = Card {
                card: String::new(),
                kind: kind.into(),
                title,
                reference,
                lines: lines.iter().map(|text| line(text)).collect::<Result<_>>()?,
                amount_minor,
                currency,
                url,
            };
            let request = SendCardRequest {
                conversation: resolve(&workspace, conversation).await?,
                workspace,
                client_id,
                agent,
                card: Some(card),
            };
            let said = call!(client()?, send_card, request)?;
            match out.json() {
                true => out.document(&json!({ "card": said.card, "seq": said.seq })),
                false => out.line(said.card),
            }
        }
        CardCommand::Card { workspace, card } => show(out, workspace, card).await,
    }
}

/// Reads `2 Shoes` or `2 sh-38=Shoes`.
fn line(text: &str) -> Result<CardLine> {
    let (quantity, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (sku, title) = rest.split_once('=').unwrap_or(("", rest));
    let quantity = quantity.parse().map_err(|_| {
        let remedy = "needs the form '2 Shoes', or '2 sh-38=Shoes' with the shop's own id";
        Fault::invalid("line", remedy)
    })?;
    Ok(CardLine {
        sku: sku.to_owned(),
        title: title.to_owned(),
        quantity,
    })
}

async fn show(out: &Out, workspace: String, card: String) -> Result<()> {
    let found = call!(client()?, get_card, GetCardRequest { workspace, card })?;
    let shown = found.card.context("an empty answer")?;
    let (card, outcome) = (shown.card.unwrap_or_default(), shown.outcome.unwrap_or_default());
    let kind = word(card.kind().as_str_name(), "CARD_KIND_");
    let state = word(outcome.state().as_str_name(), "CARD_STATE_");
    if !out.json() {
        let row = [
            kind,
            state,
            card.title,
            outcome.reference,
            outcome.url,
            outcome.reason,
            show::time(outcome.at.as_ref())
                .map(|at| at.to_string())
                .unwrap_or_default(),
        ];
        let head = ["kind", "state", "title", "reference", "url", "reason", "since"];
        return out.table(&head, &[row.to_vec()]);
    }
    out.document(&json!({
        "card": card.card, "conversation": found.conversation, "seq": found.seq, "agent": found.agent, "kind": kind,
        "title": card.title, "reference": card.reference, "amount_minor": card.amount_minor, "currency": card.currency,
        "url": card.url,
        "lines": card.lines.iter().map(|line| json!({ "sku": line.sku, "title": line.title, "quantity": line.quantity }))
            .collect::<Vec<_>>(),
        "outcome": {
            "state": state, "reference": outcome.reference, "url": outcome.url, "reason": outcome.reason,
            "at": rfc3339(outcome.at.as_ref()), "version": outcome.version,
        },
    }))
}
