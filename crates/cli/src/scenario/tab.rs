//! A web socket as a browser holds it: what it receives is kept.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use futures::stream::SplitSink;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::expect::soon;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Every frame received, of one tab after another.
#[derive(Clone, Debug, Default)]
pub(super) struct Frames(Arc<Mutex<Vec<Value>>>);

impl Frames {
    fn keep(&self, frame: Value) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(frame);
    }

    /// Those that fit, oldest first.
    pub(super) fn all(&self, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
        let frames = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        frames.iter().filter(|frame| fits(frame)).cloned().collect()
    }

    pub(super) fn of(&self, kind: &str) -> Vec<Value> {
        self.all(|frame| frame["type"] == kind)
    }

    /// Waits for the next frame of a kind after `before` of them; an `error` frame fails.
    pub(super) async fn next(&self, kind: &str, before: usize) -> Result<Value> {
        let errors = self.of("error").len();
        let found = soon(&format!("the gateway answers '{kind}'"), async || {
            let error = self.of("error").into_iter().nth(errors);
            Ok(self.of(kind).into_iter().nth(before).map(Ok).or(error.map(Err)))
        })
        .await?;
        found.map_err(|error| anyhow::anyhow!("the gateway refuses: {error}"))
    }
}

/// An open socket.
#[derive(Debug)]
pub(super) struct Tab {
    sender: SplitSink<Socket, Frame>,
    reader: JoinHandle<()>,
}

impl Drop for Tab {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Tab {
    /// Opens the socket at this path of the gateway.
    pub(super) async fn open(gateway: &str, path: &str, frames: Frames) -> Result<Self> {
        let url = format!("{}{path}", gateway.replacen("http", "ws", 1));
        let (socket, _) = tokio_tungstenite::connect_async(url)
            .await
            .context("the socket does not open")?;
        let (sender, mut receiver) = socket.split();
        let reader = tokio::spawn(async move {
            while let Some(Ok(frame)) = receiver.next().await {
                if let Some(value) = value(&frame) {
                    frames.keep(value);
                }
            }
        });
        Ok(Self { sender, reader })
    }

    pub(super) async fn send(&mut self, text: String) -> Result<()> {
        self.sender
            .send(Frame::text(text))
            .await
            .context("the socket is closed")
    }

    /// Closes the socket without a word.
    pub(super) async fn close(mut self) {
        let _ = self.sender.close().await;
    }
}

/// What a frame says, if it says anything.
fn value(frame: &Frame) -> Option<Value> {
    match frame {
        Frame::Text(text) => serde_json::from_str(text).ok(),
        Frame::Close(said) => {
            let code = said.as_ref().map(|said| u16::from(said.code));
            let reason = said.as_ref().map(|said| said.reason.as_str());
            Some(json!({ "type": "closed", "code": code, "reason": reason }))
        }
        _ => None,
    }
}
