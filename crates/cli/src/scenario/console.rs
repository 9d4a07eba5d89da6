//! An agent's console: a ticket, the agents' socket, and the API, as a helpdesk's page uses them.

use anyhow::Result;
use serde_json::{Value, json};

use super::World;
use super::customer::{post, text};
use super::expect::soon;
use super::tab::{Frames, Tab};
use super::world::fresh;

/// Where agents' sockets are.
const SOCKET_PATH: &str = "/v1/agent-socket";

/// An agent who is there.
#[derive(Debug)]
pub struct Console<'a> {
    world: &'a World,
    agent: String,
    tab: Tab,
    frames: Frames,
}

impl<'a> Console<'a> {
    /// Opens it, and takes chats from now on.
    pub async fn open(world: &'a World, agent: &str) -> Result<Self> {
        let gateway = &world.endpoints.gateway;
        let path = format!("{gateway}/v1/agents/{agent}/tickets");
        let ticket = post(&world.http, &path, Some(&world.token), &json!({})).await?;
        let frames = Frames::default();
        let tab = Tab::open(gateway, SOCKET_PATH, frames.clone()).await?;
        let mut console = Self {
            world,
            agent: agent.to_owned(),
            tab,
            frames,
        };
        let hello = json!({ "type": "hello", "ticket": text(&ticket, "ticket")? });
        console.ask(hello, "welcome").await?;
        console.status("available").await?;
        Ok(console)
    }

    /// Sets the agent's own status.
    pub async fn status(&mut self, availability: &str) -> Result<()> {
        let frame = json!({ "type": "status", "availability": availability });
        self.ask(frame, "status").await.map(drop)
    }

    /// Waits to be told of a request that fits.
    pub async fn told(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Result<Value> {
        soon(what, async || {
            let told = self.frames.all(|frame| frame["type"] == "request" && fits(frame));
            Ok(told.into_iter().next())
        })
        .await
    }

    /// Takes what the agent is alerted to.
    pub async fn accept(&mut self, request: &Value) -> Result<()> {
        let frame = json!({ "type": "accept", "request": request["request"] });
        self.ask(frame, "accepted").await.map(drop)
    }

    /// Speaks first.
    pub async fn start(&mut self, request: &Value, words: &str) -> Result<Value> {
        let frame = json!({ "type": "start", "request": request["request"], "text": words });
        self.ask(frame, "started").await
    }

    /// Answers in a conversation, through the API.
    pub async fn write(&self, conversation: &str, words: &str) -> Result<()> {
        let path = format!(
            "{}/v1/conversations/{conversation}/messages",
            self.world.endpoints.gateway
        );
        let body = json!({ "client_id": fresh("answer"), "text": words, "agent": self.agent });
        post(&self.world.http, &path, Some(&self.world.token), &body)
            .await
            .map(drop)
    }

    /// Settles a conversation, through the API.
    pub async fn resolve(&self, conversation: &str) -> Result<()> {
        let path = format!(
            "{}/v1/conversations/{conversation}/resolve",
            self.world.endpoints.gateway
        );
        post(&self.world.http, &path, Some(&self.world.token), &json!({}))
            .await
            .map(drop)
    }

    /// Leaves.
    pub async fn close(mut self) -> Result<()> {
        self.status("offline").await?;
        self.tab.send(json!({ "type": "bye" }).to_string()).await?;
        self.tab.close().await;
        Ok(())
    }

    async fn ask(&mut self, frame: Value, answer: &str) -> Result<Value> {
        let before = self.frames.of(answer).len();
        self.tab.send(frame.to_string()).await?;
        self.frames.next(answer, before).await
    }
}
