use super::Contacts;
use crate::domain::import::{LINES, Line, Problem, Tally, Writes, fields, lines, plan_batch, text};
use crate::domain::roles::Rights;
use crate::domain::{AddressValue, ContactChange, Purpose, Reading};
use crate::outbound::postgres::{address, captured, change, conflict, import};
use domain::{Country, Timestamp, WorkspaceId};
use fault::{Fault, Kind, Result, codes};
use store::Tx;

/// An import loses a race only to somebody who stores one of its addresses, which the next try then finds.
const TRIES: usize = 8;
/// After a lost race only one line in so many is tried at once: the fewer, the rarer somebody else stores one of them.
const FEWER: usize = 4;

/// A piece of a file, and what its lines have in common.
#[derive(Debug, Clone, Copy)]
pub struct PieceOf<'a> {
    /// Names the file: the same name is the same file.
    pub import: &'a str,
    /// Lines of the file before it, the head aside.
    pub done: u64,
    /// As an editor counts them.
    pub first_line: u64,
    pub csv: &'a [u8],
    /// Of numbers without a country code.
    pub country: Option<Country>,
    /// Where the people gave their addresses, if somebody said.
    pub channel: Option<&'a str>,
    pub by: &'a str,
}

/// What became of some lines.
struct Taken {
    tally: Tally,
    problems: Vec<Problem>,
    /// Lines of the piece are left.
    more: bool,
}

impl Contacts {
    /// Takes the next lines of a file, all that can be taken of them; how far the file has come, and what is wrong with lines.
    /// Lines that were taken before are not taken again.
    /// Refused where a column is of a field that the caller may not change.
    pub async fn import_contacts(
        &self,
        workspace: &WorkspaceId,
        rights: &Rights,
        piece: PieceOf<'_>,
    ) -> Result<(Tally, Vec<Problem>)> {
        let head = text(piece.csv, piece.first_line).map_err(unreadable)?;
        rights.must_edit(fields(head))?;
        let (mut most, mut lost, mut problems) = (LINES, 0, vec![]);
        while lost < TRIES {
            match self.take_lines(workspace, piece, most).await {
                Ok(Some(taken)) => {
                    problems.extend(taken.problems);
                    if !taken.more {
                        return Ok((taken.tally, problems));
                    }
                    lost = 0;
                }
                Ok(None) => (most, lost) = ((most / FEWER).max(1), lost + 1),
                Err(fault) if fault.kind() == Kind::Conflict && fault.field().is_none() => {
                    (most, lost) = ((most / FEWER).max(1), lost + 1);
                }
                Err(fault) => return Err(fault),
            }
        }
        let remedy = "the same addresses are being stored elsewhere; try again";
        Err(Fault::new(&codes::CONFLICT, remedy))
    }

    /// Takes so many lines at most, in one transaction with how far the file has come. `None`: somebody stored one of the
    /// addresses meanwhile.
    async fn take_lines(&self, workspace: &WorkspaceId, piece: PieceOf<'_>, most: usize) -> Result<Option<Taken>> {
        let now = self.now();
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        import::plan_for_many(&mut tx).await?;
        let before = import::lock(&mut tx, workspace, (piece.import, piece.by), now).await?;
        if piece.done > before.lines {
            let remedy = format!("is beyond the {} lines that were taken; go on after them", before.lines);
            return Err(Fault::new(&codes::CONFLICT, remedy).of("done"));
        }
        let read = text(piece.csv, piece.first_line).and_then(|text| lines(text, piece.first_line, piece.country));
        let mut lines = read.map_err(unreadable)?;
        // What comes again was taken, all of it or from its beginning.
        let known = usize::try_from(before.lines - piece.done).map_err(Fault::internal)?;
        lines.drain(..known.min(lines.len()));
        let more = lines.len() > most;
        lines.truncate(most);
        let writes = self.plan(&mut tx, workspace, lines).await?;
        let by = (piece.channel, piece.by);
        if !self.write(&mut tx, workspace, &writes, by, now).await? {
            return Ok(None);
        }
        let tally = before.with(writes.tally);
        import::keep_problems(&mut tx, workspace, piece.import, &writes.problems).await?;
        import::note(&mut tx, workspace, (piece.import, tally), now).await?;
        tx.commit().await?;
        Ok(Some(Taken {
            tally,
            problems: writes.problems,
            more,
        }))
    }

    async fn plan(&self, tx: &mut Tx, workspace: &WorkspaceId, lines: Vec<Line>) -> Result<Writes> {
        let rows = lines.iter().filter_map(|line| line.row.as_ref().ok());
        let values = rows.flat_map(|row| [row.given.phone_value(), row.given.email_value()]);
        let values: Vec<AddressValue> = values.flatten().collect();
        let owners = import::lock_owners(tx, workspace, &values).await?;
        let book = import::book(tx, workspace, owners).await?;
        Ok(plan_batch(lines, book, self.store.entropy()))
    }

    /// False where somebody stored one of the addresses meanwhile.
    async fn write(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        writes: &Writes,
        (channel, by): (Option<&str>, &str),
        now: Timestamp,
    ) -> Result<bool> {
        if !writes.contacts.is_empty() {
            import::insert_contacts(tx, workspace, &writes.contacts, channel, now).await?;
        }
        import::insert_data(tx, workspace, writes, (now, by)).await?;
        if !writes.filled.is_empty() {
            let versions = import::update_contacts(tx, workspace, &writes.filled).await?;
            let changes = writes.filled.iter().filter_map(|(contact, _, fields)| {
                let change = ContactChange {
                    version: *versions.get(contact)?,
                    at: now,
                    by: by.to_owned(),
                    fields: fields.clone(),
                };
                Some((*contact, change))
            });
            change::insert_all(tx, workspace, &changes.collect::<Vec<_>>()).await?;
        }
        if !import::insert_addresses(tx, workspace, &writes.addresses, now).await? {
            return Ok(false);
        }
        address::give_purpose(tx, workspace, &writes.served, Purpose::Support, now).await?;
        captured::keep(tx, workspace, &writes.captured, channel, now).await?;
        conflict::keep(tx, workspace, &writes.conflicts, now).await?;
        Ok(true)
    }
}

/// What no line of the piece can be read with.
fn unreadable(problem: Problem) -> Fault {
    Fault::invalid("csv", format!("line {}: {}", problem.line, problem.remedy))
}
