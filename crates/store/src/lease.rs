//! Work that one replica does while the others wait for their turn.

use crate::{OrFault, Store, Tx};
use fault::Result;
use std::time::Duration;
use uuid::Uuid;

/// A lease on a piece of work, a row of the table that the kit's `homing_leases()` makes. Its time is the database's, so
/// replicas need not agree on theirs.
#[derive(Debug, Clone)]
pub struct Lease {
    store: Store,
    name: &'static str,
    holder: Uuid,
    lasts: Duration,
}

/// A time of holding a [`Lease`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tenure {
    name: &'static str,
    holder: Uuid,
    epoch: i64,
}

impl Tenure {
    /// Grows with every change of holder.
    pub fn epoch(&self) -> u64 {
        self.epoch.unsigned_abs()
    }
}

impl Lease {
    /// Who does not renew for `lasts` is replaced.
    pub fn new(store: Store, name: &'static str, lasts: Duration) -> Self {
        let holder = store.entropy().id();
        Self {
            store,
            name,
            holder,
            lasts,
        }
    }

    /// How often a holder renews: two attempts may fail.
    pub fn renew_every(&self) -> Duration {
        self.lasts / 3
    }

    /// How long a lease lasts that is not renewed.
    pub fn lasts(&self) -> Duration {
        self.lasts
    }

    /// `None`: another one holds it. Waits for transactions that [`Tx::hold`] the tenure before.
    pub async fn acquire(&self) -> Result<Option<Tenure>> {
        let mut tx = self.store.begin_all(&[]).await?;
        let epoch: Option<i64> = sqlx::query_scalar(
            "INSERT INTO lease AS old (name, holder, epoch, expires_at)
             VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
             ON CONFLICT (name) DO UPDATE
               SET holder = excluded.holder, epoch = old.epoch + 1,
                   expires_at = clock_timestamp() + make_interval(secs => $3)
               WHERE old.expires_at <= clock_timestamp()
             RETURNING epoch",
        )
        .bind(self.name)
        .bind(self.holder)
        .bind(self.lasts.as_secs_f64())
        .fetch_optional(&mut *tx)
        .await
        .or_fault("acquire lease")?;
        tx.commit().await?;
        Ok(epoch.map(|epoch| Tenure {
            name: self.name,
            holder: self.holder,
            epoch,
        }))
    }

    /// False: another one holds it.
    pub async fn renew(&self, tenure: &Tenure) -> Result<bool> {
        let mut tx = self.store.begin_all(&[]).await?;
        let done = sqlx::query(
            "UPDATE lease SET expires_at = clock_timestamp() + make_interval(secs => $4)
             WHERE name = $1 AND holder = $2 AND epoch = $3",
        )
        .bind(tenure.name)
        .bind(tenure.holder)
        .bind(tenure.epoch)
        .bind(self.lasts.as_secs_f64())
        .execute(&mut *tx)
        .await
        .or_fault("renew lease")?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// Lets the next one in without waiting.
    pub async fn release(&self, tenure: &Tenure) -> Result<()> {
        let mut tx = self.store.begin_all(&[]).await?;
        sqlx::query("UPDATE lease SET expires_at = '-infinity' WHERE name = $1 AND holder = $2 AND epoch = $3")
            .bind(tenure.name)
            .bind(tenure.holder)
            .bind(tenure.epoch)
            .execute(&mut *tx)
            .await
            .or_fault("release lease")?;
        tx.commit().await
    }
}

impl Tx {
    /// Does the tenure hold? If so, it does until this transaction ends: a change of holder waits.
    pub async fn hold(&mut self, tenure: &Tenure) -> Result<bool> {
        let held: Option<i32> =
            sqlx::query_scalar("SELECT 1 FROM lease WHERE name = $1 AND holder = $2 AND epoch = $3 FOR KEY SHARE")
                .bind(tenure.name)
                .bind(tenure.holder)
                .bind(tenure.epoch)
                .fetch_optional(&mut **self)
                .await
                .or_fault("hold lease")?;
        Ok(held.is_some())
    }
}
