use crate::blockers::{Blockers, Watch};
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row};
use std::fmt;
use std::time::{Duration, Instant};

const KIT: &str = include_str!("../sql/kit.sql");
/// Whoever migrates a database holds this lock meanwhile. It is only ever tried for: a session that waits for it would
/// itself be waited for by an index that is made CONCURRENTLY.
const MIGRATE_LOCK: i64 = 0x686f_6d69_6e67;
/// Between two tries: those whom the waiting migration held up go first.
const BREATH: Duration = Duration::from_millis(500);
/// How often a lock is tried for.
const TRY: Duration = Duration::from_millis(100);

/// How long a migration waits for tables that others use.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For one lock, before it lets go; who needs the same table queues up behind it for so long.
    pub lock_timeout: Duration,
    /// How often it tries; at least once.
    pub tries: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            lock_timeout: Duration::from_secs(3),
            tries: 10,
        }
    }
}

/// What went wrong while migrating, and where.
#[derive(Debug)]
pub struct MigrateError {
    step: &'static str,
    source: sqlx::migrate::MigrateError,
    /// Set where every try ended in waiting.
    waited: Option<(Patience, Option<Blockers>)>,
}

impl MigrateError {
    /// Whether it can go better another time: a lock was not to be had.
    fn is_busy(&self) -> bool {
        use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};
        match &self.source {
            Execute(sqlx::Error::Database(error)) | ExecuteMigration(sqlx::Error::Database(error), _) => {
                // No lock in time, or a deadlock that was broken up here.
                error.code().is_some_and(|code| code == "55P03" || code == "40P01")
            }
            _ => false,
        }
    }
}

impl fmt::Display for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((patience, blockers)) = &self.waited else {
            return write!(f, "could not {}: {}", self.step, self.source);
        };
        write!(
            f,
            "could not {}: it waited for a lock {} times {} ms",
            self.step,
            patience.tries.max(1),
            patience.lock_timeout.as_millis()
        )?;
        match blockers {
            Some(blockers) => write!(f, ", {blockers}")?,
            None => write!(f, " ({})", self.source)?,
        }
        write!(
            f,
            "; nothing of the step in question was kept: run migrate again when the lock is gone, or with a higher \
             HOMING_MIGRATE_LOCK_TIMEOUT_MS or HOMING_MIGRATE_TRIES"
        )
    }
}

impl std::error::Error for MigrateError {}

fn at<E: Into<sqlx::migrate::MigrateError>>(step: &'static str) -> impl Fn(E) -> MigrateError {
    move |error| MigrateError {
        step,
        source: error.into(),
        waited: None,
    }
}

/// [`migrate_with`] the usual patience.
pub async fn migrate(admin_url: &str, service: &str, migrator: &Migrator) -> Result<(), MigrateError> {
    migrate_with(admin_url, service, migrator, Patience::default()).await
}

/// Brings a service's database up to date. `admin_url` names the service's database and a login that may create roles
/// (a superuser, or one with CREATEROLE that owns the database). Creates what is missing of `<service>_owner` (owns
/// the tables, cannot log in), `<service>` (logs in, inherits nothing) and `<service>_worker` (entered with SET ROLE);
/// applies the kit and then the service's migrations as the owner. Can be repeated. A lock that is not to be had in
/// time ends a try; the error of the last one says who held it.
pub async fn migrate_with(
    admin_url: &str,
    service: &str,
    migrator: &Migrator,
    patience: Patience,
) -> Result<(), MigrateError> {
    let options: PgConnectOptions = admin_url.parse().map_err(at("read the admin URL"))?;
    let millis = patience.lock_timeout.as_millis().max(1).to_string();
    let patient = options.clone().options([("lock_timeout", millis)]);
    let mut watch = Watch::open(&options).await.map_err(at("connect"))?;
    let mut tries = patience.tries.max(1);
    loop {
        let mut connection = patient.connect().await.map_err(at("connect"))?;
        let process = process(&mut connection).await.map_err(at("connect"))?;
        let attempt = attempt(&mut connection, service, migrator, patience);
        let (result, blockers) = watch.during(process, patience.lock_timeout, attempt).await;
        // A broken connection is closed already; the server ends what it had begun.
        let _ = connection.close().await;
        tries -= 1;
        match result {
            Err(error) if error.is_busy() && tries > 0 => {
                tracing::warn!(service, tries, "waiting to migrate: {error}");
                tokio::time::sleep(BREATH).await;
            }
            Err(error) if error.is_busy() => {
                return Err(MigrateError {
                    waited: Some((patience, blockers)),
                    ..error
                });
            }
            result => return result,
        }
    }
}

async fn process(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    let row = sqlx::query("SELECT pg_backend_pid() AS pid")
        .fetch_one(connection)
        .await?;
    row.try_get("pid")
}

async fn attempt(
    connection: &mut PgConnection,
    service: &str,
    migrator: &Migrator,
    patience: Patience,
) -> Result<(), MigrateError> {
    take_turns(connection, patience)
        .await
        .map_err(at("wait for another migrate of this database"))?;
    provision(connection, service).await.map_err(at("create the roles"))?;
    run(connection, format!("SET ROLE {service}_owner"))
        .await
        .map_err(at("become the owner"))?;
    run(connection, KIT.to_owned()).await.map_err(at("apply the kit"))?;
    renew_policies(connection)
        .await
        .map_err(at("give policies of an earlier release their new form"))?;
    drop_half_made_indexes(connection)
        .await
        .map_err(at("remove indexes that an earlier migrate left half made"))?;
    migrator
        .run(&mut *connection)
        .await
        .map_err(at("apply the service's migrations"))
}

async fn run(connection: &mut PgConnection, statements: String) -> Result<(), sqlx::Error> {
    connection
        .execute(sqlx::raw_sql(AssertSqlSafe(statements)))
        .await
        .map(|_| ())
}

/// Held until the connection ends. After the last try it asks once in the usual way, for the server to refuse it.
async fn take_turns(connection: &mut PgConnection, patience: Patience) -> Result<(), sqlx::Error> {
    let end = Instant::now() + patience.lock_timeout;
    loop {
        let row = sqlx::query("SELECT pg_try_advisory_lock($1) AS ours")
            .bind(MIGRATE_LOCK)
            .fetch_one(&mut *connection)
            .await?;
        if row.try_get("ours")? {
            return Ok(());
        }
        if Instant::now() >= end {
            return run(
                connection,
                format!("SET LOCAL lock_timeout = 1; SELECT pg_advisory_lock({MIGRATE_LOCK})"),
            )
            .await;
        }
        tokio::time::sleep(TRY).await;
    }
}

async fn provision(connection: &mut PgConnection, service: &str) -> Result<(), sqlx::Error> {
    let roles = [
        (format!("{service}_owner"), "NOLOGIN NOINHERIT"),
        (service.to_owned(), "LOGIN NOINHERIT"),
        (format!("{service}_worker"), "NOLOGIN NOINHERIT"),
    ];
    for (role, rights) in &roles {
        run(
            connection,
            format!(
                "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}')
                 THEN CREATE ROLE {role} {rights}; END IF; END $$"
            ),
        )
        .await?;
    }
    run(
        connection,
        format!(
            "GRANT {service}_worker TO {service};
             GRANT {service}_owner TO CURRENT_USER;
             REVOKE ALL ON SCHEMA public FROM PUBLIC;
             GRANT USAGE, CREATE ON SCHEMA public TO {service}_owner;
             GRANT USAGE ON SCHEMA public TO {service}, {service}_worker"
        ),
    )
    .await
}

/// Before, policies went through the list of workspaces for each row. One at a time: each takes its table from everybody for a moment.
async fn renew_policies(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let rows = sqlx::query(
        "SELECT format('%I', tablename) AS name FROM pg_policies
         WHERE schemaname = 'public' AND policyname = 'workspace' AND qual LIKE '%array_position%'",
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        let name: String = row.try_get("name")?;
        let new = "workspace_id IN (SELECT unnest(homing_workspaces()))";
        run(connection, format!("ALTER POLICY workspace ON {name} USING ({new})")).await?;
    }
    Ok(())
}

/// What CREATE INDEX CONCURRENTLY leaves when it gives up: it serves nobody, costs every write, and its name is taken.
/// Nobody else makes one meanwhile: migrations take turns.
async fn drop_half_made_indexes(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let rows = sqlx::query(
        "SELECT i.indexrelid::regclass::text AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        let name: String = row.try_get("name")?;
        run(connection, format!("DROP INDEX CONCURRENTLY {name}")).await?;
    }
    Ok(())
}
