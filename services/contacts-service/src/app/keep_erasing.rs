//! An erasure's turns: each erases what there is of one page of the person's conversations everywhere, or looks through some
//! dead letters. Every call may be repeated, so who crashes leaves the row to the next one, which goes on.

use super::Contacts;
use crate::domain::{Erased, Erasure, Place, Trace, is_of};
use crate::outbound::Persons;
use crate::outbound::postgres::erasure;
use bus::Bus;
use domain::WorkspaceId;
use fault::{Fault, Result};
use uuid::Uuid;

/// Dead letters that one turn looks at.
const LETTERS: usize = 500;

/// What erases: ours, and the others'.
#[derive(Debug, Clone)]
pub struct Eraser {
    pub contacts: Contacts,
    pub persons: Persons,
    pub bus: Bus,
}

/// Where a turn failed, and why.
struct Failed(Place, Fault);

trait In<T> {
    fn failed_in(self, place: Place) -> std::result::Result<T, Failed>;
}

impl<T> In<T> for Result<T> {
    fn failed_in(self, place: Place) -> std::result::Result<T, Failed> {
        self.map_err(|fault| Failed(place, fault))
    }
}

impl Eraser {
    /// Takes an erasure one turn further. It is due again at once, or after a pause where a service did not do its part.
    pub async fn keep_erasing(&self, workspace: &WorkspaceId, id: Uuid) -> Result<()> {
        let Some(erasure) = self.read(workspace, id).await? else {
            return Ok(());
        };
        let now = self.contacts.now();
        let turn = match Place::ALL.into_iter().find(|place| !erasure.is_done_in(*place)) {
            Some(Place::DeadLetters) => self.forget_letters(workspace, &erasure).await,
            Some(_) => self.erase_page(workspace, &erasure).await,
            None => {
                let mut tx = self.contacts.store.begin(workspace).await?;
                erasure::finish(&mut tx, workspace, id, now).await?;
                return tx.commit().await;
            }
        };
        let mut tx = self.contacts.store.begin(workspace).await?;
        let due = match turn {
            Ok(()) => now,
            Err(Failed(place, fault)) => {
                let (step, code) = (place.word(), fault.code().name);
                tracing::warn!(%workspace, erasure = %id, step, code, "an erasure waits: {}", fault.chain());
                metrics::erasure_failed(step, code);
                erasure::note_failure(&mut tx, workspace, (id, place), code).await?;
                now.checked_add(self.contacts.erasure_wait).map_err(Fault::internal)?
            }
        };
        erasure::go_on(&mut tx, workspace, id, due).await?;
        tx.commit().await?;
        self.contacts.store.due_at(due);
        Ok(())
    }

    async fn read(&self, workspace: &WorkspaceId, id: Uuid) -> Result<Option<Erasure>> {
        let mut tx = self.contacts.store.begin(workspace).await?;
        let found = erasure::get(&mut tx, workspace, id).await?;
        Ok(found.filter(|erasure| erasure.done_at.is_none()))
    }

    /// Erases some of the person's conversations and what hangs on them; the conversations last, as they tell what there is.
    /// Once there are none, all of that is done.
    async fn erase_page(&self, workspace: &WorkspaceId, erasure: &Erasure) -> std::result::Result<(), Failed> {
        let found = self.persons.list_conversations(workspace, &erasure.contacts).await;
        let page = found.failed_in(Place::Conversation)?;
        let kept = self.keep_traces(workspace, erasure.id, &page.subjects).await;
        let numbers = kept.failed_in(Place::Contacts)?;
        let done = page.conversations.is_empty();

        let erased = self
            .persons
            .erase_follow_ups(workspace, &page.conversations, numbers)
            .await;
        let erased = erased.failed_in(Place::Notifier)?;
        self.note(workspace, erasure, Place::Notifier, &erased, done).await?;

        let erased = self.persons.erase_presence(workspace, &page.visitors).await;
        let erased = erased.failed_in(Place::Presence)?;
        self.note(workspace, erasure, Place::Presence, &erased, done).await?;

        let erased = self
            .persons
            .erase_requests(workspace, &page.visitors, &page.conversations)
            .await;
        let erased = erased.failed_in(Place::Routing)?;
        self.note(workspace, erasure, Place::Routing, &erased, done).await?;

        let erased = self
            .persons
            .erase_sessions(workspace, &page.visitors, &page.conversations)
            .await;
        let erased = erased.failed_in(Place::Gateway)?;
        self.note(workspace, erasure, Place::Gateway, &erased, done).await?;

        let erased = self.persons.erase_conversations(workspace, &page.conversations).await;
        let erased = erased.failed_in(Place::Conversation)?;
        self.note(workspace, erasure, Place::Conversation, &erased, done).await
    }

    /// Keeps what events about these conversations are known by; answers the person's phone numbers.
    async fn keep_traces(&self, workspace: &WorkspaceId, id: Uuid, subjects: &[Trace]) -> Result<Vec<String>> {
        let mut tx = self.contacts.store.begin(workspace).await?;
        erasure::keep_traces(&mut tx, workspace, id, subjects).await?;
        let traces = erasure::traces(&mut tx, workspace, id).await?;
        tx.commit().await?;
        let numbers = traces.into_iter().filter_map(|trace| match trace {
            Trace::Number(number) => Some(number),
            Trace::Word(_) | Trace::Subject(_) => None,
        });
        Ok(numbers.collect())
    }

    /// Deletes those of the next dead letters of the workspace that are the person's.
    async fn forget_letters(&self, workspace: &WorkspaceId, erasure: &Erasure) -> std::result::Result<(), Failed> {
        let traces = async {
            let mut tx = self.contacts.store.begin(workspace).await?;
            erasure::traces(&mut tx, workspace, erasure.id).await
        };
        let traces = traces.await.failed_in(Place::DeadLetters)?;
        let theirs = |about: &str, payload: &[u8]| is_of(&traces, about, payload);
        let looked = bus::forget_dead(&self.bus, workspace, (erasure.looked_up_to, LETTERS), theirs).await;
        let looked = looked.failed_in(Place::DeadLetters)?;
        let noted = async {
            let mut tx = self.contacts.store.begin(workspace).await?;
            erasure::note_looked(&mut tx, workspace, erasure.id, looked.up_to).await?;
            tx.commit().await
        };
        noted.await.failed_in(Place::DeadLetters)?;
        let mut erased = Erased::from([("letters".to_owned(), looked.forgotten)]);
        erased.retain(|_, count| *count > 0);
        self.note(workspace, erasure, Place::DeadLetters, &erased, looked.all)
            .await
    }

    async fn note(
        &self,
        workspace: &WorkspaceId,
        erasure: &Erasure,
        place: Place,
        erased: &Erased,
        done: bool,
    ) -> std::result::Result<(), Failed> {
        let noted = async {
            let mut tx = self.contacts.store.begin(workspace).await?;
            erasure::note_erased(&mut tx, workspace, (erasure.id, place), erased, done).await?;
            tx.commit().await
        };
        noted.await.failed_in(place)
    }
}
