//! Who holds what a migration waits for.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection, Row};
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

/// At least so often somebody looks.
const LOOK: Duration = Duration::from_millis(500);

/// What one process waited for, and the others that held it.
#[derive(Debug, Clone)]
pub(crate) struct Blockers {
    /// A table, where it is one.
    table: Option<String>,
    holders: Vec<Holder>,
}

#[derive(Debug, Clone)]
struct Holder {
    process: i32,
    user: String,
    application: String,
    state: String,
    seconds: i64,
}

impl fmt::Display for Blockers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(table) = &self.table {
            write!(f, "on table {table}, ")?;
        }
        f.write_str("held by ")?;
        for (index, holder) in self.holders.iter().enumerate() {
            let Holder {
                process,
                user,
                application,
                state,
                seconds,
            } = holder;
            let between = if index == 0 { "" } else { ", and by " };
            write!(
                f,
                "{between}process {process} (user {user}, application '{application}', {state}, its transaction is \
                 {seconds} s old; SELECT pg_terminate_backend({process}) ends it)"
            )?;
        }
        Ok(())
    }
}

/// A connection beside the one that waits.
pub(crate) struct Watch(PgConnection);

impl Watch {
    pub(crate) async fn open(options: &PgConnectOptions) -> Result<Self, sqlx::Error> {
        Ok(Self(options.connect().await?))
    }

    /// Runs `work`, which uses the connection of `process`, and says who was last seen to hold it up.
    pub(crate) async fn during<T>(
        &mut self,
        process: i32,
        patience: Duration,
        work: impl Future<Output = T>,
    ) -> (T, Option<Blockers>) {
        let mut work = pin!(work);
        let mut seen = None;
        let mut looks = tokio::time::interval((patience / 4).clamp(Duration::from_millis(10), LOOK));
        loop {
            tokio::select! {
                done = &mut work => return (done, seen),
                _ = looks.tick() => {
                    // Who cannot look says less.
                    if let Ok(Some(blockers)) = self.look(process).await {
                        seen = Some(blockers);
                    }
                }
            }
        }
    }

    async fn look(&mut self, process: i32) -> Result<Option<Blockers>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT b.pid, coalesce(b.usename, '?') AS usename, coalesce(b.application_name, '') AS application,
                    coalesce(b.state, 'active') AS state,
                    coalesce(extract(epoch FROM clock_timestamp() - b.xact_start), 0)::bigint AS seconds,
                    (SELECT l.relation::regclass::text FROM pg_locks l
                     WHERE l.pid = $1 AND NOT l.granted AND l.relation IS NOT NULL LIMIT 1) AS relation
             FROM pg_stat_activity b WHERE b.pid = ANY (pg_blocking_pids($1)) ORDER BY b.xact_start LIMIT 5",
        )
        .bind(process)
        .fetch_all(&mut self.0)
        .await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let table = first.try_get("relation")?;
        let holders = rows.iter().map(|row| {
            Ok(Holder {
                process: row.try_get("pid")?,
                user: row.try_get("usename")?,
                application: row.try_get("application")?,
                state: row.try_get("state")?,
                seconds: row.try_get("seconds")?,
            })
        });
        let holders = holders.collect::<Result<_, sqlx::Error>>()?;
        Ok(Some(Blockers { table, holders }))
    }
}
