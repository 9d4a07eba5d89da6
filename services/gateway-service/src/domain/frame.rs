//! What a widget and the gateway say to each other over the socket: JSON text frames, tagged by `type`. The JSON
//! schemas of both directions stand in `schemas/`.

use super::automatic::Kind;
use super::card::CardShown;
use super::form::{FieldError, Form};
use super::invitation::{Invitation, InvitationAnswer};
use super::tagged::{self, Misfit};
use super::visit::{self, Page};
use domain::{Email, Invalid, MessageText, PersonName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A client's own id of a message: long enough for a UUID.
const CLIENT_ID_CHARS: usize = 64;
/// A phone number as people type it, with spaces and brackets.
const PHONE_CHARS: usize = 40;

/// From the widget. Has no Debug: it carries what people wrote.
// Tagged for serde by [`ClientFrame::read`], which thereby knows the path of what does not fit.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(tag = "type")]
pub enum ClientFrame {
    /// The first frame, within 5 seconds: the one-time ticket, and the sequence of the newest message that the
    /// client has (absent: none) in `conversation` (absent: the one that the session is in).
    Hello {
        ticket: String,
        #[serde(default)]
        resume_after: Option<u64>,
        #[serde(default)]
        conversation: Option<String>,
    },
    /// Opens a conversation with its first message. The same `client_id` again answers the same conversation.
    Start(Start),
    /// The customer's next message. The same `client_id` again answers the stored one.
    Message { client_id: String, text: String },
    /// Contact data given later in the same conversation.
    Contact(Contact),
    /// Who the visitor is by the word of the workspace's own site: a JWT that one of its keys signed. The session keeps it, and its
    /// conversation, this one or the next to be started, is theirs.
    Identify { token: String },
    /// Asks for a copy of the conversation by mail, also after its end: to `email`, which is kept like contact data given later, else to the
    /// address that was given in the conversation. The same `client_id` again asks for nothing more; 3 of a conversation a day.
    Copy {
        client_id: String,
        #[serde(default)]
        email: Option<String>,
    },
    /// Everything up to this sequence was seen. Counts only while the tab is visible and the panel open.
    Read { up_to: u64 },
    /// The tab changed: shown or hidden, input began (`quiet` false) or paused (`quiet` true, `idle_ms` since the
    /// last input), the panel with the messages opened or closed (`panel_open`; absent: open).
    Tab {
        visible: bool,
        idle_ms: u64,
        quiet: bool,
        #[serde(default = "open")]
        panel_open: bool,
    },
    /// A page of a form, as the customer filled it in: text by the key of its field.
    Form {
        form: String,
        page: u32,
        #[serde(
            default,
            deserialize_with = "serde_with::rust::maps_duplicate_key_is_error::deserialize"
        )]
        values: BTreeMap<String, String>,
    },
    /// The customer does not want to fill in this form.
    DismissForm { form: String },
    /// The page that the widget stands on, sent after each `welcome`; a new one replaces the one before. From it follows whether
    /// the visitor is invited to chat.
    Page(Page),
    /// What the visitor does with an invitation. The same again changes nothing.
    Invitation {
        invitation: String,
        answer: InvitationAnswer,
    },
    /// The page is being left.
    Bye {},
    /// Answered by `pong`, for clients that cannot see WebSocket pings.
    Ping {},
}

/// A page without a panel shows its messages always.
fn open() -> bool {
    true
}

/// See [`ClientFrame::Start`].
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// 1 to 64 printable ASCII characters.
    pub client_id: String,
    /// 1 to 65,536 bytes in UTF-8, without NUL.
    pub text: String,
    /// At most 200 characters.
    #[serde(default)]
    pub name: Option<String>,
    /// International, or national in the channel's default country.
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    /// Page on which the widget stands, an absolute http(s) URL of at most 2,048 bytes.
    #[serde(default)]
    pub page_url: Option<String>,
}

/// Contact data as a customer typed them.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// At most 200 characters.
    #[serde(default)]
    pub name: Option<String>,
    /// International, or national in the channel's default country.
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
}

/// To the widget. Has no Debug: it carries what people wrote.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The answer to `hello`.
    Welcome {
        visitor: String,
        /// Name of this tab for `POST /v1/beacon`.
        tab: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        conversation: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        number: Option<u64>,
        /// The first unread message is the next one.
        read_up_to: u64,
        last_seq: u64,
    },
    /// The answer to `start`; also to a `message` that opened a new conversation because the old one was resolved.
    Started {
        client_id: String,
        conversation: String,
        number: u64,
        seq: u64,
    },
    /// A message of anybody's, in order of its sequence, without gaps.
    Message {
        seq: u64,
        /// customer, agent, bot or system; what system says is an automatic message.
        author: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        agent: Option<String>,
        text: String,
        /// RFC 3339, UTC.
        at: String,
        /// Which automatic message it is. To ask_rating the customer answers with a message that is a number from 1 to 5, to
        /// ask_solved with yes or no: a widget may offer buttons that send them.
        #[serde(skip_serializing_if = "Option::is_none")]
        automatic: Option<Kind>,
        /// A product, an order or a request to pay, with what came of it until now; the text says the same in words. Where the
        /// customer can go on, for example to pay, a message of its own says.
        #[serde(skip_serializing_if = "Option::is_none")]
        card: Option<Box<CardShown>>,
    },
    /// What came of a card whose message, of this sequence, was sent before; sent at once on each change.
    Card { seq: u64, card: Box<CardShown> },
    /// The answer to `message`.
    Posted { client_id: String, seq: u64 },
    /// The customer's read mark, moved by this tab or another one.
    Read { up_to: u64 },
    /// The answer to `contact`.
    ContactAdded {},
    /// The answer to `identify`.
    Identified {},
    /// A form to show inside the conversation, or its next page, in place of what was shown before.
    Form(Form),
    /// No form is to be shown any more.
    FormClosed {},
    /// The answer to `form`: taken, as the message of this sequence; 0: it asked for a copy of the conversation, and is no message.
    FormTaken { form: String, page: u32, seq: u64 },
    /// The answer to `form`: nothing was taken, for these fields; each is named.
    FormRefused {
        form: String,
        page: u32,
        errors: Vec<FieldError>,
    },
    /// How far the visitor's invitation is: sent on each change. `accepted` leads to `form`, where the widget asks for `fields`
    /// and the question, and sends them with `start`.
    Invitation(Invitation),
    /// The answer to `copy`: it is on its way, up to this sequence.
    CopyRequested { client_id: String, up_to: u64 },
    /// The answer to a frame that could not be carried out.
    Error {
        /// Name in the catalogue of error codes.
        code: String,
        /// What to do.
        detail: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
    },
    /// The answer to `ping`.
    Pong {},
}

impl ServerFrame {
    /// Name for metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Welcome { .. } => "welcome",
            Self::Started { .. } => "started",
            Self::Message { .. } => "message",
            Self::Card { .. } => "card",
            Self::Posted { .. } => "posted",
            Self::Read { .. } => "read",
            Self::ContactAdded {} => "contact_added",
            Self::Identified {} => "identified",
            Self::Form(_) => "form",
            Self::FormClosed {} => "form_closed",
            Self::FormTaken { .. } => "form_taken",
            Self::FormRefused { .. } => "form_refused",
            Self::Invitation(_) => "invitation",
            Self::CopyRequested { .. } => "copy_requested",
            Self::Error { .. } => "error",
            Self::Pong {} => "pong",
        }
    }
}

impl ClientFrame {
    /// Reads one text frame. The complaint names the field, and repeats no value.
    pub fn read(text: &str) -> Result<Self, Misfit> {
        tagged::read(text)
    }

    /// Name for spans.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Start(_) => "start",
            Self::Message { .. } => "message",
            Self::Contact(_) => "contact",
            Self::Identify { .. } => "identify",
            Self::Copy { .. } => "copy",
            Self::Read { .. } => "read",
            Self::Tab { .. } => "tab",
            Self::Form { .. } => "form",
            Self::DismissForm { .. } => "dismiss_form",
            Self::Page(_) => "page",
            Self::Invitation { .. } => "invitation",
            Self::Bye {} => "bye",
            Self::Ping {} => "ping",
        }
    }

    /// The client's own id, where the frame has one.
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::Start(Start { client_id, .. }) | Self::Message { client_id, .. } | Self::Copy { client_id, .. } => {
                Some(client_id)
            }
            _ => None,
        }
    }

    /// Refuses what no service behind would take, naming the field.
    pub fn check(&self) -> Result<(), Invalid> {
        if let Some(id) = self.client_id() {
            check_client_id(id)?;
        }
        match self {
            Self::Start(start) => {
                MessageText::parse(&start.text)?;
                check_page_url(start.page_url.as_deref())?;
                check_contact(&start.name, &start.phone, &start.email)
            }
            Self::Message { text, .. } => MessageText::parse(text).map(drop),
            Self::Contact(Contact { name, phone, email }) => {
                if [name, phone, email].iter().all(|field| given(field).is_empty()) {
                    return Err(Invalid::new(
                        "contact",
                        "needs a name, a phone number or an e-mail address",
                    ));
                }
                check_contact(name, phone, email)
            }
            Self::Identify { token } => check_token(token),
            Self::Copy { email, .. } => check_contact(&None, &None, email),
            Self::Page(page) => page.check(),
            _ => Ok(()),
        }
    }
}

fn check_contact(name: &Option<String>, phone: &Option<String>, email: &Option<String>) -> Result<(), Invalid> {
    if !given(name).is_empty() {
        PersonName::parse(given(name))?;
    }
    if !given(email).is_empty() {
        Email::parse(given(email))?;
    }
    if given(phone).chars().count() > PHONE_CHARS {
        return Err(Invalid::new("phone", "is longer than 40 characters"));
    }
    Ok(())
}

/// What was typed into a field, without white space around it; empty if nothing was.
pub fn given(field: &Option<String>) -> &str {
    field.as_deref().map_or("", str::trim)
}

/// Names of fields in the frame, comma separated, where the services behind call them `contact.phone` or `request_id`.
pub fn own_names(fields: &str) -> String {
    let own = |field: &str| match field.trim() {
        "request_id" => "client_id".to_owned(),
        field => field.strip_prefix("contact.").unwrap_or(field).to_owned(),
    };
    fields.split(',').map(own).collect::<Vec<_>>().join(", ")
}

fn check_client_id(id: &str) -> Result<(), Invalid> {
    let fits = (1..=CLIENT_ID_CHARS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        Ok(())
    } else {
        Err(Invalid::new("client_id", "needs 1 to 64 printable ASCII characters"))
    }
}

/// Longer than any token that a site has a reason to sign.
const TOKEN_BYTES: usize = 8_192;

fn check_token(token: &str) -> Result<(), Invalid> {
    match (1..=TOKEN_BYTES).contains(&token.len()) {
        true => Ok(()),
        false => Err(Invalid::new("token", "needs a JWT of at most 8,192 bytes")),
    }
}

fn check_page_url(url: Option<&str>) -> Result<(), Invalid> {
    url.filter(|url| !url.is_empty())
        .map_or(Ok(()), |url| visit::check_url("page_url", url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<String> {
        match ClientFrame::read(text) {
            Err(misfit) => Some(misfit.field),
            Ok(frame) => frame.check().err().map(|invalid| invalid.field.to_owned()),
        }
    }

    #[test]
    fn what_cannot_be_names_its_field() {
        let long = format!(r#"{{"type":"message","client_id":"{}","text":"x"}}"#, "a".repeat(65));
        let huge = format!(
            r#"{{"type":"message","client_id":"1","text":"{}"}}"#,
            "a".repeat(65_537)
        );
        for (frame, field) in [
            ("", Some("type")),
            ("{}", Some("type")),
            (r#"{"type":"shout"}"#, Some("type")),
            (r#"{"type":"ping","extra":1}"#, Some("extra")),
            (r#"{"type":"message","clientId":"1","text":"x"}"#, Some("clientId")),
            (r#"{"type":"ping","600 700 800":1}"#, Some("type")),
            (r#"{"type":5}"#, Some("type")),
            (r#"[]"#, Some("type")),
            (r#"{"type":"read"}"#, Some("up_to")),
            (r#"{"type":"read","up_to":-1}"#, Some("up_to")),
            (r#"{"type":"start","client_id":"1","text":5}"#, Some("text")),
            (r#"{"type":"message","client_id":[],"text":"x"}"#, Some("client_id")),
            (r#"{"type":"contact","phone":600700800}"#, Some("phone")),
            (
                r#"{"type":"start","client_id":"1","text":"x","colour":"red"}"#,
                Some("colour"),
            ),
            (r#"{"type":"message","client_id":"","text":"x"}"#, Some("client_id")),
            (&long, Some("client_id")),
            (&huge, Some("text")),
            (r#"{"type":"message","client_id":"1","text":"  "}"#, Some("text")),
            (r#"{"type":"message","client_id":"1","text":"a\u0000"}"#, Some("text")),
            (r#"{"type":"contact"}"#, Some("contact")),
            (r#"{"type":"contact","name":" "}"#, Some("contact")),
            (r#"{"type":"contact","email":"a@b"}"#, Some("email")),
            (r#"{"type":"copy"}"#, Some("client_id")),
            (r#"{"type":"copy","client_id":"1","email":"a@b"}"#, Some("email")),
            (r#"{"type":"copy","client_id":"1"}"#, None),
            (
                r#"{"type":"start","client_id":"1","text":"x","page_url":"javascript:1"}"#,
                Some("page_url"),
            ),
            (r#"{"type":"start","client_id":"1","text":"x","email":""}"#, None),
            (
                r#"{"type":"start","client_id":"1","text":"x","phone":"600 700 800","name":"Ann"}"#,
                None,
            ),
            (r#"{"type":"tab","visible":true,"idle_ms":0,"quiet":false}"#, None),
            (
                r#"{"type":"tab","visible":true,"idle_ms":0,"quiet":false,"panel_open":1}"#,
                Some("panel_open"),
            ),
            (r#"{"type":"hello","ticket":"acme.x"}"#, None),
            (r#"{"type":"page","url":"/pricing"}"#, Some("url")),
            (
                r#"{"type":"page","url":"https://a.example","referrer":"b"}"#,
                Some("referrer"),
            ),
            (
                r#"{"type":"page","url":"https://a.example","visits":-1}"#,
                Some("visits"),
            ),
            (
                r#"{"type":"page","url":"https://a.example","referrer":"","visits":2,"on_site_ms":9}"#,
                None,
            ),
            (
                r#"{"type":"invitation","invitation":"1","answer":"maybe"}"#,
                Some("answer"),
            ),
            (r#"{"type":"invitation","answer":"shown"}"#, Some("invitation")),
        ] {
            assert_eq!(refused(frame).as_deref(), field, "{}", &frame[..frame.len().min(80)]);
        }
    }

    #[test]
    fn fields_have_the_frame_s_names() {
        for (theirs, ours) in [
            ("contact.phone", "phone"),
            ("contact.phone, contact.email", "phone, email"),
            ("contact.name,text", "name, text"),
            ("page_url", "page_url"),
            ("request_id", "client_id"),
        ] {
            assert_eq!(own_names(theirs), ours);
        }
    }

    #[test]
    fn a_complaint_repeats_nothing() {
        let complaint = ClientFrame::read(r#"{"type":"start","secret@example.com":1}"#)
            .err()
            .expect("not a frame");
        assert_eq!(complaint.field, "type");
        assert!(!complaint.remedy.contains("secret"));
    }
}
