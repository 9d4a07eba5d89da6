//! Ports that stay the same from one `homing dev` to the next, as long as they are free.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use testkit::servers::free_port;

/// Hands out ports by name; remembers them in a file if it has one.
#[derive(Debug)]
pub(super) struct Ports {
    file: Option<PathBuf>,
    known: BTreeMap<String, u16>,
}

impl Ports {
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        let text = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        let known = text
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        Self { file, known }
    }

    /// The port that `name` had before if it is free, else a free one.
    pub(super) fn take(&mut self, name: &str) -> Result<u16> {
        if let Some(&port) = self.known.get(name)
            && std::net::TcpListener::bind(("127.0.0.1", port)).is_ok()
        {
            return Ok(port);
        }
        let port = free_port()?;
        self.known.insert(name.to_owned(), port);
        Ok(port)
    }

    pub(super) fn save(&self) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        std::fs::write(file, serde_json::to_string_pretty(&self.known)?)
            .with_context(|| format!("cannot write {}", file.display()))
    }
}
