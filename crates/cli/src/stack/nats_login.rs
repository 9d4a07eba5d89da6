//! Who may use NATS here: the services as one user, and integrations as conversation-service answers for them.

use std::path::Path;

use anyhow::{Context, Result};
use nkeys::KeyPair;
use serde::{Deserialize, Serialize};

/// Credentials of one nats-server, kept as JSON beside the configuration that is made from them.
#[derive(Serialize, Deserialize)]
pub(super) struct NatsLogin {
    /// Password of `homing`, the services' user.
    password: String,
    /// Seed of the account key with which conversation-service signs the logins of integrations.
    pub issuer_seed: String,
}

impl NatsLogin {
    /// Reads the credentials that belong to `config`, or makes new ones; writes the configuration.
    pub(super) fn open(config: &Path) -> Result<Self> {
        let file = config.with_extension("login.json");
        let login = match std::fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).context("NATS's credentials cannot be read")?,
            Err(_) => Self {
                password: new_password(),
                issuer_seed: KeyPair::new_account().seed()?,
            },
        };
        write_private(&file, &serde_json::to_string_pretty(&login)?)?;
        let issuer = KeyPair::from_seed(&login.issuer_seed)?.public_key();
        let users = format!("users: [ {{ user: homing, password: \"{}\" }} ]", login.password);
        let callout = format!("auth_callout {{ issuer: {issuer}, auth_users: [ homing ] }}");
        write_private(config, &format!("authorization {{\n  {users}\n  {callout}\n}}\n"))?;
        Ok(login)
    }

    /// The URL of `server` (nats://host:port) with the services' credentials.
    pub(super) fn services_url(&self, server: &str) -> String {
        server.replacen("nats://", &format!("nats://homing:{}@", self.password), 1)
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
    reason = "a password of a server on this machine, made where it starts"
)]
fn new_password() -> String {
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
        let config = folder.path().join("nats.conf");
        let login = NatsLogin::open(&config)?;
        let again = NatsLogin::open(&config)?;
        assert_eq!(
            again.services_url("nats://x:1"),
            login.services_url("nats://x:1"),
            "kept"
        );
        let server = Nats::start(NatsOptions {
            config: Some(config),
            ..Default::default()
        })
        .await?;
        Bus::connect(&BusConfig {
            url: login.services_url(&server.url()),
            name: "test".to_owned(),
        })
        .await?;
        assert!(async_nats::connect(server.url()).await.is_err(), "no password");
        Ok(())
    }
}
