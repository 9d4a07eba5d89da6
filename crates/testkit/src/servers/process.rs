//! A child that cannot outlive us, with a log that can be shown.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};

/// How much of a log is shown when its process ends by itself.
const TAIL_LINES: usize = 20;

/// A running child process. Killed when dropped, and by the kernel when this process (more exactly: the thread that
/// spawned it) dies. So never start one from a short-lived thread such as `spawn_blocking`'s.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

/// How a process ended.
#[derive(Debug)]
pub struct Exit {
    pub name: String,
    pub status: ExitStatus,
    /// The last lines it wrote.
    pub tail: String,
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ended by itself ({})", self.name, self.status)?;
        if self.tail.is_empty() {
            Ok(())
        } else {
            write!(f, "; its last lines:\n{}", self.tail)
        }
    }
}

impl std::error::Error for Exit {}

impl Process {
    /// Starts `program` with `command`'s arguments and environment; both outputs are appended to `log`.
    pub fn spawn(name: &str, command: Spawn, log: &Path) -> Result<Self> {
        if let Some(folder) = log.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let out = std::fs::File::options().create(true).append(true).open(log);
        let out = out.with_context(|| format!("cannot open {}", log.display()))?;
        let mut child = command.inner;
        child
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .kill_on_drop(true)
            .process_group(0);
        let child = child.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log: log.to_owned(),
        })
    }

    /// The process id, while it has not been seen to end.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self) -> Result<Exit> {
        let status = self.child.wait().await?;
        Ok(Exit {
            name: self.name.clone(),
            status,
            tail: self.tail(),
        })
    }

    /// Fails if it has ended.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => Err(Exit {
                name: self.name.clone(),
                status,
                tail: self.tail(),
            }
            .into()),
        }
    }

    /// SIGKILL, and waits for the end.
    pub async fn kill(&mut self) -> Result<()> {
        self.child
            .kill()
            .await
            .with_context(|| format!("cannot kill {}", self.name))
    }

    /// SIGTERM, then SIGKILL after `grace`. How it ended by itself; `None`: it had to be killed.
    pub async fn stop(&mut self, grace: Duration) -> Result<Option<Exit>> {
        self.signal("TERM").await?;
        if let Ok(exit) = tokio::time::timeout(grace, self.ended()).await {
            return exit.map(Some);
        }
        self.kill().await?;
        Ok(None)
    }

    /// Asks it to stop as [`Process::stop`] does; fails if it does not end in time, or not with success.
    pub async fn stop_in_order(&mut self, grace: Duration) -> Result<()> {
        match self.stop(grace).await? {
            Some(exit) if exit.status.success() => Ok(()),
            Some(exit) => Err(exit.into()),
            None => bail!(
                "{} was asked to stop and had to be killed after {} s; its last lines:\n{}",
                self.name,
                grace.as_secs(),
                self.tail()
            ),
        }
    }

    /// Sends a signal by name, for example `TERM`, `INT`, `STOP`.
    pub async fn signal(&self, signal: &str) -> Result<()> {
        let Some(id) = self.child.id() else { return Ok(()) };
        Command::new("kill")
            .args(["-s", signal, &id.to_string()])
            .stderr(Stdio::null())
            .status()
            .await?;
        Ok(())
    }

    /// The last lines of its log.
    pub fn tail(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }
}

/// A program to start so that it dies with us.
#[derive(Debug)]
pub struct Spawn {
    inner: Command,
}

impl Spawn {
    /// `wrapper` (may be empty) is put in front: the command that changes the user.
    pub fn new(wrapper: &[String], program: impl AsRef<OsStr>) -> Self {
        let mut words: Vec<&OsStr> = wrapper.iter().map(OsStr::new).collect();
        words.extend(["setpriv", "--pdeathsig", "KILL", "--"].map(OsStr::new));
        let mut inner = Command::new(words[0]);
        inner.args(&words[1..]).arg(program.as_ref());
        Self { inner }
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.inner.arg(arg);
        self
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.inner.args(args);
        self
    }

    /// Hides our own variables with this prefix from it.
    pub fn without(mut self, prefix: &str) -> Self {
        let hidden = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with(prefix));
        for (name, _) in hidden {
            self.inner.env_remove(name);
        }
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.inner.env(name, value);
        self
    }
}

/// Ports below those that Linux gives to connections by itself.
const PORTS: std::ops::Range<u32> = 20_000..32_000;
/// More than one whole system takes: so far apart do processes that were started one after the other begin to look.
const PORTS_OF_A_PROCESS: u32 = 48;

/// A TCP port of 127.0.0.1 that is free now, another one at each call. Another process may still take it first, though
/// hardly any will: be ready to try again.
pub fn free_port() -> Result<u16> {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(PORTS_OF_A_PROCESS);
    for _ in PORTS {
        let step = begin.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(PORTS.start + step % (PORTS.end - PORTS.start))?;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free between {} and {}", PORTS.start, PORTS.end)
}
