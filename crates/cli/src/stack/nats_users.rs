//! Who may use NATS: the services everything, each integration its own prefix and nothing else.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// Users of one nats-server, kept as JSON beside the configuration file that is made from them.
#[derive(Debug, Serialize, Deserialize)]
pub struct NatsUsers {
    #[serde(skip)]
    config: PathBuf,
    /// Password of `homing`, the services' user.
    password: String,
    integrations: Vec<Integration>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Integration {
    user: String,
    password: String,
    /// What it may publish to.
    prefix: String,
}

impl NatsUsers {
    /// Reads the users that belong to `config`, or makes a new list with a new password.
    pub fn open(config: &Path) -> Result<Self> {
        let mut users: Self = match std::fs::read_to_string(list(config)) {
            Ok(text) => serde_json::from_str(&text).context("the list of NATS users cannot be read")?,
            Err(_) => Self {
                config: PathBuf::new(),
                password: new_password(),
                integrations: Vec::new(),
            },
        };
        users.config = config.to_owned();
        users.save()?;
        Ok(users)
    }

    /// The URL of `server` (nats://host:port) with the services' credentials.
    pub fn services_url(&self, server: &str) -> String {
        server.replacen("nats://", &format!("nats://homing:{}@", self.password), 1)
    }

    /// Adds an integration, or gives it another password. The server has to reload.
    pub fn put(&mut self, user: &str, password: &str, prefix: &str) -> Result<()> {
        self.integrations.retain(|known| known.user != user);
        let (user, password, prefix) = (user.to_owned(), password.to_owned(), prefix.to_owned());
        self.integrations.push(Integration { user, password, prefix });
        self.save()
    }

    fn save(&self) -> Result<()> {
        write_private(&list(&self.config), &serde_json::to_string_pretty(self)?)?;
        write_private(&self.config, &self.render())
    }

    /// nats-server's configuration. An integration hears only its own inbox: the answers to what it published.
    fn render(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut users = format!("    {{ user: homing, password: {} }}\n", quoted(&self.password));
        for one in &self.integrations {
            users.push_str(&format!(
                "    {{ user: {}, password: {}, permissions: {{ publish: {{ allow: [{}] }}, subscribe: {{ allow: [{}] }} }} }}\n",
                quoted(&one.user),
                quoted(&one.password),
                quoted(&one.prefix),
                quoted(&format!("{}.>", inbox(&one.user)))
            ));
        }
        format!("authorization {{\n  users = [\n{users}  ]\n}}\n")
    }
}

/// The inbox prefix that an integration's client has to set.
pub(crate) fn inbox(user: &str) -> String {
    format!("_INBOX.{user}")
}

fn list(config: &Path) -> PathBuf {
    config.with_extension("users.json")
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
