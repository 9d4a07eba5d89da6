//! The address of an SMSC: it stays while the SMSC behind it comes and goes, and lets in more than the SMSC says.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;

/// Length, command, status and number, four octets each.
const HEADER: usize = 16;
/// Answers to numbers from here on are ours, and not told to the SMSC.
pub(super) const INJECTED: u32 = 0x7000_0000;

/// Command and status of answers, by number.
pub(super) type Answers = Arc<Mutex<BTreeMap<u32, (u32, u32)>>>;

/// Injected and not sent yet.
const WAITING: usize = 1_024;

#[derive(Debug)]
pub(super) struct Door {
    pub(super) port: u16,
    behind: Arc<AtomicU16>,
    injected: broadcast::Sender<Vec<u8>>,
    answers: Answers,
    listening: tokio::task::JoinHandle<()>,
}

impl Door {
    /// Opens one to the SMSC at `port`.
    pub(super) async fn open(port: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let own = listener.local_addr()?.port();
        let behind = Arc::new(AtomicU16::new(port));
        let injected = broadcast::Sender::new(WAITING);
        let answers = Answers::default();
        let (leads_to, sender, heard) = (behind.clone(), injected.clone(), answers.clone());
        let listening = tokio::spawn(async move {
            while let Ok((esme, _)) = listener.accept().await {
                let port = leads_to.load(Ordering::SeqCst);
                // Nobody there: the ESME's connection ends.
                if let Ok(smsc) = TcpStream::connect(("127.0.0.1", port)).await {
                    tokio::spawn(pass(esme, smsc, sender.subscribe(), heard.clone()));
                }
            }
        });
        Ok(Self {
            port: own,
            behind,
            injected,
            answers,
            listening,
        })
    }

    pub(super) fn leads_to(&self, port: u16) {
        self.behind.store(port, Ordering::SeqCst);
    }

    /// Sends octets to everybody who is connected.
    pub(super) fn inject(&self, octets: &[u8]) -> Result<()> {
        self.injected.send(octets.to_vec()).context("nobody is connected")?;
        Ok(())
    }

    /// How what was injected under a number was answered.
    pub(super) fn answer(&self, number: u32) -> Option<(u32, u32)> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(&(INJECTED | number)).copied()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Until one of both ends.
async fn pass(esme: TcpStream, smsc: TcpStream, mut injected: broadcast::Receiver<Vec<u8>>, answers: Answers) {
    let (mut from_esme, mut to_esme) = esme.into_split();
    let (mut from_smsc, mut to_smsc) = smsc.into_split();
    let up = async move {
        let mut head = [0; HEADER];
        loop {
            from_esme.read_exact(&mut head).await?;
            let [length, command, status, number] = words(head);
            let mut body = vec![0; usize::try_from(length).unwrap_or_default().saturating_sub(HEADER)];
            from_esme.read_exact(&mut body).await?;
            if number >= INJECTED {
                let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                answers.insert(number, (command, status));
                continue;
            }
            to_smsc.write_all(&head).await?;
            to_smsc.write_all(&body).await?;
        }
    };
    let down = async move {
        let mut said = vec![0; 16 * 1024];
        loop {
            tokio::select! {
                read = from_smsc.read(&mut said) => match read? {
                    0 => return std::io::Result::Ok(()),
                    some => to_esme.write_all(&said[..some]).await?,
                },
                Ok(more) = injected.recv() => to_esme.write_all(&more).await?,
            }
        }
    };
    let up: std::pin::Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>> = Box::pin(up);
    tokio::select! { _ = up => {}, _ = down => {} }
}

fn words(head: [u8; HEADER]) -> [u32; 4] {
    let mut words = [0; 4];
    for (word, octets) in words.iter_mut().zip(head.chunks_exact(4)) {
        *word = octets.iter().fold(0, |word, octet| word << 8 | u32::from(*octet));
    }
    words
}
