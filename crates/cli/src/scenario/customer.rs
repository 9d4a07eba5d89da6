//! A customer's browser: session, ticket, web socket, as the widget does it.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::expect::soon;
use super::tab::{Frames, Tab};

/// Where customers' sockets are.
const SOCKET_PATH: &str = "/v1/socket";

/// Contact data as typed into the form.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'a> {
    pub name: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub email: Option<&'a str>,
}

/// One browser with at most one tab.
#[derive(Debug)]
pub struct Customer {
    http: reqwest::Client,
    gateway: String,
    session: String,
    pub visitor: String,
    pub conversation: String,
    pub number: u64,
    tab: Option<Tab>,
    /// Every frame received, of all tabs.
    frames: Frames,
}

impl Customer {
    /// Opens the page with the widget.
    pub async fn visit(http: &reqwest::Client, gateway: &str, workspace: &str, channel: &str) -> Result<Self> {
        let body = json!({ "workspace": workspace, "channel": channel });
        let opened = post(http, &format!("{gateway}/v1/sessions"), None, &body).await?;
        let mut customer = Self::of_session(http, gateway, &opened)?;
        customer.open_tab().await?;
        Ok(customer)
    }

    /// Opens a return link in another browser: what the page does with the token in its fragment.
    pub async fn follow_link(http: &reqwest::Client, gateway: &str, link: &str) -> Result<Self> {
        let answer = http.get(link).send().await?;
        let location = answer
            .headers()
            .get("location")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let (_, token) = location
            .split_once("#homing=")
            .with_context(|| format!("GET of the link answers {} to '{location}'", answer.status()))?;
        let redeemed = post(http, &format!("{gateway}/v1/return"), None, &json!({ "token": token })).await?;
        let mut customer = Self::of_session(http, gateway, &redeemed)?;
        customer.open_tab().await?;
        Ok(customer)
    }

    fn of_session(http: &reqwest::Client, gateway: &str, opened: &Value) -> Result<Self> {
        Ok(Self {
            http: http.clone(),
            gateway: gateway.to_owned(),
            session: text(opened, "session")?,
            visitor: text(opened, "visitor")?,
            conversation: text(opened, "conversation").unwrap_or_default(),
            number: 0,
            tab: None,
            frames: Frames::default(),
        })
    }

    /// Opens a tab: a ticket, a socket, `hello`, and input going on.
    pub async fn open_tab(&mut self) -> Result<()> {
        let ticket = post(
            &self.http,
            &format!("{}/v1/tickets", self.gateway),
            Some(&self.session),
            &json!({}),
        )
        .await?;
        self.tab = Some(Tab::open(&self.gateway, SOCKET_PATH, self.frames.clone()).await?);
        let known = self.messages().last().and_then(|message| message["seq"].as_u64());
        let before = self.received("welcome").len();
        self.send(json!({ "type": "hello", "ticket": text(&ticket, "ticket")?, "resume_after": known }))
            .await?;
        let welcome = self.frame("welcome", before).await?;
        if let Some(conversation) = welcome["conversation"].as_str() {
            self.conversation = conversation.to_owned();
            self.number = welcome["number"].as_u64().unwrap_or_default();
        }
        self.look(true).await
    }

    /// Opens or closes the panel with the messages, in a visible tab in which input goes on.
    pub async fn look(&mut self, panel_open: bool) -> Result<()> {
        self.send(json!({ "type": "tab", "visible": true, "idle_ms": 0, "quiet": false, "panel_open": panel_open }))
            .await
    }

    /// Opens a conversation with its first message.
    pub async fn start(&mut self, client_id: &str, text: &str, given: Given<'_>) -> Result<()> {
        let frame = json!({
            "type": "start", "client_id": client_id, "text": text, "page_url": "http://localhost/shop",
            "name": given.name, "phone": given.phone, "email": given.email,
        });
        let before = self.received("started").len();
        self.send(frame).await?;
        let started = self.frame("started", before).await?;
        self.conversation = started["conversation"].as_str().unwrap_or_default().to_owned();
        self.number = started["number"].as_u64().unwrap_or_default();
        Ok(())
    }

    /// Sends any text as a frame, and waits for what it is answered with: a frame that is no message, or the end of the
    /// socket as `{"type": "closed", "code": ..., "reason": ...}`.
    pub async fn ask(&mut self, text: impl Into<String>) -> Result<Value> {
        let answers = |customer: &Self| customer.frames.all(|frame| frame["type"] != "message");
        let before = answers(self).len();
        self.send_text(text.into()).await?;
        soon("the gateway answers", async || {
            Ok(answers(self).into_iter().nth(before))
        })
        .await
    }

    /// Writes in the open conversation.
    pub async fn say(&mut self, client_id: &str, text: &str) -> Result<()> {
        let before = self.received("posted").len();
        self.send(json!({ "type": "message", "client_id": client_id, "text": text }))
            .await?;
        self.frame("posted", before).await.map(|_| ())
    }

    /// Closes the panel and claims to have read all the same: it counts for nothing. Opens the panel again.
    pub async fn read_unseen(&mut self, up_to: u64) -> Result<()> {
        let (marks, pongs) = (self.received("read").len(), self.received("pong").len());
        self.look(false).await?;
        self.read(up_to).await?;
        self.send(json!({ "type": "ping" })).await?;
        self.frame("pong", pongs).await?;
        ensure!(
            self.received("read").len() == marks,
            "a message counts as read in a closed panel"
        );
        self.look(true).await
    }

    /// Has seen everything up to this sequence.
    pub async fn read(&mut self, up_to: u64) -> Result<()> {
        self.send(json!({ "type": "read", "up_to": up_to })).await
    }

    /// Waits for the message of this sequence to be shown.
    pub async fn shown(&self, seq: u64) -> Result<Value> {
        soon(&format!("message {seq} is shown"), async || {
            Ok(self.messages().into_iter().find(|message| message["seq"] == seq))
        })
        .await
    }

    /// The `n`th form that is shown, or page of one (from 1).
    pub async fn asked(&self, n: usize) -> Result<Value> {
        self.frame("form", n - 1).await
    }

    /// Fills in a page of a form; the answer says whether it was taken.
    pub async fn fill_in(&mut self, form: &Value, values: Value) -> Result<()> {
        let taken = self.received("form_taken").len();
        self.send(json!({ "type": "form", "form": form["form"], "page": form["page"], "values": values }))
            .await?;
        self.frame("form_taken", taken).await.map(drop)
    }

    /// Asks for a copy of the conversation by mail, to the address that was given; up to which message it tells.
    pub async fn ask_for_copy(&mut self, client_id: &str) -> Result<Value> {
        let before = self.received("copy_requested").len();
        self.send(json!({ "type": "copy", "client_id": client_id })).await?;
        let requested = self.frame("copy_requested", before).await?;
        Ok(requested["up_to"].clone())
    }

    /// The page that the tab shows now.
    pub async fn look_at(&mut self, url: &str) -> Result<()> {
        self.send(json!({ "type": "page", "url": url, "visits": 1 })).await
    }

    /// Waits until the invitation is so far.
    pub async fn invited(&self, state: &str) -> Result<Value> {
        soon(&format!("the invitation is {state}"), async || {
            let told = self
                .frames
                .all(|frame| frame["type"] == "invitation" && frame["state"] == state);
            Ok(told.into_iter().next())
        })
        .await
    }

    /// What the visitor does with an invitation.
    pub async fn answer(&mut self, invitation: &Value, answer: &str) -> Result<()> {
        let id = &invitation["invitation"];
        self.send(json!({ "type": "invitation", "invitation": id, "answer": answer }))
            .await
    }

    /// Sends a frame that is to be refused; the error.
    pub async fn refused(&mut self, frame: Value) -> Result<Value> {
        let before = self.received("error").len();
        self.send(frame).await?;
        soon("the gateway refuses", async || {
            Ok(self.received("error").into_iter().nth(before))
        })
        .await
    }

    /// Waits for a message of this text to be shown.
    pub async fn shown_text(&self, text: &str) -> Result<Value> {
        soon(&format!("'{text}' is shown"), async || {
            Ok(self.messages().into_iter().find(|message| message["text"] == text))
        })
        .await
    }

    /// Leaves the page: an explicit close.
    pub async fn leave(&mut self) -> Result<()> {
        self.send(json!({ "type": "bye" })).await?;
        self.vanish().await
    }

    /// Closes the socket without a word.
    pub async fn vanish(&mut self) -> Result<()> {
        if let Some(tab) = self.tab.take() {
            tab.close().await;
        }
        Ok(())
    }

    /// `welcome`s of its tabs, oldest first: where each resumed.
    pub fn welcomes(&self) -> Vec<Value> {
        self.received("welcome")
    }

    /// Messages shown so far.
    pub fn messages(&self) -> Vec<Value> {
        self.received("message")
    }

    fn received(&self, kind: &str) -> Vec<Value> {
        self.frames.of(kind)
    }

    /// Waits for the next frame of a kind after `before` of them; an `error` frame fails.
    async fn frame(&self, kind: &str, before: usize) -> Result<Value> {
        self.frames.next(kind, before).await
    }

    async fn send(&mut self, frame: Value) -> Result<()> {
        self.send_text(frame.to_string()).await
    }

    async fn send_text(&mut self, text: String) -> Result<()> {
        let Some(tab) = &mut self.tab else {
            bail!("the page is not open")
        };
        tab.send(text).await
    }
}

pub(super) async fn post(http: &reqwest::Client, url: &str, token: Option<&str>, body: &Value) -> Result<Value> {
    let mut request = http.post(url).json(body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await?;
    let status = response.status();
    let answer: Value = response.json().await.unwrap_or_default();
    if !status.is_success() {
        bail!("POST {url} answers {status}: {answer}");
    }
    Ok(answer)
}

pub(super) fn text(value: &Value, field: &str) -> Result<String> {
    value[field]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("the answer has no {field}"))
}
