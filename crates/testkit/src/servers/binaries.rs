//! Where the servers' executables are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// nats-server: `HOMING_NATS_SERVER`, `.tools/bin` (of the working directory, then of this program), `PATH`.
pub fn nats_server() -> Result<PathBuf> {
    if let Some(named) = variable("HOMING_NATS_SERVER") {
        return Ok(named);
    }
    tools()
        .map(|tools| tools.join("bin/nats-server"))
        .into_iter()
        .chain(on_path("nats-server"))
        .find(|path| path.is_file())
        .context("no nats-server: run `make setup`, or name one in HOMING_NATS_SERVER")
}

/// The Python that has the pinned packages.
pub fn python() -> Result<PathBuf> {
    tools()
        .map(|tools| tools.join("venv/bin/python"))
        .filter(|python| python.is_file())
        .context("no .tools/venv: run `make setup`")
}

/// The folder that holds `postgres` and `initdb`: `HOMING_POSTGRES_BIN`, `.tools/postgres/bin`, `PATH`,
/// `/usr/lib/postgresql/*/bin` (the newest).
pub fn postgres_folder() -> Result<PathBuf> {
    if let Some(named) = variable("HOMING_POSTGRES_BIN") {
        if named.join("initdb").is_file() {
            return Ok(named);
        }
        bail!("HOMING_POSTGRES_BIN must name the folder that holds postgres and initdb");
    }
    let mut packaged: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    packaged.sort_by_key(|folder| major(folder));
    tools()
        .map(|tools| tools.join("postgres/bin"))
        .into_iter()
        .chain(on_path("postgres").filter_map(|found| Some(found.canonicalize().ok()?.parent()?.to_owned())))
        .chain(packaged.into_iter().rev())
        .find(|folder| folder.join("postgres").is_file() && folder.join("initdb").is_file())
        .context("no PostgreSQL: run `make setup`, or name its folder in HOMING_POSTGRES_BIN")
}

/// The version in `/usr/lib/postgresql/<version>/bin`.
fn major(bin: &Path) -> u32 {
    bin.parent()
        .and_then(Path::file_name)
        .and_then(|name| name.to_str()?.parse().ok())
        .unwrap_or(0)
}

fn on_path(name: &'static str) -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .collect::<Vec<_>>()
        .into_iter()
}

/// `.tools` in the working directory or the nearest folder above, or so seen from this program: it may be run from
/// anywhere.
fn tools() -> Option<PathBuf> {
    let program = std::env::current_exe().and_then(|program| program.canonicalize());
    [std::env::current_dir(), program]
        .into_iter()
        .flatten()
        .find_map(|from| above(&from))
}

/// `.tools` in `from` or the nearest folder above.
fn above(from: &Path) -> Option<PathBuf> {
    let candidates = from.ancestors().map(|folder| folder.join(".tools"));
    candidates.into_iter().find(|tools| tools.is_dir())
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::above;

    #[test]
    fn tools_are_found_from_far_below() -> std::io::Result<()> {
        let clone = tempfile::tempdir()?;
        let below = clone.path().join("target/debug");
        std::fs::create_dir_all(&below)?;
        std::fs::create_dir(clone.path().join(".tools"))?;
        assert_eq!(above(&below.join("homing")), Some(clone.path().join(".tools")));
        Ok(())
    }
}
