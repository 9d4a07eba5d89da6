//! One nats-server with JetStream on files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

use super::binaries;
use super::process::{Process, Spawn, free_port};

const READY_WITHIN: Duration = Duration::from_secs(20);
const STOP_WITHIN: Duration = Duration::from_secs(10);
/// Older servers ignore newer consumer fields without a word.
const OLDEST: (u32, u32) = (2, 12);
/// Another process may take the free port first.
const PORT_TRIES: usize = 5;

/// What a [`Nats`] is started with.
#[derive(Clone, Debug, Default)]
pub struct NatsOptions {
    /// JetStream's folder, kept afterwards; none: a temporary one.
    pub store: Option<PathBuf>,
    /// The port for clients; none: a free one.
    pub port: Option<u16>,
    /// Serves the monitoring pages on a free port.
    pub monitor: bool,
    /// A configuration file, for users and permissions; reloaded by [`Nats::reload`].
    pub config: Option<PathBuf>,
    /// Where it logs; none: beside its data.
    pub log: Option<PathBuf>,
}

/// A running nats-server on 127.0.0.1.
#[derive(Debug)]
pub struct Nats {
    process: Process,
    port: u16,
    monitor: Option<u16>,
    options: NatsOptions,
    folder: PathBuf,
    name: String,
    _temporary: Option<tempfile::TempDir>,
}

impl Nats {
    /// Starts it and waits until it greets clients.
    pub async fn start(options: NatsOptions) -> Result<Self> {
        let binary = binaries::nats_server()?;
        refuse_old(&binary).await?;
        let (folder, temporary) = match &options.store {
            Some(folder) => (folder.clone(), None),
            None => {
                let temporary = tempfile::Builder::new().prefix("homing-nats-").tempdir()?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let mut tries = if options.port.is_some() { 1 } else { PORT_TRIES };
        loop {
            tries -= 1;
            let port = match options.port {
                Some(port) => port,
                None => free_port()?,
            };
            let monitor = if options.monitor { Some(free_port()?) } else { None };
            let name = unique();
            let process = spawn(&binary, &folder, port, monitor, &name, &options)?;
            let mut nats = Self {
                name,
                process,
                port,
                monitor,
                options: options.clone(),
                folder: folder.clone(),
                _temporary: None,
            };
            match nats.ready().await {
                Ok(()) => {
                    nats._temporary = temporary;
                    return Ok(nats);
                }
                Err(error) if tries == 0 => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The monitoring pages, if asked for.
    pub fn monitor_url(&self) -> Option<String> {
        self.monitor.map(|port| format!("http://127.0.0.1:{port}"))
    }

    /// The port for clients.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The child.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Reads the configuration file again.
    pub async fn reload(&self) -> Result<()> {
        self.process.signal("HUP").await
    }

    /// SIGKILL: what was not synced may be lost, as in a crash.
    pub async fn kill(&mut self) -> Result<()> {
        self.process.kill().await
    }

    /// An orderly end.
    pub async fn stop(&mut self) -> Result<()> {
        self.process.stop(STOP_WITHIN).await.map(|_| ())
    }

    /// Starts it again on the same port and store, after [`Nats::kill`] or [`Nats::stop`].
    pub async fn restart(&mut self) -> Result<()> {
        let binary = binaries::nats_server()?;
        self.process = spawn(
            &binary,
            &self.folder,
            self.port,
            self.monitor,
            &self.name,
            &self.options,
        )?;
        self.ready().await
    }

    async fn ready(&mut self) -> Result<()> {
        let end = tokio::time::Instant::now() + READY_WITHIN;
        loop {
            self.process.check()?;
            if self.greets().await {
                return Ok(());
            }
            if tokio::time::Instant::now() >= end {
                bail!("nats-server is not ready: {}", self.process.tail());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A server that is up sends a line `INFO {...}` with its name: another one may have taken the port.
    async fn greets(&self) -> bool {
        let Ok(stream) = TcpStream::connect(("127.0.0.1", self.port)).await else {
            return false;
        };
        let mut line = String::new();
        let mut stream = BufReader::new(stream);
        let read = stream.read_line(&mut line);
        matches!(tokio::time::timeout(Duration::from_secs(1), read).await, Ok(Ok(_)))
            && line.starts_with("INFO ")
            && line.contains(&format!("\"server_name\":\"{}\"", self.name))
            && line.contains("\"jetstream\":true")
    }
}

fn spawn(
    binary: &Path,
    folder: &Path,
    port: u16,
    monitor: Option<u16>,
    name: &str,
    options: &NatsOptions,
) -> Result<Process> {
    let log = options.log.clone().unwrap_or_else(|| folder.join("nats.log"));
    let mut spawn = Spawn::new(&[], binary)
        .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
        .arg(folder);
    if let Some(monitor) = monitor {
        spawn = spawn.args(["-m", &monitor.to_string()]);
    }
    spawn = match &options.config {
        Some(config) => spawn.arg("-c").arg(named(config, name)?),
        None => spawn.args(["-n", name]),
    };
    Process::spawn("nats-server", spawn, &log)
}

/// A configuration that includes the given one and names the server: a name on the command line forbids reloads.
fn named(config: &Path, name: &str) -> Result<PathBuf> {
    let config = std::path::absolute(config)?;
    let file = config
        .file_name()
        .context("the configuration is a file")?
        .to_string_lossy();
    let wrapper = config.with_extension("server.conf");
    std::fs::write(&wrapper, format!("server_name: \"{name}\"\ninclude \"./{file}\"\n"))?;
    Ok(wrapper)
}

#[expect(
    clippy::disallowed_methods,
    reason = "tells this server from others on the same port"
)]
fn unique() -> String {
    format!("homing-{}", uuid::Uuid::now_v7().simple())
}

async fn refuse_old(binary: &Path) -> Result<()> {
    let output = Command::new(binary).arg("--version").output().await;
    let output = output.with_context(|| format!("cannot run {}", binary.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = parse_version(&text).with_context(|| format!("cannot read nats-server's version in '{text}'"))?;
    if version < OLDEST {
        bail!(
            "{} is version {}.{}, and Homing needs at least {}.{}: older ones silently ignore newer fields",
            binary.display(),
            version.0,
            version.1,
            OLDEST.0,
            OLDEST.1
        );
    }
    Ok(())
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let version = text.trim().rsplit(' ').next()?.trim_start_matches('v');
    let mut numbers = version.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// A private nats-server for one test, on a free port with a temporary store. It knows the catalogue's users, each with
/// its rights and its name for a password; who gives no name may do everything, for tests that look on.
#[derive(Debug)]
pub struct TestNats {
    server: Nats,
    _folder: tempfile::TempDir,
}

impl TestNats {
    /// Starts it (about 30 ms).
    pub async fn start() -> Result<Self> {
        crate::install_crypto();
        let folder = tempfile::Builder::new().prefix("homing-nats-users-").tempdir()?;
        let config = folder.path().join("nats.conf");
        let entries: String = events::login::logins().map(|login| login.entry(login.name)).collect();
        let anyone = "    { user: \"anyone\", password: \"anyone\" }\n";
        std::fs::write(
            &config,
            format!("authorization {{\n  users: [\n{entries}{anyone}  ]\n}}\nno_auth_user: \"anyone\"\n"),
        )?;
        let options = NatsOptions {
            config: Some(config),
            ..Default::default()
        };
        Ok(Self {
            server: Nats::start(options).await?,
            _folder: folder,
        })
    }

    /// Where clients connect who may do everything.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Where one of the catalogue's users connects.
    pub fn url_of(&self, login: &str) -> String {
        self.server
            .url()
            .replacen("nats://", &format!("nats://{login}:{login}@"), 1)
    }

    /// The server, to kill and restart.
    pub fn server(&mut self) -> &mut Nats {
        &mut self.server
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(parse_version("nats-server: v2.14.0\n"), Some((2, 14)));
        assert!(parse_version("nats-server: v2.9.10").is_some_and(|version| version < OLDEST));
        assert_eq!(parse_version("what"), None);
    }
}
