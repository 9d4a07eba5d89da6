use crate::OrFault;
use crate::outbox;
use domain::{Clock, Entropy, Timestamp, WorkspaceId};
use events::{Fact, Outgoing, headers};
use fault::{Fault, Result};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, broadcast};

/// How to reach a service's database.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// Short name of the service: its roles are `<service>` and `<service>_worker`.
    pub service: &'static str,
    /// `postgres://<service>@host:port/<database>`
    pub url: String,
    pub max_connections: u32,
}

/// A service's database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    service: &'static str,
    pool: PgPool,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// Facts were committed: the relay has work.
    pub(crate) committed: Arc<Notify>,
    /// Deadlines that were armed, for those who sleep until the next one.
    armed: broadcast::Sender<Timestamp>,
}

/// A transaction that nobody uses for this long was lost by its owner.
const IDLE_IN_TRANSACTION: &str = "30s";
/// No statement of ours takes this long unless something is wrong.
const STATEMENT: &str = "15s";
const LOCK: &str = "5s";
const ACQUIRE: Duration = Duration::from_secs(10);
/// Armed deadlines that a sleeper may be behind with; one that is further behind looks into its table instead.
const ARMED: usize = 64;
/// Every query of ours finds its rows by key. Left to its statistics, PostgreSQL plans a prepared statement while the
/// table is small (scan it, hash it) and keeps that plan while it grows; so those plans are never offered. And a statement
/// is planned once per connection, whatever its parameters: planning each time took PostgreSQL as long as running. So a
/// filter that may be absent must not be the one that an index is to use.
const BY_KEY: [(&str, &str); 5] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
];

impl Store {
    /// Opens the pool; connections are made when first needed.
    pub fn connect(config: &StoreConfig, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self> {
        let options: PgConnectOptions = config.url.parse().map_err(|error: sqlx::Error| {
            Fault::invalid(
                "HOMING_DATABASE_URL",
                "needs the form postgres://user@host:port/database",
            )
            .because(error)
        })?;
        let options = options.application_name(config.service).options(BY_KEY).options([
            ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION),
            ("statement_timeout", STATEMENT),
            ("lock_timeout", LOCK),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(config.max_connections)
            .acquire_timeout(ACQUIRE)
            .connect_lazy_with(options);
        Ok(Self {
            service: config.service,
            pool,
            clock,
            entropy,
            committed: Arc::new(Notify::new()),
            armed: broadcast::Sender::new(ARMED),
        })
    }

    pub fn service(&self) -> &'static str {
        self.service
    }

    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub fn entropy(&self) -> &dyn Entropy {
        &*self.entropy
    }

    /// Begins a transaction that sees one workspace.
    pub async fn begin(&self, workspace: &WorkspaceId) -> Result<Tx> {
        self.begin_all(std::slice::from_ref(workspace)).await
    }

    /// Begins a transaction that sees the named workspaces; for batches.
    pub async fn begin_all(&self, workspaces: &[WorkspaceId]) -> Result<Tx> {
        self.begin_with(begin(workspaces)).await
    }

    /// The same, for a batch that rather fails than wait longer than this for a row that another transaction locked.
    pub async fn begin_all_within(&self, workspaces: &[WorkspaceId], patience: Duration) -> Result<Tx> {
        let statement = format!(
            "{}; SET LOCAL lock_timeout TO {}",
            begin(workspaces),
            patience.as_millis()
        );
        self.begin_with(statement).await
    }

    /// Begins a transaction under the worker role, which may read and mark outbox and timer rows of all workspaces and
    /// nothing else.
    pub async fn begin_as_worker(&self) -> Result<Tx> {
        self.begin_with(format!("BEGIN; SET LOCAL ROLE {}_worker", self.service))
            .await
    }

    /// The same, and its commit does not wait for the disk: for what is done again, without harm, where a crash of the
    /// database forgot it.
    pub(crate) async fn begin_as_forgetful_worker(&self) -> Result<Tx> {
        self.begin_with(format!(
            "BEGIN; SET LOCAL ROLE {}_worker; SET LOCAL synchronous_commit TO off",
            self.service
        ))
        .await
    }

    /// In a task of its own: a begin that is cancelled half-way would leave an open transaction on a pooled connection.
    async fn begin_with(&self, statement: String) -> Result<Tx> {
        let pool = self.pool.clone();
        let begin = tokio::spawn(async move { pool.begin_with(AssertSqlSafe(statement)).await });
        let transaction = begin.await.map_err(Fault::internal)?.or_fault("begin")?;
        Ok(Tx {
            transaction,
            facts: Vec::new(),
            store: self.clone(),
        })
    }

    /// Tells the due loops that a deadline was armed and committed: whoever sleeps for longer sleeps until it instead.
    pub fn due_at(&self, at: Timestamp) {
        // Nobody sleeps: nobody needs to know.
        let _ = self.armed.send(at);
    }

    /// Deadlines from [`Store::due_at`]; subscribe before reading the next deadline.
    pub fn armed(&self) -> broadcast::Receiver<Timestamp> {
        self.armed.subscribe()
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.service)
    }
}

/// Slugs hold no quotes and no commas, so the list can stand in the statement itself: one round trip.
fn begin(workspaces: &[WorkspaceId]) -> String {
    let list = workspaces.iter().map(WorkspaceId::as_str).collect::<Vec<_>>().join(",");
    format!("BEGIN; SELECT set_config('homing.workspaces', '{list}', true)")
}

/// A transaction, and the facts that commit with it. Dropping it rolls back.
pub struct Tx {
    transaction: Transaction<'static, Postgres>,
    facts: Vec<Outgoing>,
    store: Store,
}

impl Tx {
    /// Adds a fact of ours: it commits with this transaction and is published soon after, in the present trace.
    pub fn record<F: Fact>(&mut self, workspace: &WorkspaceId, fact: &F) {
        self.record_in(workspace, fact, rpc::traceparent(&tracing::Span::current()));
    }

    /// Like [`Tx::record`], in the trace that `traceparent` names; for batches, where each message has its own.
    pub fn record_in<F: Fact>(&mut self, workspace: &WorkspaceId, fact: &F, traceparent: Option<String>) {
        let id = domain::EventId::generate(&*self.store.entropy);
        let now = self.store.clock.now();
        let mut outgoing = Outgoing::new(id, workspace, self.store.service, now, fact);
        if let Some(traceparent) = traceparent {
            outgoing.headers.push((headers::TRACEPARENT.into(), traceparent));
        }
        self.facts.push(outgoing);
    }

    /// True if this consumer has not handled this event before; commits with the transaction.
    pub async fn first_time(&mut self, workspace: &WorkspaceId, consumer: &str, event_id: &str) -> Result<bool> {
        let at = jiff_sqlx::Timestamp::from(self.store.clock.now());
        let inserted = sqlx::query(
            "INSERT INTO inbox (workspace_id, consumer, event_id, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(workspace.as_str())
        .bind(consumer)
        .bind(event_id)
        .bind(at)
        .execute(&mut *self.transaction)
        .await
        .or_fault("insert inbox")?;
        Ok(inserted.rows_affected() == 1)
    }

    /// Writes the facts and commits, in a task of its own: a cancelled caller cannot leave it half done. An error
    /// means that nothing, or (if the connection was lost) an unknown all-or-nothing, was committed.
    pub async fn commit(self) -> Result<()> {
        let Self {
            mut transaction,
            facts,
            store,
        } = self;
        let committed = store.committed.clone();
        let any = !facts.is_empty();
        let commit = tokio::spawn(async move {
            outbox::append(&mut transaction, &facts).await?;
            transaction.commit().await
        });
        commit.await.map_err(Fault::internal)?.or_fault("commit")?;
        if any {
            committed.notify_one();
        }
        Ok(())
    }
}

impl Deref for Tx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}
