use crate::app::{Board, Known};
use crate::domain::{View, Who};
use crate::outbound::postgres::visitor_presence::VisitorPresence;
use fault::{Fault, Result};

/// Visitors in one request: one page of a console's list.
const VISITORS: usize = 500;

/// Visitors of one workspace, in the order asked. Who is not on the board is where the table last saw them.
pub(crate) async fn batch_get_presence(board: &Board, rows: &VisitorPresence, visitors: &[Who]) -> Result<Vec<Known>> {
    if visitors.is_empty() || visitors.len() > VISITORS {
        return Err(Fault::invalid("visitors", "give 1 to 500 visitors"));
    }
    let mut known = board.know(visitors)?;
    let absent: Vec<Who> = visitors
        .iter()
        .zip(&known)
        .filter(|(_, known)| known.view.is_none())
        .map(|(who, _)| who.clone())
        .collect();
    if absent.is_empty() {
        return Ok(known);
    }
    let rows = rows.get_presence(&absent).await?;
    for (who, known) in visitors.iter().zip(&mut known) {
        let row = || rows.iter().find(|row| row.who.visitor == who.visitor);
        known.view = known.view.or_else(|| {
            row().map(|row| View {
                state: row.state,
                cause: row.cause,
                since: row.since,
                epoch: row.epoch,
                version: row.version,
                attentive: false,
                last_input_at: None,
            })
        });
    }
    Ok(known)
}
