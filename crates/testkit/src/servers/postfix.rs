//! Postfix as Debian packages it, with its own configuration folder. It takes mails to `example.com` by STARTTLS from who
//! logs in.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

use super::postfix_policy::Policy;
use super::process::{Process, Spawn, free_port};
use crate::{Authority, eventually};

const READY_WITHIN: Duration = Duration::from_secs(20);
const MASTER: &str = "/usr/lib/postfix/sbin/master";
const HOST: &str = "mx.homing.test";

/// A running Postfix on 127.0.0.1. It has to be started by root, which it gives up itself.
#[derive(Debug)]
pub struct Postfix {
    master: Process,
    port: u16,
    policy: Policy,
    folder: tempfile::TempDir,
}

impl Postfix {
    /// Starts it with a certificate of `authority`; who logs in is `homing` with the password `geheim`.
    pub async fn start(authority: &Authority) -> Result<Self> {
        std::fs::metadata(MASTER).context("no Postfix: run `make setup`, which installs Debian's package")?;
        let folder = tempfile::Builder::new().prefix("homing-postfix-").tempdir()?;
        let (path, port) = (folder.path(), free_port()?);
        let policy = Policy::open().await?;
        configure(path, (port, policy.port), authority)?;
        // Its parts run as their own users, and have to come by.
        let open = format!(
            "chmod 755 {0} && chown postfix {0}/data && chown nobody {0}/mail",
            path.display()
        );
        run(Command::new("sh").args(["-c", &open])).await?;
        add_user(path).await?;
        run(Command::new("/usr/sbin/postfix").arg("-c").arg(path).arg("check")).await?;
        let spawn = Spawn::new(&[], MASTER).arg("-c").arg(path).arg("-d");
        let mut postfix = Self {
            master: Process::spawn("postfix", spawn, &path.join("master.log"))?,
            port,
            policy,
            folder,
        };
        eventually("Postfix greets", READY_WITHIN, async || {
            greets(port).await.then_some(())
        })
        .await?;
        postfix.master.check()?;
        Ok(postfix)
    }

    /// Where mails are handed over, with this login.
    pub fn url(&self, user: &str, password: &str) -> String {
        format!("smtp://{user}:{password}@localhost:{}?tls=required", self.port)
    }

    /// How the next try to reach this recipient is answered, instead of being taken: `450 4.2.0 Greylisted`, for example.
    /// Several queue up.
    pub fn answer_next(&self, recipient: &str, answer: &str) {
        self.policy.next(recipient, answer);
    }

    /// The mails that arrived, as they were stored.
    pub fn mails(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path().join("mail/all/new"));
        let mut files: Vec<PathBuf> = entries.map_or_else(
            |_| Vec::new(),
            |entries| entries.flatten().map(|entry| entry.path()).collect(),
        );
        files.sort();
        let mails = files.iter().filter_map(|file| std::fs::read(file).ok());
        mails.map(|mail| String::from_utf8_lossy(&mail).into_owned()).collect()
    }

    /// What it wrote down.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

async fn greets(port: u16) -> bool {
    let Ok(stream) = TcpStream::connect(("127.0.0.1", port)).await else {
        return false;
    };
    let mut line = String::new();
    let mut stream = BufReader::new(stream);
    let read = stream.read_line(&mut line);
    let read = tokio::time::timeout(Duration::from_secs(5), read).await;
    matches!(read, Ok(Ok(_))) && line.starts_with(&format!("220 {HOST} "))
}

fn configure(path: &Path, (port, policy): (u16, u16), authority: &Authority) -> Result<()> {
    for folder in ["queue", "data", "mail", "sasl"] {
        std::fs::create_dir(path.join(folder))?;
    }
    let (certificate, key) = authority.issue("localhost")?;
    std::fs::write(path.join("certificate.pem"), certificate)?;
    std::fs::write(path.join("key.pem"), key)?;
    let here = path.display();
    std::fs::write(
        path.join("sasl/smtpd.conf"),
        format!(
            "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {here}/sasldb\nmech_list: PLAIN LOGIN\n"
        ),
    )?;
    std::fs::write(
        path.join("main.cf"),
        format!(
            "compatibility_level = 3.6\nqueue_directory = {here}/queue\ndata_directory = {here}/data\n\
             mail_owner = postfix\nsetgid_group = postdrop\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
             myhostname = {HOST}\nmydestination =\nmaillog_file = {here}/log\nmaillog_file_prefixes = {here}\n\
             virtual_mailbox_domains = example.com\nvirtual_mailbox_base = {here}/mail\n\
             virtual_mailbox_maps = static:all/\nvirtual_uid_maps = static:65534\nvirtual_gid_maps = static:65534\n\
             smtpd_tls_cert_file = {here}/certificate.pem\nsmtpd_tls_key_file = {here}/key.pem\n\
             smtpd_tls_security_level = encrypt\nsmtpd_tls_auth_only = yes\nsmtpd_sasl_auth_enable = yes\n\
             cyrus_sasl_config_path = {here}/sasl\nalias_maps =\nalias_database =\n\
             smtpd_relay_restrictions = permit_sasl_authenticated, reject\n\
             smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{policy}\n"
        ),
    )?;
    let services = [
        "cleanup unix n - n - 0 cleanup",
        "qmgr unix n - n 300 1 qmgr",
        "tlsmgr unix - - n 1000? 1 tlsmgr",
        "rewrite unix - - n - - trivial-rewrite",
        "bounce unix - - n - 0 bounce",
        "defer unix - - n - 0 bounce",
        "trace unix - - n - 0 bounce",
        "proxymap unix - - n - - proxymap",
        "error unix - - n - - error",
        "retry unix - - n - - error",
        "virtual unix - n n - - virtual",
        "anvil unix - - n - 1 anvil",
        "postlog unix-dgram n - n - 1 postlogd",
    ];
    let master = format!("127.0.0.1:{port} inet n - n - - smtpd\n{}\n", services.join("\n"));
    Ok(std::fs::write(path.join("master.cf"), master)?)
}

async fn add_user(path: &Path) -> Result<()> {
    let database = path.join("sasldb");
    let mut child = Command::new("/usr/sbin/saslpasswd2")
        .args(["-p", "-c", "-u", HOST, "-f"])
        .arg(&database)
        .arg("homing")
        .stdin(Stdio::piped())
        .spawn()
        .context("cannot run saslpasswd2")?;
    let mut input = child.stdin.take().context("an input")?;
    input.write_all(b"geheim").await?;
    drop(input);
    if !child.wait().await?.success() {
        bail!("saslpasswd2 could not add a user");
    }
    run(Command::new("chown").arg("postfix").arg(&database)).await
}

async fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().await?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?} failed: {said}");
    }
    Ok(())
}
