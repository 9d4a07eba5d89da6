//! Applies retention periods: a turn looks at some contacts of a workspace, and erases those of which nothing was heard for as long
//! as its period says. Who crashes leaves the row to the next one, which looks at the same ones again: who was erased is gone.

use super::Eraser;
use super::erase_contact::begin_erasure;
use crate::domain::{Activity, ErasureReason, ErasureRequest, Reading, Retention};
use crate::outbound::postgres::{merge, retention};
use domain::{ContactId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff::SignedDuration;
use uuid::Uuid;

/// Contacts that a turn looks at. All of them may go in it, within its lease.
const PAGE: i64 = 100;
/// From the end of a round to the next one: a period is days.
const ROUND: SignedDuration = SignedDuration::from_hours(24);
/// Who erases whom nobody asked to.
const BY: &str = "retention";

impl Eraser {
    /// Takes a workspace's round one turn further. A fault means: later, once the lease is over.
    pub async fn keep_retention(&self, workspace: &WorkspaceId, _: Uuid) -> Result<()> {
        let now = self.contacts.now();
        let (present, page) = {
            let mut tx = self.contacts.begin(workspace, Reading::Upkeep).await?;
            let Some(present) = retention::lock(&mut tx, workspace).await? else {
                return Ok(());
            };
            let page = retention::page(&mut tx, workspace, present.looked_up_to, PAGE).await?;
            (present, page)
        };
        let Some(before) = present.period.over_before(now) else {
            return Ok(());
        };
        for contact in self.over(workspace, &page, before).await? {
            if self.erase_if_over(workspace, contact, before).await? {
                metrics::retention_erased("contacts", 1);
            }
        }
        let is_last = i64::try_from(page.len()).map_err(Fault::internal)? < PAGE;
        self.note_round(workspace, &present, page.last().copied().filter(|_| !is_last), now)
            .await
    }

    /// Those of which nothing was heard since, neither here nor in a conversation, and who have none that is open.
    async fn over(&self, workspace: &WorkspaceId, page: &[ContactId], before: Timestamp) -> Result<Vec<ContactId>> {
        let mut quiet = {
            let mut tx = self.contacts.begin(workspace, Reading::Upkeep).await?;
            retention::noted(&mut tx, workspace, page).await?
        };
        quiet.retain(|(_, _, noted_at)| *noted_at < before);
        let parts: Vec<ContactId> = quiet.iter().flat_map(|(_, parts, _)| parts.iter().copied()).collect();
        let talks = self.persons.list_activity(workspace, &parts).await?;
        let over = quiet.into_iter().filter(|(_, parts, noted_at)| {
            let theirs = || parts.iter().filter_map(|part| talks.get(part));
            let activity = Activity {
                noted_at: *noted_at,
                open: theirs().any(|(open, _)| *open),
                talked_at: theirs().filter_map(|(_, at)| *at).max(),
            };
            activity.is_over(before)
        });
        Ok(over.map(|(contact, ..)| contact).collect())
    }

    /// Begins the erasure, unless something was noted of the person, or the period set anew, by the time the contact is locked.
    async fn erase_if_over(&self, workspace: &WorkspaceId, contact: ContactId, before: Timestamp) -> Result<bool> {
        let now = self.contacts.now();
        let mut tx = self.contacts.begin(workspace, Reading::Upkeep).await?;
        let set = retention::lock(&mut tx, workspace).await?.unwrap_or_default();
        if set.period.over_before(now).is_none_or(|over| over < before) {
            return Ok(false);
        }
        // Merged or erased since it was listed: not for this turn.
        if merge::lock(&mut tx, workspace, &[contact]).await? != [(contact, None)] {
            return Ok(false);
        }
        let noted = retention::noted(&mut tx, workspace, &[contact]).await?;
        if noted.iter().any(|(_, _, noted_at)| *noted_at >= before) {
            return Ok(false);
        }
        let request = ErasureRequest {
            request_id: format!("{BY}-{contact}"),
            contact,
            reason: ErasureReason::Retention,
            by: BY.to_owned(),
        };
        let id = self.contacts.store.entropy().id();
        let due = now.checked_add(self.contacts.erasure_wait).map_err(Fault::internal)?;
        begin_erasure(&mut tx, workspace, (id, &request), (now, due)).await?;
        retention::count(&mut tx, workspace).await?;
        tx.commit().await?;
        self.contacts.store.due_at(due);
        Ok(true)
    }

    /// The next turn goes on at once after `last`; without one, the round is over.
    async fn note_round(
        &self,
        workspace: &WorkspaceId,
        present: &Retention,
        last: Option<ContactId>,
        now: Timestamp,
    ) -> Result<()> {
        let (applied_at, due) = match last {
            Some(_) => (None, now),
            None => (Some(now), now.checked_add(ROUND).map_err(Fault::internal)?),
        };
        let mut tx = self.contacts.store.begin(workspace).await?;
        retention::go_on(&mut tx, workspace, present.version, (last, applied_at, due)).await?;
        tx.commit().await?;
        self.contacts.store.due_at(due);
        Ok(())
    }
}
