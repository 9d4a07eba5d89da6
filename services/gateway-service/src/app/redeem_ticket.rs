use super::edge::Edge;
use crate::domain::session::Session;
use crate::domain::token::Token;
use crate::outbound::postgres::ticket::take_ticket;
use fault::{Fault, Result, codes};

/// Uses a ticket up and answers its session. UNAUTHENTICATED if it is unknown, used, or late.
pub async fn redeem_ticket(edge: &Edge, ticket: &str) -> Result<Session> {
    let ticket = Token::parse(ticket, "ticket").map_err(|_| refused())?;
    let mut tx = edge.store.begin(ticket.workspace()).await?;
    let session = take_ticket(&mut tx, &ticket, edge.now()).await?;
    tx.commit().await?;
    session.ok_or_else(refused)
}

pub(super) fn refused() -> Fault {
    Fault::new(
        &codes::UNAUTHENTICATED,
        "the ticket is used up or too old; get a new one",
    )
    .of("ticket")
}
