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

use super::smsc_door::{Door, INJECTED};
use crate::eventually;
use crate::servers::{binaries, free_port};

const READY_WITHIN: Duration = Duration::from_secs(20);
/// Another process may take the free port first.
const PORT_TRIES: usize = 5;
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
    /// What kind of number that is: 1 international, 2 national.
    pub source_ton: u8,
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
    door: Door,
    child: Child,
    orders: ChildStdin,
    seen: Arc<Mutex<Seen>>,
    brought: usize,
}

impl Smsc {
    /// Starts it and waits until ESMEs may bind.
    pub async fn start() -> Result<Self> {
        let seen = Arc::<Mutex<Seen>>::default();
        let (child, orders, port) = started(&seen).await?;
        Ok(Self {
            door: Door::open(port).await?,
            child,
            orders,
            seen,
            brought: 0,
        })
    }

    /// Where ESMEs bind.
    pub fn url(&self) -> String {
        format!("smpp://127.0.0.1:{}", self.door.port)
    }

    /// SIGKILL.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await?;
        let mut seen = self.seen();
        (seen.is_ready, seen.bound) = (false, 0);
        Ok(())
    }

    /// Again at the same address, knowing nothing of what was before.
    pub async fn restart(&mut self) -> Result<()> {
        self.kill().await?;
        let port;
        (self.child, self.orders, port) = started(&self.seen).await?;
        self.door.leads_to(port);
        Ok(())
    }

    /// Sends a frame of this command and number (below 2^28) to whoever is connected, between the SMSC's own.
    pub fn inject(&self, command: u32, number: u32, body: &[u8]) -> Result<()> {
        let length = u32::try_from(16 + body.len())?;
        let head = [length, command, 0, INJECTED | number].map(u32::to_be_bytes).concat();
        self.door.inject(&[head.as_slice(), body].concat())
    }

    /// Command and status of the answer to what was injected under this number.
    pub async fn injected(&self, number: u32, within: Duration) -> Result<(u32, u32)> {
        let answer = async || self.door.answer(number);
        Ok(eventually("what was injected is answered", within, answer).await?)
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
            "do": "deliver", "name": name, "source": brought.source,
            "source_ton": brought.source_ton, "destination": brought.destination,
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

    fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// On a free port; on another one where somebody else was faster to take it.
async fn started(seen: &Arc<Mutex<Seen>>) -> Result<(Child, ChildStdin, u16)> {
    for _ in 0..PORT_TRIES {
        let port = free_port()?;
        let (mut child, orders) = spawn(port, seen)?;
        let ended = eventually("the SMSC is ready", READY_WITHIN, async || {
            let is_ready = lock(seen).is_ready;
            let ended = child.try_wait().is_ok_and(|ended| ended.is_some());
            (is_ready || ended).then_some(ended)
        });
        if !ended.await? {
            return Ok((child, orders, port));
        }
    }
    anyhow::bail!("the SMSC does not start")
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
