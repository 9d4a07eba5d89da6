//! An SMSC by another hand: the server of the Python package smpp34, as a child of this process.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::eventually;
use crate::servers::{binaries, free_port};

const READY_WITHIN: Duration = Duration::from_secs(20);
const PROGRAM: &str = include_str!("smsc.py");

/// A part of a text, as it was submitted.
#[derive(Clone, Debug, Deserialize)]
pub struct SubmittedPart {
    /// What the SMSC calls it.
    pub id: String,
    /// Not refused.
    pub taken: bool,
    pub source: String,
    pub source_ton: u8,
    pub destination: String,
    pub esm_class: u8,
    pub data_coding: u8,
    pub registered: u8,
    #[serde(deserialize_with = "octets")]
    pub octets: Vec<u8>,
    /// In hex, by tag.
    pub parameters: BTreeMap<u16, String>,
}

/// What the SMSC brings.
#[derive(Clone, Debug)]
pub struct Delivered<'a> {
    pub source: &'a str,
    pub destination: &'a str,
    pub esm_class: u8,
    pub data_coding: u8,
    pub octets: &'a [u8],
}

#[derive(Debug, Default)]
struct Seen {
    is_ready: bool,
    bound: usize,
    binds: usize,
    submitted: Vec<SubmittedPart>,
    /// How the ESME answered, by name; -1: not at all.
    answers: BTreeMap<String, i64>,
}

/// A running SMSC on 127.0.0.1. It takes any name and password.
#[derive(Debug)]
pub struct Smsc {
    port: u16,
    child: Child,
    orders: ChildStdin,
    seen: Arc<Mutex<Seen>>,
    brought: usize,
}

impl Smsc {
    /// Starts it and waits until ESMEs may bind.
    pub async fn start() -> Result<Self> {
        let port = free_port()?;
        let seen = Arc::<Mutex<Seen>>::default();
        let (child, orders) = spawn(port, &seen)?;
        let smsc = Self {
            port,
            child,
            orders,
            seen,
            brought: 0,
        };
        smsc.ready().await?;
        Ok(smsc)
    }

    /// Where ESMEs bind.
    pub fn url(&self) -> String {
        format!("smpp://127.0.0.1:{}", self.port)
    }

    /// SIGKILL.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await?;
        let mut seen = self.seen();
        (seen.is_ready, seen.bound) = (false, 0);
        Ok(())
    }

    /// Again on the same port, knowing nothing of what was before.
    pub async fn restart(&mut self) -> Result<()> {
        self.kill().await?;
        (self.child, self.orders) = spawn(self.port, &self.seen)?;
        self.ready().await
    }

    /// Everything that was ever submitted, in order.
    pub fn submitted(&self) -> Vec<SubmittedPart> {
        self.seen().submitted.clone()
    }

    /// So many parts were submitted.
    pub async fn nth(&self, count: usize, within: Duration) -> Result<Vec<SubmittedPart>> {
        let so_many = async || Some(self.submitted()).filter(|parts| parts.len() >= count);
        Ok(eventually("enough was submitted to the SMSC", within, so_many).await?)
    }

    /// Somebody is bound.
    pub async fn bound(&self, within: Duration) -> Result<()> {
        Ok(eventually("bound to the SMSC", within, async || {
            (self.seen().bound > 0).then_some(())
        })
        .await?)
    }

    /// How often somebody bound.
    pub fn binds(&self) -> usize {
        self.seen().binds
    }

    /// How the next texts are answered: `accept`, `silent`, `late:SECONDS`, `reject:STATUS`, `die` (takes it and is gone).
    pub async fn next(&mut self, how: &[&str]) -> Result<()> {
        self.order(json!({ "do": "next", "how": how })).await
    }

    /// What is told of accepted texts: `DELIVRD` and so on, `twice DELIVRD`, or nothing.
    pub async fn set_receipts(&mut self, state: &str) -> Result<()> {
        self.order(json!({ "do": "receipts", "state": state })).await
    }

    /// Brings something; the status that the ESME answers with, -1 if it does not.
    pub async fn deliver(&mut self, brought: &Delivered<'_>, within: Duration) -> Result<i64> {
        self.brought += 1;
        let name = format!("d{}", self.brought);
        self.order(json!({
            "do": "deliver", "name": name, "source": brought.source, "destination": brought.destination,
            "esm_class": brought.esm_class, "data_coding": brought.data_coding, "octets": hex::encode(brought.octets),
        }))
        .await?;
        let answered = async || self.seen().answers.get(&name).copied();
        Ok(eventually("answered what the SMSC brought", within, answered).await?)
    }

    async fn order(&mut self, order: Value) -> Result<()> {
        self.orders.write_all(format!("{order}\n").as_bytes()).await?;
        Ok(self.orders.flush().await?)
    }

    async fn ready(&self) -> Result<()> {
        let is_ready = async || self.seen().is_ready.then_some(());
        Ok(eventually("the SMSC is ready", READY_WITHIN, is_ready).await?)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn spawn(port: u16, seen: &Arc<Mutex<Seen>>) -> Result<(Child, ChildStdin)> {
    let python = binaries::python()?;
    let mut child = Command::new(python)
        .args(["-c", PROGRAM, &port.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start the SMSC")?;
    let orders = child.stdin.take().context("the SMSC's input")?;
    let told = child.stdout.take().context("the SMSC's output")?;
    tokio::spawn(read(told, seen.clone()));
    Ok((child, orders))
}

async fn read(told: ChildStdout, seen: Arc<Mutex<Seen>>) {
    let mut lines = BufReader::new(told).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let Ok(told) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        let mut seen = lock(&seen);
        match told["is"].as_str() {
            Some("ready") => seen.is_ready = true,
            Some("bound") => {
                seen.bound += 1;
                seen.binds += 1;
            }
            Some("unbound") => seen.bound = seen.bound.saturating_sub(1),
            Some("submitted") => seen.submitted.extend(serde_json::from_value(told)),
            Some("delivered") => {
                let name = told["name"].as_str().unwrap_or_default().to_owned();
                seen.answers.insert(name, told["status"].as_i64().unwrap_or(-1));
            }
            _ => {}
        }
    }
}

fn octets<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    hex::decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}
