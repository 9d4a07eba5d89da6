use crate::app::batch_get_presence::batch_get_presence;
use crate::app::{Board, Known};
use crate::domain::Who;
use crate::outbound::postgres::visitor_presence::VisitorPresence;
use fault::{Fault, Result};

/// One visitor.
pub(crate) async fn get_presence(board: &Board, rows: &VisitorPresence, who: Who) -> Result<Known> {
    let known = batch_get_presence(board, rows, &[who]).await?;
    known
        .into_iter()
        .next()
        .ok_or_else(|| Fault::internal("one was asked for, none was answered"))
}
