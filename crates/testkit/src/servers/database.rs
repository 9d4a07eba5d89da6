//! A database per test, copied from a template that is migrated once per service.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use aws_lc_rs::digest;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use uuid::Uuid;

use super::postgres::{Postgres, PostgresOptions};

/// Names the PostgreSQL of a test run (a superuser's URL); `homing serve-servers` sets it.
pub const DATABASE_URL_VARIABLE: &str = "HOMING_TEST_DATABASE_URL";

/// A migrated database of one service, dropped at the end.
#[derive(Debug)]
pub struct TestDatabase {
    admin: PgConnectOptions,
    name: String,
    service: String,
    /// Ours alone, when no run's PostgreSQL is named.
    _private: Option<Postgres>,
}

impl TestDatabase {
    /// Copies the template of `service` (its short name: `presence`). The first one to need it makes it: `migrate` is
    /// given the superuser's URL of the empty template. Templates are told apart by the content of the service's and
    /// the kit's migrations. Without [`DATABASE_URL_VARIABLE`] a PostgreSQL is started for this test alone.
    pub async fn create(service: &str, migrate: impl AsyncFnOnce(String) -> Result<()>) -> Result<Self> {
        crate::install_crypto();
        let (url, private) = match named_url() {
            Some(url) => (url, None),
            None => {
                let postgres = Postgres::start(PostgresOptions::default()).await?;
                (postgres.url("postgres"), Some(postgres))
            }
        };
        let admin: PgConnectOptions = url
            .parse()
            .with_context(|| format!("{DATABASE_URL_VARIABLE} is not a URL"))?;
        let template = format!("tpl_{service}_{}", migrations_hash(service));
        let mut connection = admin.connect().await.context("cannot reach the test PostgreSQL")?;
        ensure_template(&mut connection, &admin, &template, migrate).await?;
        let name = format!("t_{service}_{}", unique());
        // Copied as files: the usual way writes each page of the template twice, to the log too.
        let copy = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");
        run(&mut connection, copy).await?;
        connection.close().await?;
        Ok(Self {
            admin,
            name,
            service: service.to_owned(),
            _private: private,
        })
    }

    /// The URL as superuser, who sees every row.
    pub fn admin_url(&self) -> String {
        self.admin.clone().database(&self.name).to_url_lossy().to_string()
    }

    /// The URL as the service's own login, held to row-level security: what the service gets as
    /// `HOMING_DATABASE_URL`.
    pub fn url(&self) -> String {
        self.admin
            .clone()
            .database(&self.name)
            .username(&self.service)
            .to_url_lossy()
            .to_string()
    }

    /// The short name of the service that it is of.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        // The test's runtime may be gone or single-threaded: a thread of our own may block.
        let dropper = std::thread::spawn(move || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut connection = admin.connect().await?;
                run(&mut connection, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
            })
        });
        if let Ok(Err(error)) = dropper.join() {
            tracing::warn!(database = self.name, "cannot drop the test database: {error:#}");
        }
    }
}

async fn ensure_template(
    connection: &mut PgConnection,
    admin: &PgConnectOptions,
    template: &str,
    migrate: impl AsyncFnOnce(String) -> Result<()>,
) -> Result<()> {
    // Each test is a process of its own: the lock lives in the database. It is released with the connection too.
    sqlx::query("SELECT pg_advisory_lock(hashtextextended('homing-test-template', 0))")
        .execute(&mut *connection)
        .await?;
    let finished: Option<bool> = sqlx::query_scalar("SELECT datistemplate FROM pg_database WHERE datname = $1")
        .bind(template)
        .fetch_optional(&mut *connection)
        .await?;
    if finished != Some(true) {
        run(connection, format!("DROP DATABASE IF EXISTS {template} WITH (FORCE)")).await?;
        run(connection, format!("CREATE DATABASE {template}")).await?;
        let url = admin.clone().database(template).to_url_lossy().to_string();
        migrate(url)
            .await
            .with_context(|| format!("cannot migrate {template}"))?;
        run(
            connection,
            format!("ALTER DATABASE {template} IS_TEMPLATE true ALLOW_CONNECTIONS false"),
        )
        .await?;
    }
    sqlx::query("SELECT pg_advisory_unlock_all()")
        .execute(&mut *connection)
        .await?;
    Ok(())
}

/// `sql` is made of names of our own making.
async fn run(connection: &mut PgConnection, sql: String) -> Result<()> {
    connection
        .execute(AssertSqlSafe(sql.clone()))
        .await
        .with_context(|| sql)?;
    Ok(())
}

/// Ten hexadecimal digits over the migrations of the service and the kit.
fn migrations_hash(service: &str) -> String {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    collect(&crates.join("store"), &mut files);
    collect(&crates.join(format!("../services/{service}-service")), &mut files);
    files.sort();
    let mut hash = digest::Context::new(&digest::SHA256);
    for file in files {
        hash.update(file.file_name().unwrap_or_default().as_encoded_bytes());
        hash.update(&std::fs::read(file).unwrap_or_default());
    }
    hex::encode(&hash.finish().as_ref()[..5])
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            files.push(path);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "names of throw-away databases")]
fn unique() -> String {
    Uuid::now_v7().simple().to_string()
}

#[expect(clippy::disallowed_methods, reason = "the run's wrapper names its PostgreSQL")]
fn named_url() -> Option<String> {
    std::env::var(DATABASE_URL_VARIABLE).ok().filter(|url| !url.is_empty())
}
