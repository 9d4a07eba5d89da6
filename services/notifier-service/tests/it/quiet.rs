//! When nothing is left to do, nothing wrong can come any more: no test needs to wait and see.

use crate::harness::{Harness, SOON, Tested};
use domain::Clock;
use sqlx::{Connection, PgConnection};
use testkit::eventually;

impl Harness {
    /// Waits until every fact is handled, no timer is due, and nothing is under way.
    pub async fn quiet(&self) -> Tested {
        self.caught_up().await?;
        let now = self.clock.now().to_string();
        eventually("no timer is due", SOON, async || {
            // One statement: work that moves from a follow-up to its delivery is seen in either.
            let left = self.count(
                "SELECT (SELECT count(*) FROM follow_up WHERE due_at <= $1::timestamptz)
                   + (SELECT count(*) FROM delivery WHERE due_at <= $1::timestamptz)
                   + (SELECT count(*) FROM reminder_mail WHERE due_at <= $1::timestamptz)",
                &now,
            );
            (left.await.ok()? == 0).then_some(())
        })
        .await?;
        Ok(())
    }

    /// A number out of the service's database, over all workspaces; `$1` is a text.
    pub async fn count(&self, query: &'static str, parameter: &str) -> anyhow::Result<i64> {
        let mut admin = PgConnection::connect(&self.database.admin_url()).await?;
        Ok(sqlx::query_scalar(query).bind(parameter).fetch_one(&mut admin).await?)
    }
}
