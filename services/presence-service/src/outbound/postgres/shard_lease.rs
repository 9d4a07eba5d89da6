use fault::{Fault, Result};
use std::time::Duration;
use store::{OrFault, Store};
use uuid::Uuid;

/// The one lease there is until shards are spread over replicas.
const ALL: &str = "all";

/// The lease on presence: who holds it is the owner. Its time is the database's, so that replicas need not agree on
/// theirs.
#[derive(Clone)]
pub(crate) struct ShardLease {
    store: Store,
    holder: Uuid,
    lease: Duration,
}

/// A time of ownership. Epochs grow with every change of owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tenure {
    pub(crate) holder: Uuid,
    pub(crate) epoch: u64,
}

impl Tenure {
    pub(crate) fn epoch_number(&self) -> Result<i64> {
        i64::try_from(self.epoch).map_err(Fault::internal)
    }
}

impl ShardLease {
    pub(crate) fn new(store: Store, holder: Uuid, lease: Duration) -> Self {
        Self { store, holder, lease }
    }

    pub(crate) fn renew_every(&self) -> Duration {
        self.lease / 3
    }

    /// `None`: another process holds it.
    pub(crate) async fn acquire(&self) -> Result<Option<Tenure>> {
        let mut tx = self.store.begin_all(&[]).await?;
        let epoch = sqlx::query_scalar!(
            "INSERT INTO shard_lease AS lease (shards, holder, epoch, expires_at)
             VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
             ON CONFLICT (shards) DO UPDATE
               SET holder = excluded.holder, epoch = lease.epoch + 1, expires_at = excluded.expires_at
               WHERE lease.expires_at <= clock_timestamp()
             RETURNING epoch",
            ALL,
            self.holder,
            self.lease.as_secs_f64(),
        )
        .fetch_optional(&mut *tx)
        .await
        .or_fault("acquire shard lease")?;
        tx.commit().await?;
        let epoch = epoch.map(u64::try_from).transpose().map_err(Fault::internal)?;
        Ok(epoch.map(|epoch| Tenure {
            holder: self.holder,
            epoch,
        }))
    }

    /// False: another process holds it.
    pub(crate) async fn renew(&self, tenure: &Tenure) -> Result<bool> {
        let mut tx = self.store.begin_all(&[]).await?;
        let done = sqlx::query!(
            "UPDATE shard_lease SET expires_at = clock_timestamp() + make_interval(secs => $4)
             WHERE shards = $1 AND holder = $2 AND epoch = $3",
            ALL,
            tenure.holder,
            tenure.epoch_number()?,
            self.lease.as_secs_f64(),
        )
        .execute(&mut *tx)
        .await
        .or_fault("renew shard lease")?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// Lets the next one in without waiting.
    pub(crate) async fn release(&self, tenure: &Tenure) -> Result<()> {
        let mut tx = self.store.begin_all(&[]).await?;
        sqlx::query!(
            "UPDATE shard_lease SET expires_at = '-infinity' WHERE shards = $1 AND holder = $2 AND epoch = $3",
            ALL,
            tenure.holder,
            tenure.epoch_number()?,
        )
        .execute(&mut *tx)
        .await
        .or_fault("release shard lease")?;
        tx.commit().await
    }
}
