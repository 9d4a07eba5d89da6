//! Secrets of one folder, and nats-server's configuration: each service logs in as its own user with the rights that
//! the catalogue declares, integrations as conversation-service answers for them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use events::login;
use nkeys::KeyPair;
use serde::{Deserialize, Serialize};

/// A user without limits, where [`super::StackOptions::unrestricted`] asks for one.
pub(super) const ANYTHING: &str = "anything";

/// Made at the first start, kept as JSON in the folder.
#[derive(Serialize, Deserialize)]
pub(super) struct Secrets {
    /// Passwords of the users on NATS, by name.
    #[serde(default)]
    nats_passwords: BTreeMap<String, String>,
    /// Seed of the account key with which conversation-service signs the logins of integrations.
    pub nats_issuer_seed: String,
    /// What return links, callback codes and the hashes of opt-outs are made from.
    pub link_key: String,
    /// What a mail server hands answers to mails over with.
    #[serde(default = "made_up")]
    pub mail_secret: String,
}

impl Secrets {
    /// Reads the folder's secrets, and makes those that are missing.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let file = folder.join("secrets.json");
        let mut secrets = match std::fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).with_context(|| format!("{} cannot be read", file.display()))?,
            Err(_) => Self {
                nats_passwords: BTreeMap::new(),
                nats_issuer_seed: KeyPair::new_account().seed()?,
                link_key: made_up() + &made_up(),
                mail_secret: made_up(),
            },
        };
        for name in login::logins().map(|login| login.name).chain([ANYTHING]) {
            secrets.nats_passwords.entry(name.to_owned()).or_insert_with(made_up);
        }
        write_private(&file, &serde_json::to_string_pretty(&secrets)?)?;
        Ok(secrets)
    }

    /// Writes nats-server's configuration; with `unrestricted` also a user who may do everything.
    pub(super) fn configure_nats(&self, config: &Path, unrestricted: bool) -> Result<()> {
        let issuer = KeyPair::from_seed(&self.nats_issuer_seed)?.public_key();
        let password = |name: &str| self.nats_passwords[name].clone();
        let mut auth_users = login::logins().map(|login| login.name).collect::<Vec<_>>();
        let mut more = String::new();
        if unrestricted {
            auth_users.push(ANYTHING);
            more = format!("    {{ user: {ANYTHING}, password: \"{}\" }}\n", password(ANYTHING));
        }
        let text = login::authorization(|login| password(login.name), &issuer, &more, &auth_users);
        write_private(config, &text)
    }

    /// The URL of `server` (nats://host:port) with a user's credentials.
    pub(super) fn nats_url(&self, server: &str, user: &str) -> String {
        let password = &self.nats_passwords[user];
        server.replacen("nats://", &format!("nats://{user}:{password}@"), 1)
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
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
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn each_service_logs_in_and_nobody_else_does() -> Result<()> {
        testkit::install_crypto();
        let folder = tempfile::tempdir()?;
        let secrets = Secrets::open(folder.path())?;
        let again = Secrets::open(folder.path())?;
        let known = |secrets: &Secrets| secrets.nats_url("nats://x:1", "billing");
        assert_eq!(known(&again), known(&secrets), "kept");
        let config = folder.path().join("nats.conf");
        secrets.configure_nats(&config, false)?;
        let server = Nats::start(NatsOptions {
            config: Some(config),
            ..Default::default()
        })
        .await?;
        for user in login::logins() {
            Bus::connect(&BusConfig {
                url: secrets.nats_url(&server.url(), user.name),
                name: "test".to_owned(),
            })
            .await
            .with_context(|| user.name)?;
        }
        let guessed = format!(
            "\"user\":\"{ANYTHING}\",\"pass\":\"{}\"",
            secrets.nats_passwords[ANYTHING]
        );
        let (nobody, unasked) = tokio::try_join!(log_in(&server, ""), log_in(&server, &guessed))?;
        for answer in [nobody, unasked] {
            assert!(
                answer.contains("Authorization Violation") && !answer.contains("PONG"),
                "{answer}"
            );
        }
        Ok(())
    }

    /// What the server says to a client until it hangs up. (Our client takes any word for a welcome.)
    async fn log_in(server: &Nats, credentials: &str) -> Result<String> {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", server.port())).await?;
        stream
            .write_all(format!("CONNECT {{{credentials}}}\r\nPING\r\n").as_bytes())
            .await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}
