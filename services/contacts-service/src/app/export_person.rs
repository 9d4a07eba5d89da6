use super::Contacts;
use super::erase_contact::lock_person;
use crate::domain::{Leg, Reading, Trace};
use crate::outbound::postgres::person;
use crate::outbound::{Entries, Persons};
use domain::{ContactId, ConversationId, WorkspaceId};
use fault::{Fault, Result};
use serde_json::{Value, json};

/// Rows of ours in a page: one has 50 values of 1,000 characters at most.
const ROWS: u32 = 50;
/// Conversations that are exported together.
const CONVERSATIONS: u32 = 10;

impl Contacts {
    /// A piece of the document with everything that is kept of a contact and of all that went into it, and where the next one
    /// begins. All addresses are in it, whatever they serve: it is for the person themself.
    pub async fn export_person(
        &self,
        persons: &Persons,
        workspace: &WorkspaceId,
        contact: ContactId,
        leg: Leg,
    ) -> Result<(String, Option<Leg>)> {
        let mut tx = self.begin(workspace, Reading::Upkeep).await?;
        let contacts = lock_person(&mut tx, workspace, contact).await?;
        let mut piece = String::new();
        if leg == Leg::Contacts(0) {
            let head = json!({ "workspace": workspace.as_str(), "contact": contact.to_string(), "at": self.now().to_string() });
            piece = format!("{{\"entries\": [\n{}", entry("contacts", "export", &head));
        }
        let (entries, next): (Entries, _) = match leg {
            Leg::Contacts(from) => {
                let rows = person::export(&mut tx, workspace, &contacts, (from.into(), ROWS.into())).await?;
                let more = rows.len() == usize::try_from(ROWS).map_err(Fault::internal)?;
                let told = rows.iter().map(|(kind, data)| entry("contacts", kind, data));
                let next = if more { Leg::Contacts(from + ROWS) } else { Leg::OptOuts };
                (told.collect(), Some(next))
            }
            Leg::OptOuts => {
                let traces = person::traces(&mut tx, workspace, &contacts).await?;
                drop(tx);
                let mut told = Entries::new();
                for address in traces.iter().filter(|trace| is_sent_to(trace)) {
                    told.push(entry(
                        "notifier",
                        "opt_out",
                        &persons.get_opt_out(workspace, address).await?,
                    ));
                }
                (told, Some(Leg::Words(None, String::new())))
            }
            // No transaction stays open while others are asked.
            Leg::Words(after, page) => {
                drop(tx);
                self.export_words(persons, workspace, &contacts, (after, page)).await?
            }
            Leg::FollowUps(after, page) => {
                drop(tx);
                let found = persons.list_after(workspace, &contacts, (after, CONVERSATIONS)).await?;
                let (told, next) = persons
                    .export_follow_ups(workspace, &found.conversations, &page)
                    .await?;
                let first = Leg::Requests(after, String::new());
                let next = next.map_or(first, |page| Leg::FollowUps(after, page));
                (told, Some(next))
            }
            Leg::Requests(after, page) => {
                drop(tx);
                let found = persons.list_after(workspace, &contacts, (after, CONVERSATIONS)).await?;
                let whose = (found.visitors.as_slice(), found.conversations.as_slice());
                let (told, next) = persons.export_requests(workspace, whose, &page).await?;
                let next = next.map_or(Leg::Visits(after), |page| Leg::Requests(after, page));
                (told, Some(next))
            }
            Leg::Visits(after) => {
                drop(tx);
                let found = persons.list_after(workspace, &contacts, (after, CONVERSATIONS)).await?;
                let visits = persons.get_presence(workspace, &found.visitors).await?;
                let told = visits.iter().map(|visit| entry("presence", "visit", visit));
                if found.last.is_none() && !found.conversations.is_empty() {
                    return Err(Fault::internal(
                        "a page of conversations has none of the contact itself",
                    ));
                }
                let last = found.last.map(|last| ConversationId::parse(&last)).transpose()?;
                (told.collect(), last.map(|last| Leg::Words(Some(last), String::new())))
            }
        };
        piece.extend(entries.iter().map(|entry| format!(",\n{entry}")));
        if next.is_none() {
            piece.push_str("\n]}\n");
        }
        Ok((piece, next))
    }

    async fn export_words(
        &self,
        persons: &Persons,
        workspace: &WorkspaceId,
        contacts: &[ContactId],
        (after, page): (Option<ConversationId>, String),
    ) -> Result<(Entries, Option<Leg>)> {
        let found = persons.list_after(workspace, contacts, (after, CONVERSATIONS)).await?;
        if found.conversations.is_empty() {
            return Ok((Entries::new(), None));
        }
        let (told, next) = persons.export_words(workspace, &found.conversations, &page).await?;
        let next = match next {
            Some(page) => Leg::Words(after, page),
            None => Leg::FollowUps(after, String::new()),
        };
        Ok((told, Some(next)))
    }
}

fn is_sent_to(trace: &Trace) -> bool {
    match trace {
        Trace::Number(_) => true,
        Trace::Word(word) => word.contains('@'),
        Trace::Subject(_) => false,
    }
}

fn entry(from: &str, kind: &str, data: &Value) -> String {
    json!({ "from": from, "kind": kind, "data": data }).to_string()
}
