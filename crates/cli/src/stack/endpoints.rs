//! Where a running system is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use bus::{Bus, BusConfig};
use fault::{Fault, codes};
use rpc::{Connector, Tls};
use serde::{Deserialize, Serialize};
use tonic::transport::Channel;

use super::Service;

/// The folder of `homing dev`, in the working directory.
pub const DATA_FOLDER: &str = ".homing";
const NATS_WITHIN: Duration = Duration::from_secs(5);
const FILE: &str = "endpoints.json";

/// Addresses and credentials of everything that `homing dev` started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Endpoints {
    /// The process that supervises it.
    pub pid: u32,
    /// Divides the product's durations.
    pub time_scale: f64,
    /// With an operator's credentials.
    pub nats: String,
    /// Superuser, without the database.
    pub postgres: String,
    /// The public HTTP API and the sockets.
    pub gateway: String,
    /// gRPC addresses by short name.
    pub services: std::collections::BTreeMap<String, String>,
    /// The page that shows texts and mails.
    pub sinks: String,
    pub sms: String,
    pub smtp: String,
    pub otlp: String,
    pub logs: PathBuf,
}

impl Endpoints {
    /// gRPC address of a service: its variable (`HOMING_CONVERSATION_URL`), else what `homing dev` in this folder
    /// says.
    pub fn service(service: Service) -> Result<String> {
        if let Some(url) = variable(&service.url_variable()) {
            return Ok(url);
        }
        let known = Self::running(Path::new(DATA_FOLDER))?.services.remove(service.short());
        known.with_context(|| format!("{service}-service has no address"))
    }

    /// A channel to a service, with `HOMING_TLS_CERT`, `_KEY` and `_CA` if they are set.
    pub fn connect(service: Service) -> Result<Channel> {
        let [certificate, key, authority] = ["HOMING_TLS_CERT", "HOMING_TLS_KEY", "HOMING_TLS_CA"].map(variable);
        let tls = Tls::read(&certificate, &key, &authority)?;
        Ok(Connector::new(tls).connect(&Self::service(service)?)?)
    }

    /// NATS for operators: `HOMING_NATS_URL`, else that of `homing dev`.
    pub fn nats() -> Result<String> {
        match variable("HOMING_NATS_URL") {
            Some(url) => Ok(url),
            None => Ok(Self::running(Path::new(DATA_FOLDER))?.nats),
        }
    }

    /// What runs in `folder`; an error that says what to do when nothing does.
    pub fn running(folder: &Path) -> Result<Self> {
        let nothing = || {
            let remedy = "nothing runs here: start `homing dev` in this folder, or name the address in the environment";
            Fault::new(&codes::UNAVAILABLE, remedy)
        };
        let text = std::fs::read_to_string(folder.join(FILE)).map_err(|_| nothing())?;
        let endpoints: Self = serde_json::from_str(&text).context("the endpoints file cannot be read")?;
        if !Path::new(&format!("/proc/{}", endpoints.pid)).exists() {
            return Err(nothing().into());
        }
        Ok(endpoints)
    }

    /// A connection with an operator's rights.
    pub async fn nats_client(&self) -> Result<async_nats::Client> {
        let config = BusConfig {
            url: self.nats.clone(),
            name: "homing".to_owned(),
        };
        let connected = tokio::time::timeout(NATS_WITHIN, Bus::connect(&config)).await;
        let bus = connected.map_err(|error| Fault::unavailable("NATS", error))??;
        Ok(bus.client().clone())
    }

    pub(super) fn save(&self, folder: &Path) -> Result<()> {
        let file = folder.join(FILE);
        std::fs::write(&file, serde_json::to_string_pretty(self)?)
            .with_context(|| format!("cannot write {}", file.display()))
    }

    pub(super) fn forget(folder: &Path) {
        let _ = std::fs::remove_file(folder.join(FILE));
    }
}

#[expect(clippy::disallowed_methods, reason = "the command line reads its environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
