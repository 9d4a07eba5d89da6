//! What a Postfix asks before it takes a recipient: a policy server, as Postfix's SMTPD_POLICY_README says how to write
//! one. Greylisting is such a server.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::sink::AbortOnDrop;

/// Actions for the next questions about a recipient, oldest first. Without one Postfix decides by its other rules.
type Actions = Arc<Mutex<HashMap<String, VecDeque<String>>>>;

#[derive(Debug)]
pub(super) struct Policy {
    pub port: u16,
    actions: Actions,
    _server: AbortOnDrop,
}

impl Policy {
    pub(super) async fn open() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let (port, actions) = (listener.local_addr()?.port(), Actions::default());
        let known = actions.clone();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, known.clone()));
            }
        });
        Ok(Self {
            port,
            actions,
            _server: AbortOnDrop(server),
        })
    }

    pub(super) fn next(&self, recipient: &str, action: &str) {
        let mut actions = self.actions.lock().unwrap_or_else(PoisonError::into_inner);
        actions
            .entry(recipient.to_owned())
            .or_default()
            .push_back(action.to_owned());
    }
}

/// A question is lines of `name=value` up to an empty one.
async fn answer(stream: TcpStream, actions: Actions) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut recipient = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(named) = line.strip_prefix("recipient=") {
            named.clone_into(&mut recipient);
        }
        if !line.is_empty() {
            continue;
        }
        let next = {
            let mut actions = actions.lock().unwrap_or_else(PoisonError::into_inner);
            actions.get_mut(&recipient).and_then(VecDeque::pop_front)
        };
        let action = next.as_deref().unwrap_or("DUNNO");
        if write
            .write_all(format!("action={action}\n\n").as_bytes())
            .await
            .is_err()
        {
            return;
        }
    }
}
