//! Kannel as Debian packages it: bearerbox, smsbox, and its own fake SMSC.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpStream;

use super::process::{Process, Spawn, free_port};
use crate::eventually;

const READY_WITHIN: Duration = Duration::from_secs(20);

/// Ports of a Kannel that is not started yet.
#[derive(Clone, Copy, Debug)]
pub struct KannelPorts {
    admin: u16,
    boxes: u16,
    smsc: u16,
    send: u16,
}

impl KannelPorts {
    pub fn choose() -> Result<Self> {
        Ok(Self {
            admin: free_port()?,
            boxes: free_port()?,
            smsc: free_port()?,
            send: free_port()?,
        })
    }

    /// Where texts are handed over.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.send)
    }
}

/// A running Kannel on 127.0.0.1; whoever sends is `homing` with the password `geheim`.
#[derive(Debug)]
pub struct Kannel {
    ports: KannelPorts,
    phone: Option<Process>,
    bearerbox: Process,
    smsbox: Process,
    folder: tempfile::TempDir,
    phones: usize,
}

impl Kannel {
    /// Starts it with a phone behind its SMSC. `get_url`: where it brings texts that people write.
    pub async fn start(ports: KannelPorts, get_url: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("homing-kannel-").tempdir()?;
        let path = folder.path();
        std::fs::create_dir(path.join("spool"))?;
        let config = path.join("kannel.conf");
        std::fs::write(&config, configuration(ports, path, get_url))?;
        let bearerbox = spawn("bearerbox", "/usr/sbin/bearerbox", path, |spawn| spawn.arg(&config))?;
        listens(ports.boxes).await?;
        let smsbox = spawn("smsbox", "/usr/sbin/smsbox", path, |spawn| spawn.arg(&config))?;
        listens(ports.send).await?;
        let mut kannel = Self {
            ports,
            phone: None,
            bearerbox,
            smsbox,
            folder,
            phones: 0,
        };
        kannel.take_phone(&[]).await?;
        Ok(kannel)
    }

    /// What the phones got, one line of the fake SMSC's log each: `<from to text words>`.
    pub fn received(&self) -> Vec<String> {
        let logs = (1..=self.phones).map(|number| std::fs::read(self.phone_log(number)).unwrap_or_default());
        let text: String = logs.map(|log| String::from_utf8_lossy(&log).into_owned()).collect();
        let lines = text
            .lines()
            .filter_map(|line| line.split_once(": Got message ")?.1.split_once(": "));
        lines.map(|(_, message)| message.to_owned()).collect()
    }

    /// Somebody writes; numbers without a plus.
    pub async fn write(&mut self, from: &str, to: &str, words: &str) -> Result<()> {
        let message = format!("{from} {to} text {words}");
        self.take_phone(&["-m", "1", &message]).await
    }

    /// The SMSC serves one phone at a time.
    async fn take_phone(&mut self, more: &[&str]) -> Result<()> {
        if let Some(mut phone) = self.phone.take() {
            phone.kill().await?;
        }
        self.bearerbox.check()?;
        self.smsbox.check()?;
        self.phones += 1;
        let name = format!("phone-{}", self.phones);
        let port = self.ports.smsc.to_string();
        let arguments = ["-H", "127.0.0.1", "-r", &port];
        // Without a message of its own it has to be told one that it never sends.
        let idle = ["-m", "0", "0 0 text nothing"];
        let rest = if more.is_empty() { &idle } else { more };
        let phone = spawn(&name, "/usr/lib/kannel/test/fakesmsc", self.folder.path(), |spawn| {
            spawn.args(arguments).args(rest)
        })?;
        self.phone = Some(phone);
        Ok(())
    }

    fn phone_log(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("phone-{number}.log"))
    }
}

fn spawn(name: &str, program: &str, folder: &Path, with: impl FnOnce(Spawn) -> Spawn) -> Result<Process> {
    let missing = || format!("no {program}: run `make setup`, which installs Debian's kannel and kannel-extras");
    std::fs::metadata(program).with_context(missing)?;
    Process::spawn(
        name,
        with(Spawn::new(&[], program)),
        &folder.join(format!("{name}.log")),
    )
}

async fn listens(port: u16) -> Result<()> {
    let connected = async || TcpStream::connect(("127.0.0.1", port)).await.ok();
    eventually("Kannel listens", READY_WITHIN, connected).await?;
    Ok(())
}

fn configuration(ports: KannelPorts, folder: &Path, get_url: &str) -> String {
    let KannelPorts {
        admin,
        boxes,
        smsc,
        send,
    } = ports;
    let spool = folder.join("spool");
    let spool = spool.display();
    format!(
        "group = core\nadmin-port = {admin}\nadmin-password = x\nadmin-interface = 127.0.0.1\n\
         smsbox-port = {boxes}\nsmsbox-interface = 127.0.0.1\nbox-allow-ip = 127.0.0.1\n\
         store-type = spool\nstore-location = \"{spool}\"\ndlr-storage = internal\n\n\
         group = smsc\nsmsc = fake\nsmsc-id = fake\nport = {smsc}\nconnect-allow-ip = 127.0.0.1\n\n\
         group = smsbox\nbearerbox-host = 127.0.0.1\nbearerbox-port = {boxes}\nsendsms-port = {send}\n\
         sendsms-interface = 127.0.0.1\n\n\
         group = sendsms-user\nusername = homing\npassword = geheim\nmax-messages = 10\nconcatenation = true\n\n\
         group = sms-service\nkeyword = default\ncatch-all = true\nmax-messages = 0\nget-url = \"{get_url}\"\n"
    )
}
