use super::edge::{Edge, after};
use super::get_channel::check_origin;
use super::open_session::find_live_session;
use crate::domain::token::Token;
use crate::outbound::postgres::ticket::insert_ticket;
use domain::Timestamp;
use fault::Result;
use std::time::Duration;

/// Long enough to open a socket on a slow phone, too short to be found and used by somebody else.
pub(super) const TICKET_LIFE: Duration = Duration::from_secs(30);

/// A one-time ticket that opens one socket of the session.
pub async fn issue_ticket(edge: &Edge, session: &Token, origin: Option<&str>) -> Result<(Token, Timestamp)> {
    let session = find_live_session(edge, session).await?;
    check_origin(edge, &session.workspace, &session.channel, origin).await?;
    let now = edge.now();
    let ticket = edge.mint(&session.workspace);
    let expires_at = after(now, TICKET_LIFE)?;
    let mut tx = edge.store.begin(&session.workspace).await?;
    insert_ticket(&mut tx, &session, &ticket.hash(), expires_at, now).await?;
    tx.commit().await?;
    Ok((ticket, expires_at))
}
