//! An integrating system: publishes CloudEvents on NATS under its own user, which may do nothing else.

use std::time::Duration;

use anyhow::{Context, Result};
use async_nats::jetstream;
use domain::{IntegrationId, WorkspaceId};
use events::{Subject, headers};
use serde_json::{Value, json};

use super::expect::soon;

/// A connection of one integration.
#[derive(Clone, Debug)]
pub struct Integration {
    workspace: WorkspaceId,
    id: IntegrationId,
    stream: jetstream::Context,
    /// Its API token.
    pub token: String,
    traceparent: Option<String>,
}

impl Integration {
    /// Connects as `user`; the server may still be reading its configuration.
    pub(super) async fn connect(server: &str, workspace: &str, id: &str, user: &str, token: &str) -> Result<Self> {
        let client = soon("NATS lets the integration in", async || {
            let options = async_nats::ConnectOptions::with_user_and_password(user.to_owned(), token.to_owned())
                .custom_inbox_prefix(format!("_INBOX.{user}"))
                .connection_timeout(Duration::from_secs(2));
            Ok(Some(options.connect(server).await?))
        })
        .await?;
        Ok(Self {
            workspace: WorkspaceId::parse(workspace).map_err(fault::Fault::from)?,
            id: IntegrationId::parse(id).map_err(fault::Fault::from)?,
            stream: jetstream::new(client),
            token: token.to_owned(),
            traceparent: None,
        })
    }

    /// The same integration, publishing as part of this W3C trace.
    pub fn traced(&self, traceparent: &str) -> Self {
        Self {
            traceparent: Some(traceparent.to_owned()),
            ..self.clone()
        }
    }

    /// An agent's answer in a conversation of ours. `id` is the event's: the same again is the same answer.
    pub async fn answer(&self, id: &str, conversation: &str, at: jiff::Timestamp, text: &str) -> Result<()> {
        let data = json!({ "author": { "role": "agent", "agent": "ana" }, "text": text });
        self.publish("message", id, conversation, at, data).await
    }

    /// Publishes one event and waits until the stream has it.
    pub async fn publish(&self, event: &str, id: &str, subject: &str, at: jiff::Timestamp, data: Value) -> Result<()> {
        let document = self.document(event, id, subject, at, data);
        self.publish_bytes(event, serde_json::to_vec(&document)?).await
    }

    /// One event as a CloudEvent, as NATS and `POST /v1/events` take it.
    pub fn document(&self, event: &str, id: &str, subject: &str, at: jiff::Timestamp, data: Value) -> Value {
        json!({
            "specversion": "1.0",
            "id": id,
            "source": self.id.as_str(),
            "type": format!("homing.{event}.v1"),
            "subject": subject,
            "time": at.to_string(),
            "datacontenttype": "application/json",
            "data": data,
        })
    }

    /// Publishes anything where events of this kind go, and waits until the stream has it.
    pub async fn publish_bytes(&self, event: &str, payload: Vec<u8>) -> Result<()> {
        let (workspace, integration) = (self.workspace.clone(), self.id.clone());
        let to = Subject::Ingest {
            workspace,
            integration,
            event: event.to_owned(),
        }
        .to_string();
        let mut map = async_nats::HeaderMap::new();
        map.insert(headers::CONTENT_TYPE, headers::CLOUDEVENTS_JSON);
        if let Some(traceparent) = &self.traceparent {
            map.insert(headers::TRACEPARENT, traceparent.as_str());
        }
        let sent = self.stream.publish_with_headers(to, map, payload.into()).await;
        sent.context("cannot publish")?
            .await
            .context("the stream did not take the event")?;
        Ok(())
    }
}
