//! A folder to run `homing` in.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cli::stack::{DATA_FOLDER, Endpoints, beside_us};
use serde_json::Value;
use tempfile::TempDir;
use testkit::eventually;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

const STARTS_WITHIN: Duration = Duration::from_secs(120);
pub const SOON: Duration = Duration::from_secs(45);
/// Exit codes, as `homing --help` tells them.
pub const DONE: i32 = 0;
pub const FAILED: i32 = 1;
pub const USAGE: i32 = 2;
pub const AWAY: i32 = 3;
pub const REFUSED: i32 = 4;

/// A folder in which `homing` is run.
pub struct Desk {
    pub folder: TempDir,
    homing: PathBuf,
}

/// What a command left.
#[derive(Debug)]
pub struct Left {
    pub code: Option<i32>,
    pub said: String,
    pub complained: String,
}

impl Desk {
    pub fn open() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("homing-commands-").tempdir()?;
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools");
        if tools.is_dir() {
            std::os::unix::fs::symlink(tools.canonicalize()?, folder.path().join(".tools"))?;
        }
        Ok(Self {
            folder,
            homing: beside_us("homing")?,
        })
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.homing);
        command.args(arguments).current_dir(self.folder.path());
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Starts `homing dev` and waits until everything runs.
    pub async fn dev(&self) -> Result<Child> {
        let file = |name: &str| std::fs::File::create(self.folder.path().join(name));
        let mut command = self.command(&["dev", "--time-scale", "60", "-o", "json"]);
        let mut dev = command.stdout(file("dev.out")?).stderr(file("dev.err")?).spawn()?;
        let ready = eventually("homing dev is ready", STARTS_WITHIN, async || {
            Endpoints::running(&self.folder.path().join(DATA_FOLDER)).ok()
        });
        tokio::select! {
            ready = ready => { ready?; }
            ended = dev.wait() => anyhow::bail!("homing dev ended: {}, {}", ended?, self.read("dev.err")?),
        }
        Ok(dev)
    }

    pub fn read(&self, name: &str) -> Result<String> {
        Ok(std::fs::read_to_string(self.folder.path().join(name))?)
    }

    pub async fn run(&self, arguments: &[&str], input: &str) -> Result<Left> {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        // Who does not read its input may be gone already.
        let _ = child
            .stdin
            .take()
            .context("no input")?
            .write_all(input.as_bytes())
            .await;
        let output = child.wait_with_output().await?;
        Ok(Left {
            code: output.status.code(),
            said: String::from_utf8(output.stdout)?,
            complained: String::from_utf8(output.stderr)?,
        })
    }

    /// It has to succeed; what it says.
    pub async fn says(&self, arguments: &[&str]) -> Result<String> {
        let left = self.run(arguments, "").await?;
        ensure!(left.code == Some(DONE), "homing {}: {left:?}", arguments.join(" "));
        Ok(left.said)
    }

    /// It has to succeed with one JSON document.
    pub async fn json(&self, arguments: &[&str]) -> Result<Value> {
        let said = self.says(&[arguments, &["-o", "json"]].concat()).await?;
        serde_json::from_str(&said).with_context(|| format!("homing {} says: {said}", arguments.join(" ")))
    }

    /// It has to end with this code, say nothing, and complain of this.
    pub async fn fails(&self, arguments: &[&str], code: i32, of: &str) -> Result<()> {
        let left = self.run(arguments, "").await?;
        let line = arguments.join(" ");
        ensure!(left.code == Some(code), "homing {line} ends with {left:?}, not {code}");
        ensure!(left.said.is_empty(), "homing {line} says {}", left.said);
        ensure!(
            left.complained.contains(of),
            "homing {line} complains '{}', not of '{of}'",
            left.complained
        );
        Ok(())
    }
}

pub fn same(what: &str, told: &Value, expected: &Value) -> Result<()> {
    ensure!(told == expected, "{what} is {told}, not {expected}");
    Ok(())
}
