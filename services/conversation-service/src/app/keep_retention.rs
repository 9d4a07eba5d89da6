//! Applies retention periods: a turn deletes what was said in some conversations of a workspace that were resolved as long ago as its
//! period says, each in a transaction of its own. Who crashes leaves the row to the next one, which finds those that are left.

use super::{App, retry};
use crate::outbound::postgres::{card, conversation, form, person, retention, run, star};
use domain::{ConversationId, Timestamp, WorkspaceId};
use fault::{Fault, Result};
use jiff::SignedDuration;
use uuid::Uuid;

/// Conversations of a turn, and messages of one that a transaction deletes: within the row's lease.
const PAGE: i64 = 50;
const MESSAGES: u64 = 5_000;
/// From when nothing is left to the next time: a period is days.
const ROUND: SignedDuration = SignedDuration::from_hours(1);

impl App {
    /// Takes a workspace one turn further. A fault means: later, once the lease is over.
    pub async fn keep_retention(&self, workspace: &WorkspaceId, _: Uuid) -> Result<()> {
        let now = self.now();
        let mut tx = self.store.begin(workspace).await?;
        let Some(present) = retention::lock(&mut tx, workspace).await? else {
            return Ok(());
        };
        let Some(before) = present.over_before(now) else {
            return Ok(());
        };
        let over = retention::resolved_before(&mut tx, workspace, before, PAGE).await?;
        tx.commit().await?;
        let mut erased = 0;
        for id in &over {
            if retry(|| self.erase_words(workspace, *id, before)).await? {
                erased += 1;
            }
        }
        metrics::retention_erased("conversations", erased);
        let is_last = i64::try_from(over.len()).map_err(Fault::internal)? < PAGE;
        let (applied_at, due) = match is_last {
            true => (Some(now), now.checked_add(ROUND).map_err(Fault::internal)?),
            false => (None, now),
        };
        let mut tx = self.store.begin(workspace).await?;
        retention::go_on(&mut tx, workspace, present.version, (applied_at, due)).await?;
        tx.commit().await?;
        self.store.due_at(due);
        Ok(())
    }

    /// Deletes what was said in a conversation; of more messages than one transaction deletes, the others come with the next turn. False:
    /// not all of it, or it is not over by now.
    async fn erase_words(&self, workspace: &WorkspaceId, id: ConversationId, before: Timestamp) -> Result<bool> {
        let now = self.now();
        let mut tx = self.store.begin(workspace).await?;
        // Under its lock nobody sets the period anew meanwhile.
        let set = retention::lock(&mut tx, workspace).await?.unwrap_or_default();
        if set.over_before(now).is_none_or(|over| over < before) {
            return Ok(false);
        }
        let Some(found) = conversation::lock(&mut tx, workspace, id).await? else {
            return Ok(false);
        };
        if found.erased || found.resolved_at.is_none_or(|at| at >= before) {
            return Ok(false);
        }
        let is_whole = person::erase_messages(&mut tx, workspace, id, MESSAGES).await? < MESSAGES;
        if is_whole {
            form::erase(&mut tx, workspace, id).await?;
            card::erase(&mut tx, workspace, id).await?;
            star::erase(&mut tx, workspace, id).await?;
            run::erase(&mut tx, workspace, id).await?;
            retention::erase_words(&mut tx, workspace, id, now).await?;
            retention::count(&mut tx, workspace).await?;
        }
        tx.commit().await?;
        Ok(is_whole)
    }
}
