use crate::domain::{Restored, Transition, View, Who};
use ::domain::{PresenceCause, PresenceState, Timestamp, VisitorId, WorkspaceId};
use events::common;
use events::event::VisitorPresenceChanged;
use fault::{Fault, Result};
use jiff_sqlx::ToSqlx;
use std::collections::HashMap;
use store::{OrFault, Store, Tenure, Tx};
use uuid::Uuid;

/// Rows that a new owner reads at a time.
const PAGE: i64 = 10_000;

/// The last transition of each visitor.
#[derive(Clone)]
pub(crate) struct VisitorPresence {
    store: Store,
}

struct Row {
    workspace_id: String,
    visitor: Uuid,
    state: String,
    cause: String,
    since: jiff_sqlx::Timestamp,
    epoch: i64,
    version: i64,
}

impl VisitorPresence {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Writes transitions and their facts in one transaction, of any workspaces, in order. False: `tenure` is over, and
    /// nothing was written.
    pub(crate) async fn record_transitions(&self, tenure: &Tenure, transitions: &[Transition]) -> Result<bool> {
        let mut workspaces: Vec<WorkspaceId> = transitions.iter().map(|one| one.who.workspace.clone()).collect();
        workspaces.sort_unstable();
        workspaces.dedup();
        let mut tx = self.store.begin_all(&workspaces).await?;
        if !tx.hold(tenure).await? {
            return Ok(false);
        }
        // A statement can write a row once: of several transitions of a visitor, the last.
        let last: HashMap<&Who, &View> = transitions.iter().map(|one| (&one.who, &one.view)).collect();
        upsert(&mut tx, &last).await?;
        for transition in transitions {
            tx.record(&transition.who.workspace, &fact(transition));
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Rows of these visitors, all of one workspace, in no order; none for those never seen.
    pub(crate) async fn get_presence(&self, visitors: &[Who]) -> Result<Vec<Restored>> {
        let Some(first) = visitors.first() else {
            return Ok(Vec::new());
        };
        let ids: Vec<Uuid> = visitors.iter().map(|who| who.visitor.0).collect();
        let mut tx = self.store.begin(&first.workspace).await?;
        let rows = sqlx::query_as!(
            Row,
            "SELECT workspace_id, visitor, state, cause, since, epoch, version
             FROM visitor_presence WHERE workspace_id = $1 AND visitor = ANY ($2)",
            first.workspace.as_str(),
            &ids,
        )
        .fetch_all(&mut *tx)
        .await
        .or_fault("get presence")?;
        rows.into_iter().map(restore).collect()
    }

    /// Everybody of all workspaces who was not offline when the last owner went.
    pub(crate) async fn list_present(&self) -> Result<Vec<Restored>> {
        let mut present = Vec::new();
        let mut after = (String::new(), Uuid::nil());
        loop {
            let mut tx = self.store.begin_as_worker().await?;
            let rows = sqlx::query_as!(
                Row,
                "SELECT workspace_id, visitor, state, cause, since, epoch, version
                 FROM visitor_presence
                 WHERE state <> 'offline' AND (workspace_id, visitor) > ($1, $2)
                 ORDER BY workspace_id, visitor LIMIT $3",
                after.0,
                after.1,
                PAGE,
            )
            .fetch_all(&mut *tx)
            .await
            .or_fault("list present visitors")?;
            let Some(last) = rows.last() else { return Ok(present) };
            after = (last.workspace_id.clone(), last.visitor);
            for row in rows {
                present.push(restore(row)?);
            }
        }
    }

    /// Deletes these visitors; says how many there were.
    pub(crate) async fn erase_person(&self, workspace: &WorkspaceId, visitors: &[VisitorId]) -> Result<u64> {
        let ids: Vec<Uuid> = visitors.iter().map(|visitor| visitor.0).collect();
        let mut tx = self.store.begin(workspace).await?;
        let erased = sqlx::query!(
            "DELETE FROM visitor_presence WHERE workspace_id = $1 AND visitor = ANY ($2)",
            workspace.as_str(),
            &ids,
        )
        .execute(&mut *tx)
        .await
        .or_fault("erase visitors")?;
        tx.commit().await?;
        Ok(erased.rows_affected())
    }

    /// Deletes some visitors of all workspaces who have been gone since before `before`; says how many.
    pub(crate) async fn prune_visitors(&self, before: Timestamp, limit: i64) -> Result<u64> {
        let mut tx = self.store.begin_as_worker().await?;
        // Who comes back meanwhile stays.
        let pruned = sqlx::query!(
            "DELETE FROM visitor_presence p USING (
               SELECT workspace_id, visitor FROM visitor_presence WHERE since < $1 AND state <> 'online' LIMIT $2) gone
             WHERE p.workspace_id = gone.workspace_id AND p.visitor = gone.visitor
               AND p.since < $1 AND p.state <> 'online'",
            before.to_sqlx() as _,
            limit
        )
        .execute(&mut *tx)
        .await
        .or_fault("prune visitors")?;
        tx.commit().await?;
        Ok(pruned.rows_affected())
    }
}

async fn upsert(tx: &mut Tx, last: &HashMap<&Who, &View>) -> Result<()> {
    let mut rows: Vec<_> = last.iter().collect();
    // Always the same order of locks.
    rows.sort_unstable_by_key(|(who, _)| (who.workspace.as_str(), who.visitor));
    let number = |number: u64| i64::try_from(number).map_err(Fault::internal);
    let workspaces: Vec<String> = rows.iter().map(|(who, _)| who.workspace.to_string()).collect();
    let visitors: Vec<Uuid> = rows.iter().map(|(who, _)| who.visitor.0).collect();
    let states: Vec<String> = rows.iter().map(|(_, view)| view.state.word().to_owned()).collect();
    let causes: Vec<String> = rows.iter().map(|(_, view)| view.cause.word().to_owned()).collect();
    let since: Vec<jiff_sqlx::Timestamp> = rows.iter().map(|(_, view)| view.since.timestamp().to_sqlx()).collect();
    let epochs: Vec<i64> = rows.iter().map(|(_, view)| number(view.epoch)).collect::<Result<_>>()?;
    let versions: Vec<i64> = rows
        .iter()
        .map(|(_, view)| number(view.version))
        .collect::<Result<_>>()?;
    sqlx::query!(
        "INSERT INTO visitor_presence AS row (workspace_id, visitor, state, cause, since, epoch, version)
         SELECT * FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::bigint[], $7::bigint[])
         ON CONFLICT (workspace_id, visitor) DO UPDATE
           SET state = excluded.state, cause = excluded.cause, since = excluded.since,
               epoch = excluded.epoch, version = excluded.version
           WHERE (row.epoch, row.version) < (excluded.epoch, excluded.version)",
        &workspaces,
        &visitors,
        &states,
        &causes,
        &since as &[jiff_sqlx::Timestamp],
        &epochs,
        &versions,
    )
    .execute(&mut **tx)
    .await
    .or_fault("record transitions")?;
    Ok(())
}

fn fact(transition: &Transition) -> VisitorPresenceChanged {
    let view = transition.view;
    VisitorPresenceChanged {
        visitor: transition.who.visitor.to_string(),
        state: common::PresenceState::from(view.state).into(),
        cause: common::PresenceCause::from(view.cause).into(),
        since: Some(events::stamp(view.since.timestamp())),
        epoch: view.epoch,
        version: view.version,
    }
}

fn restore(row: Row) -> Result<Restored> {
    let unknown = |word: &str| Fault::internal(format!("the table has a word that is not ours: {word}"));
    Ok(Restored {
        who: Who {
            workspace: WorkspaceId::parse(&row.workspace_id)?,
            visitor: VisitorId(row.visitor),
        },
        state: PresenceState::from_word(&row.state).ok_or_else(|| unknown(&row.state))?,
        cause: PresenceCause::from_word(&row.cause).ok_or_else(|| unknown(&row.cause))?,
        since: row.since.to_jiff().into(),
        epoch: u64::try_from(row.epoch).map_err(Fault::internal)?,
        version: u64::try_from(row.version).map_err(Fault::internal)?,
    })
}
