//! A gateway that runs, and clients of it.

use crate::peers::{Peers, TOKEN};
use anyhow::{Context, Result, bail, ensure};
use futures::{SinkExt, StreamExt};
use gateway_service::{Config, Gateway};
use reqwest::Method;
use runtime::{Settings, Shell};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use testkit::{ManualClock, SeededEntropy, TestDatabase, TestNats};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// What the gateway believes to be its address from outside.
pub const PUBLIC: &str = "https://chat.example";
/// Nothing here takes so long, unless it never happens.
pub const PATIENCE: Duration = Duration::from_secs(10);

pub struct World {
    pub gateway: Gateway,
    pub peers: Peers,
    pub clock: ManualClock,
    pub nats: async_nats::Client,
    pub http: reqwest::Client,
    pub database: TestDatabase,
    _servers: TestNats,
}

impl World {
    pub async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// With settings beside the defaults.
    pub async fn start_with(settings: &[(&str, &str)]) -> Result<Self> {
        let database = TestDatabase::create("gateway", async |url| {
            Ok(store::migrate(&url, "gateway", &gateway_service::MIGRATOR).await?)
        })
        .await?;
        let servers = TestNats::start().await?;
        let nats = async_nats::connect(servers.url()).await?;
        let (peers, address) = Peers::start(nats.clone()).await?;
        let clock = ManualClock::new();
        let entropy = Arc::new(SeededEntropy::new(1));
        let (database_url, nats_url) = (database.url(), servers.url());
        let shell = Shell::for_test("gateway", &database_url, &nats_url, Arc::new(clock.clone()), entropy).await?;
        let peer = format!("http://{address}");
        let config = Config::read(&|name| {
            let set = settings
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned());
            set.or_else(|| match name {
                "HOMING_HTTP_LISTEN" => Some("127.0.0.1:0".to_owned()),
                "HOMING_PUBLIC_URL" => Some(PUBLIC.to_owned()),
                name if name.ends_with("_URL") => Some(peer.clone()),
                _ => None,
            })
        })?;
        let gateway = gateway_service::start_at(config, shell).await?;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            gateway,
            peers,
            clock,
            nats,
            http,
            database,
            _servers: servers,
        })
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.gateway.http)
    }

    /// Posts JSON and expects JSON with a status below 300.
    pub async fn post(&self, path: &str, token: Option<&str>, body: Value) -> Result<Value> {
        let mut request = self.http.post(self.url(path)).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        ensure!(status.is_success(), "{path} answered {status}: {body}");
        Ok(body)
    }

    pub async fn session(&self, channel: &str) -> Result<String> {
        let opened = self
            .post("/v1/sessions", None, json!({"workspace": "acme", "channel": channel}))
            .await?;
        text(&opened, "session")
    }

    pub async fn ticket(&self, session: &str) -> Result<String> {
        text(&self.post("/v1/tickets", Some(session), json!({})).await?, "ticket")
    }

    /// A greeted socket, and its welcome.
    pub async fn socket(&self, session: &str, resume_after: Option<u64>) -> Result<(Socket, Value)> {
        let ticket = self.ticket(session).await?;
        let mut socket = self.raw_socket(None).await?;
        let hello = match resume_after {
            Some(after) => json!({"type": "hello", "ticket": ticket, "resume_after": after}),
            None => json!({"type": "hello", "ticket": ticket}),
        };
        socket.say(hello).await?;
        let welcome = socket.expect("welcome").await?;
        Ok((socket, welcome))
    }

    /// A socket that has said nothing yet.
    pub async fn raw_socket(&self, origin: Option<&str>) -> Result<Socket> {
        self.open("/v1/socket", origin).await
    }

    /// A ticket for the console of `agent`.
    pub async fn agent_ticket(&self, agent: &str) -> Result<String> {
        let path = format!("/v1/agents/{agent}/tickets");
        text(&self.post(&path, Some(TOKEN), json!({})).await?, "ticket")
    }

    /// An agent's socket that has said nothing yet.
    pub async fn raw_agent_socket(&self) -> Result<Socket> {
        self.open("/v1/agent-socket", None).await
    }

    /// A greeted socket of an agent's, and its welcome.
    pub async fn agent_socket(&self, agent: &str) -> Result<(Socket, Value)> {
        let ticket = self.agent_ticket(agent).await?;
        let mut socket = self.raw_agent_socket().await?;
        socket.say(json!({"type": "hello", "ticket": ticket})).await?;
        let welcome = socket.expect("welcome").await?;
        Ok((socket, welcome))
    }

    async fn open(&self, path: &str, origin: Option<&str>) -> Result<Socket> {
        let mut request = format!("ws://{}{path}", self.gateway.http).into_client_request()?;
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse()?);
        }
        Ok(Socket(tokio_tungstenite::connect_async(request).await?.0))
    }

    /// A socket with its conversation.
    pub async fn started(&self) -> Result<(Socket, String, Value)> {
        let session = self.session("web").await?;
        let (mut socket, _) = self.socket(&session, None).await?;
        socket
            .say(json!({"type": "start", "client_id": "1", "text": "Hello?"}))
            .await?;
        let started = socket.expect("started").await?;
        socket.expect("message").await?;
        Ok((socket, session, started))
    }
}

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub async fn say(&mut self, frame: Value) -> Result<()> {
        Ok(self.0.send(Message::text(frame.to_string())).await?)
    }

    pub async fn send(&mut self, message: Message) -> Result<()> {
        Ok(self.0.send(message).await?)
    }

    /// Sends these frames in one go and is gone: whatever they are answered with goes nowhere.
    pub async fn say_and_vanish(mut self, frames: &[Value]) -> Result<()> {
        for frame in frames {
            self.0.feed(Message::text(frame.to_string())).await?;
        }
        self.0.flush().await?;
        let MaybeTlsStream::Plain(stream) = self.0.get_ref() else {
            bail!("not a plain connection")
        };
        // Closed with a reset, so that the first answer already fails.
        Ok(stream.set_zero_linger()?)
    }

    /// The next text frame.
    pub async fn hear(&mut self) -> Result<Value> {
        loop {
            match self.next().await? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(frame) => bail!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The next text frame, which must be of this type.
    pub async fn expect(&mut self, kind: &str) -> Result<Value> {
        let frame = self.hear().await?;
        ensure!(frame["type"] == kind, "expected {kind}, heard {frame}");
        Ok(frame)
    }

    /// Reads on until the close frame; its code.
    pub async fn closed(&mut self) -> Result<u16> {
        loop {
            if let Message::Close(frame) = self.next().await? {
                return Ok(frame.context("a close frame without a code")?.code.into());
            }
        }
    }

    async fn next(&mut self) -> Result<Message> {
        let next = tokio::time::timeout(PATIENCE, self.0.next())
            .await
            .context("waited in vain for a frame")?;
        Ok(next.context("the connection broke off")??)
    }
}

/// A text field of an answer.
pub fn text(answer: &Value, field: &str) -> Result<String> {
    answer[field]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no {field} in {answer}"))
}

/// A call with a token of every scope: its status, and the document that it is answered with.
pub async fn call(world: &World, method: Method, path: &str, body: Option<Value>) -> Result<(u16, Value)> {
    let mut request = world.http.request(method, world.url(path)).bearer_auth(TOKEN);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}
