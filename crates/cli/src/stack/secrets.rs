//! Secrets of one folder, and nats-server's configuration: the services log in as one user, integrations as
//! conversation-service answers for them.

use std::path::Path;

use anyhow::{Context, Result};
use nkeys::KeyPair;
use serde::{Deserialize, Serialize};

/// Made at the first start, kept as JSON in the folder.
#[derive(Serialize, Deserialize)]
pub(super) struct Secrets {
    /// Password of `homing`, the services' user on NATS.
    nats_password: String,
    /// Seed of the account key with which conversation-service signs the logins of integrations.
    pub nats_issuer_seed: String,
    /// What return links, callback codes and the hashes of opt-outs are made from.
    pub link_key: String,
}

impl Secrets {
    /// Reads the folder's secrets, or makes them.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let file = folder.join("secrets.json");
        if let Ok(text) = std::fs::read_to_string(&file) {
            return serde_json::from_str(&text).with_context(|| format!("{} cannot be read", file.display()));
        }
        let nats_issuer_seed = KeyPair::new_account().seed()?;
        let secrets = Self {
            nats_password: made_up(),
            nats_issuer_seed,
            link_key: made_up() + &made_up(),
        };
        write_private(&file, &serde_json::to_string_pretty(&secrets)?)?;
        Ok(secrets)
    }

    /// Writes nats-server's configuration.
    pub(super) fn configure_nats(&self, config: &Path) -> Result<()> {
        let issuer = KeyPair::from_seed(&self.nats_issuer_seed)?.public_key();
        let users = format!("users: [ {{ user: homing, password: \"{}\" }} ]", self.nats_password);
        let callout = format!("auth_callout {{ issuer: {issuer}, auth_users: [ homing ] }}");
        write_private(config, &format!("authorization {{\n  {users}\n  {callout}\n}}\n"))
    }

    /// The URL of `server` (nats://host:port) with the services' credentials.
    pub(super) fn nats_url(&self, server: &str) -> String {
        server.replacen("nats://", &format!("nats://homing:{}@", self.nats_password), 1)
    }
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let file = std::fs::File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path);
    let mut file = file.with_context(|| format!("cannot write {}", path.display()))?;
    Ok(file.write_all(text.as_bytes())?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "secrets of servers on this machine, made where they start"
)]
fn made_up() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus::{Bus, BusConfig};
    use testkit::{Nats, NatsOptions};

    #[tokio::test]
    async fn the_services_log_in_and_nobody_else_does() -> Result<()> {
        testkit::install_crypto();
        let folder = tempfile::tempdir()?;
        let secrets = Secrets::open(folder.path())?;
        let again = Secrets::open(folder.path())?;
        assert_eq!(again.nats_url("nats://x:1"), secrets.nats_url("nats://x:1"), "kept");
        let config = folder.path().join("nats.conf");
        secrets.configure_nats(&config)?;
        let server = Nats::start(NatsOptions {
            config: Some(config),
            ..Default::default()
        })
        .await?;
        Bus::connect(&BusConfig {
            url: secrets.nats_url(&server.url()),
            name: "test".to_owned(),
        })
        .await?;
        assert!(async_nats::connect(server.url()).await.is_err(), "no password");
        Ok(())
    }
}
