//! One PostgreSQL cluster.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};
use tokio::process::Command;

use super::binaries;
use super::process::{Process, Spawn, free_port};

const READY_WITHIN: Duration = Duration::from_secs(20);
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// What a [`Postgres`] is started with.
#[derive(Clone, Debug, Default)]
pub struct PostgresOptions {
    /// The cluster's folder, kept afterwards; none: a temporary one.
    pub data: Option<PathBuf>,
    /// The port to listen on; none: a free one.
    pub port: Option<u16>,
    /// Keeps its promises after a power cut. Tests do without (`fsync=off`), dev and bench do not.
    pub durable: bool,
    /// Where it logs; none: beside its data.
    pub log: Option<PathBuf>,
}

/// A running PostgreSQL on 127.0.0.1. The superuser is `postgres`, trusted without a password.
#[derive(Debug)]
pub struct Postgres {
    process: Process,
    plan: Plan,
    _temporary: Option<tempfile::TempDir>,
}

impl Postgres {
    /// Creates the cluster if its folder is empty, starts it and waits until it answers.
    pub async fn start(options: PostgresOptions) -> Result<Self> {
        let bin = binaries::postgres_folder()?;
        let (folder, temporary) = match &options.data {
            Some(folder) => (folder.clone(), None),
            None => {
                let temporary = tempfile::Builder::new().prefix("homing-pg-").tempdir()?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let data = std::path::absolute(&folder)?.join("cluster");
        let log = options.log.unwrap_or_else(|| folder.join("postgres.log"));
        let wrapper = unprivileged(&folder).await?;
        if !data.join("PG_VERSION").is_file() {
            initdb(&bin, &data, &wrapper).await?;
        }
        let port = match options.port {
            Some(port) => port,
            None => free_port()?,
        };
        let plan = Plan {
            wrapper,
            bin,
            data,
            port,
            durable: options.durable,
            log,
        };
        let process = plan.spawn()?;
        let mut postgres = Self {
            process,
            plan,
            _temporary: temporary,
        };
        postgres.ready().await?;
        Ok(postgres)
    }

    /// The URL of `database`, as its superuser.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.plan.port)
    }

    /// Creates `database` unless it is there.
    pub async fn ensure_database(&self, database: &str) -> Result<()> {
        let mut admin = PgConnection::connect(&self.url("postgres")).await?;
        let query = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)");
        let exists: bool = query.bind(database).fetch_one(&mut admin).await?;
        if !exists {
            admin
                .execute(AssertSqlSafe(format!("CREATE DATABASE {database}")))
                .await?;
        }
        Ok(admin.close().await?)
    }

    /// How many rows each table of `database` holds.
    pub async fn rows(&self, database: &str) -> Result<BTreeMap<String, i64>> {
        let mut admin = PgConnection::connect(&self.url(database)).await?;
        let tables = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut admin).await?;
        let mut rows = BTreeMap::new();
        for table in tables {
            let count = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
            rows.insert(table, sqlx::query_scalar(count).fetch_one(&mut admin).await?);
        }
        admin.close().await?;
        Ok(rows)
    }

    /// SIGKILL: what was not written may be lost, as in a crash.
    pub async fn kill(&mut self) -> Result<()> {
        self.process.kill().await
    }

    /// Starts it again on the same port and data, after [`Postgres::kill`] or [`Postgres::stop`].
    pub async fn restart(&mut self) -> Result<()> {
        let end = tokio::time::Instant::now() + READY_WITHIN;
        loop {
            self.process = self.plan.spawn()?;
            match self.ready().await {
                Ok(()) => return Ok(()),
                // The children of a killed server take a moment to notice; until then a new one refuses to start.
                Err(_) if tokio::time::Instant::now() < end => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.plan.port
    }

    /// The child.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// A fast shutdown: open transactions are rolled back.
    pub async fn stop(&mut self) -> Result<()> {
        self.process.signal("INT").await?;
        if tokio::time::timeout(STOP_WITHIN, self.process.ended()).await.is_err() {
            self.process.kill().await?;
        }
        Ok(())
    }

    async fn ready(&mut self) -> Result<()> {
        let end = tokio::time::Instant::now() + READY_WITHIN;
        let url = self.url("postgres");
        loop {
            self.process.check()?;
            match PgConnection::connect(&url).await {
                Ok(connection) => return Ok(connection.close().await?),
                Err(error) if tokio::time::Instant::now() >= end => {
                    return Err(error).with_context(|| format!("PostgreSQL is not ready: {}", self.process.tail()));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

/// How the server is started, and started again.
#[derive(Debug)]
struct Plan {
    /// Words in front of the command, which change the user.
    wrapper: Vec<String>,
    bin: PathBuf,
    data: PathBuf,
    port: u16,
    durable: bool,
    log: PathBuf,
}

impl Plan {
    fn spawn(&self) -> Result<Process> {
        let mut spawn = Spawn::new(&self.wrapper, self.bin.join("postgres"))
            .arg("-D")
            .arg(&self.data)
            .args([
                "-p",
                &self.port.to_string(),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
            ])
            .args([
                "-c",
                "max_connections=400",
                "-c",
                "shared_buffers=128MB",
                "-c",
                "log_min_messages=fatal",
            ]);
        if !self.durable {
            spawn = spawn.args([
                "-c",
                "fsync=off",
                "-c",
                "synchronous_commit=off",
                "-c",
                "full_page_writes=off",
            ]);
        }
        Process::spawn("postgres", spawn, &self.log)
    }
}

async fn initdb(bin: &Path, data: &Path, wrapper: &[String]) -> Result<()> {
    let mut words = wrapper.to_vec();
    words.extend(["setpriv", "--pdeathsig", "KILL", "--"].map(str::to_owned));
    words.push(bin.join("initdb").display().to_string());
    let output = Command::new(&words[0])
        .args(&words[1..])
        .args([
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "-D",
        ])
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .await
        .context("cannot run initdb")?;
    if !output.status.success() {
        bail!("initdb failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// PostgreSQL refuses to run as root: the words to put in front of its commands. A user namespace leaves the files
/// root's; where a container forbids namespaces, `nobody` owns the folder.
async fn unprivileged(folder: &Path) -> Result<Vec<String>> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let id = Command::new("id").arg("-u").output().await.context("cannot run id")?;
    if id.stdout.trim_ascii() != b"0" {
        return Ok(Vec::new());
    }
    let namespace = words(&["unshare", "-U", "--map-user=1000", "--map-group=1000"]);
    let probe = Command::new("unshare")
        .args(&namespace[1..])
        .arg("true")
        .stderr(Stdio::null())
        .status()
        .await;
    if probe.is_ok_and(|status| status.success()) {
        return Ok(namespace);
    }
    const NOBODY: u32 = 65_534;
    std::os::unix::fs::chown(folder, Some(NOBODY), Some(NOBODY))
        .context("cannot give PostgreSQL's folder to nobody")?;
    Ok(words(&[
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--",
    ]))
}
