use super::{Line, Problem, Row, Tally};
use crate::domain::{
    AddressKind, AddressValue, CapturedValue, Conflict, FieldChange, Fields, Found, Owners, Plan, Stage, Target, plan,
};
use domain::{AddressId, ContactId, Entropy};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// What is stored of everybody whom lines may mean.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// By kind and normalised value.
    pub addresses: HashMap<(AddressKind, String), (AddressId, ContactId)>,
    pub contacts: HashMap<ContactId, Fields>,
}

/// What to write for a batch of lines, and what to tell of them.
#[derive(Debug, Default)]
pub struct Writes {
    pub contacts: Vec<(ContactId, Fields)>,
    /// Fields as they are then, and what became of them.
    pub filled: Vec<(ContactId, Fields, Vec<FieldChange>)>,
    pub addresses: Vec<(AddressId, ContactId, AddressValue)>,
    /// Given to be answered, known or new.
    pub served: Vec<AddressId>,
    pub captured: Vec<(Uuid, ContactId, CapturedValue)>,
    pub conflicts: Vec<(Uuid, ContactId, Conflict)>,
    pub tally: Tally,
    pub problems: Vec<Problem>,
}

/// Plans lines one after the other, each as a capture: gaps are filled, nothing is overwritten, and what differs is kept
/// or told.
pub fn plan_batch(lines: Vec<Line>, book: Book, entropy: &dyn Entropy) -> Writes {
    let mut batch = Batch {
        before: book.contacts.clone(),
        book,
        new: vec![],
        entropy,
        writes: Writes::default(),
    };
    for line in lines {
        batch.writes.tally.lines += 1;
        match line.row {
            Ok(row) => batch.take(line.number, row),
            Err(problems) => batch.refuse(problems),
        }
    }
    batch.done()
}

struct Batch<'a> {
    before: HashMap<ContactId, Fields>,
    /// As it is after the lines so far.
    book: Book,
    new: Vec<ContactId>,
    entropy: &'a dyn Entropy,
    writes: Writes,
}

impl Batch<'_> {
    fn refuse(&mut self, problems: Vec<Problem>) {
        self.writes.tally.refused += 1;
        self.writes.problems.extend(problems);
    }

    fn take(&mut self, line: u64, row: Row) {
        let owners = Owners {
            page: None,
            phone: self.found(row.given.phone_value()),
            email: self.found(row.given.email_value()),
        };
        let planned = plan(&row.given, &owners);
        let said = Fields {
            name: row.given.name.clone(),
            stage: row.stage.unwrap_or(Stage::Lead),
            time_zone: row.time_zone.clone(),
            tags: row.tags.clone(),
            data: row.data.clone(),
        };
        let (contact, new) = match planned.target {
            Target::New => (ContactId::generate(self.entropy), true),
            Target::Known(contact) => (contact, false),
        };
        let changed = match self.fill(line, contact, &said) {
            Ok(changed) => changed,
            Err(problem) => return self.refuse(vec![problem]),
        };
        if new {
            self.new.push(contact);
        }
        self.keep(contact, &row, &planned, &owners);
        let tally = &mut self.writes.tally;
        let added = planned.add_phone || planned.add_email;
        match (planned.target, changed || added) {
            (Target::New, _) => tally.created += 1,
            (Target::Known(_), true) => tally.filled += 1,
            (Target::Known(_), false) => tally.unchanged += 1,
        }
        tally.conflicts += u64::from(!planned.conflicts.is_empty());
    }

    /// Fills the gaps of a contact, of which a new one has nothing else; true where there were any.
    fn fill(&mut self, line: u64, contact: ContactId, said: &Fields) -> Result<bool, Problem> {
        let nothing = Fields {
            name: None,
            stage: Stage::Lead,
            time_zone: None,
            tags: BTreeSet::new(),
            data: BTreeMap::new(),
        };
        let present = self.book.contacts.get(&contact).unwrap_or(&nothing);
        let filled = present.edit(&present.filled_by(said));
        let (next, changes) = filled.map_err(|invalid| Problem::refused(line, invalid.field, invalid.remedy))?;
        for (key, value) in &said.data {
            if next.data.get(key) != Some(value) {
                self.writes.problems.push(Problem {
                    line,
                    column: format!("data.{}", key.as_str()),
                    remedy: "the contact has another value, which stays; change it by hand if this one is right".into(),
                    taken: true,
                });
            }
        }
        self.book.contacts.insert(contact, next);
        Ok(!changes.is_empty())
    }

    /// Addresses, what they serve, where they were given, and what a person has to settle.
    fn keep(&mut self, contact: ContactId, row: &Row, planned: &Plan, owners: &Owners) {
        for (value, found) in [
            (row.given.phone_value(), &owners.phone),
            (row.given.email_value(), &owners.email),
        ] {
            let Some(value) = value else { continue };
            let (address, owner) = match found {
                Some(found) => (found.address, found.contact),
                None => (AddressId::generate(self.entropy), contact),
            };
            if found.is_none() {
                let key = (value.kind(), value.normalised());
                self.book.addresses.insert(key, (address, owner));
                self.writes.addresses.push((address, owner, value));
            }
            self.writes.served.push(address);
            let captured = (self.entropy.id(), owner, CapturedValue::Address(address));
            self.writes.captured.push(captured);
        }
        if let Some(name) = &row.given.name {
            let captured = (self.entropy.id(), contact, CapturedValue::Name(name.clone()));
            self.writes.captured.push(captured);
        }
        for conflict in &planned.conflicts {
            self.writes
                .conflicts
                .push((self.entropy.id(), contact, conflict.clone()));
        }
    }

    fn found(&self, value: Option<AddressValue>) -> Option<Found> {
        let value = value?;
        let (address, contact) = *self.book.addresses.get(&(value.kind(), value.normalised()))?;
        let name = self.book.contacts.get(&contact).and_then(|fields| fields.name.clone());
        Some(Found { address, contact, name })
    }

    /// One change for each contact, whatever lines made it.
    fn done(mut self) -> Writes {
        let mut filled = BTreeMap::new();
        for (contact, before) in &self.before {
            let after = self.book.contacts.get(contact).unwrap_or(before);
            let changes = before.changes(after);
            if !changes.is_empty() {
                filled.insert(contact.0, (*contact, after.clone(), changes));
            }
        }
        self.writes.filled = filled.into_values().collect();
        let fields = |contact: ContactId| Some((contact, self.book.contacts.get(&contact)?.clone()));
        self.writes.contacts = self.new.into_iter().filter_map(fields).collect();
        // In one order for everybody, numbers before mails as a capture stores them: nobody waits for who waits for them.
        self.writes
            .addresses
            .sort_by_cached_key(|(.., value)| (value.kind() == AddressKind::Email, value.normalised()));
        self.writes
    }
}
