//! A mail that somebody, or some program, wrote to us.

use super::mime::{Part, Text, Unreadable, split_head};
use super::quoted::own_words;
use aws_lc_rs::digest;
use domain::{Email, limits};
use mail_parser::decoders::html::html_to_text;
use mail_parser::{HeaderName, Message, MessageParser};

/// What begins the client ids of messages that came by mail.
const POSTED: &str = "mail:";
/// Attachments that are named; of more, their number.
const NAMES: usize = 10;
const NAME_CHARACTERS: usize = 100;
/// More of a text is not read: no person writes it.
const TEXT_BYTES: usize = 1024 * 1024;
/// What a message may have, less what stands around a flagged one.
const WORDS_BYTES: usize = limits::MESSAGE_BYTES - 1024;
/// Fields of a report, or header lines of the mail that it tells of.
const REPORT_BYTES: usize = 64 * 1024;

/// Where HTML of the usual mail programs begins to quote.
const HTML_QUOTES: [&str; 12] = [
    "class=\"gmail_quote",
    "class=\"gmail_attr",
    "class=\"gmail_extra",
    "<blockquote type=\"cite\"",
    "id=\"divrplyfwdmsg\"",
    "id=\"appendonsend\"",
    "id=\"mail-editor-reference-message-container\"",
    "name=\"messagereplysection\"",
    "class=\"yahoo_quoted",
    "class=\"moz-cite-prefix\"",
    "class=\"protonmail_quote",
    "class=\"outlookmessageheader\"",
];

/// A mail, read.
#[derive(Debug, PartialEq, Eq)]
pub struct InboundMail {
    /// Its own name: of its Message-ID, or of the whole where it has none.
    pub id: String,
    /// Who wrote it, as it says itself.
    pub from: Option<Email>,
    pub content: Content,
}

/// What a mail is.
#[derive(Debug, PartialEq, Eq)]
pub enum Content {
    /// A person's: own words and the names of attachments. `None`: it says nothing.
    Words(Option<String>),
    /// A program's: never answered, and nobody's words. What shows it.
    Automatic(&'static str),
    /// A mail server's report.
    Report(Report),
}

/// What a mail server tells of a mail.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    pub arrived: Arrived,
    /// Enhanced status code, such as 5.1.1; empty if it does not say.
    pub status: String,
    /// Message-ID of the mail, without angle brackets.
    pub message_id: Option<String>,
    /// Whom it was for: as the mail was addressed, and where that led.
    pub recipients: Vec<Email>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrived {
    Yes,
    No,
    /// Later, or not known: another report may follow.
    Open,
}

/// Reads a mail. `sender`: the envelope's, empty for the null one.
pub fn read(raw: &[u8], sender: Option<&str>) -> Result<InboundMail, Unreadable> {
    let mail = Part::read(raw)?;
    let head = mail.head().ok_or(Unreadable::NoMail)?;
    let named = head.message_id().map_or(raw, str::as_bytes);
    let hash = digest::digest(&digest::SHA256, named);
    let id = hex::encode(&hash.as_ref()[..16]);
    let from = writer(head);
    let content = match report(&mail) {
        Some(report) => Content::Report(report),
        None => match automatic(&mail, from.as_ref(), sender) {
            Some(why) => Content::Automatic(why),
            None => Content::Words(words(&mail)),
        },
    };
    Ok(InboundMail { id, from, content })
}

/// The one address of the one From line. Of several, each reader would believe another.
fn writer(head: &Message<'_>) -> Option<Email> {
    let mut lines = head.header_values(HeaderName::From);
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return None;
    };
    let mut named = line.as_address()?.iter();
    match (named.next(), named.next()) {
        (Some(only), None) => Email::parse(only.address()?).ok(),
        _ => None,
    }
}

impl InboundMail {
    /// The name under which it is posted, so that it is posted once.
    pub fn request_id(&self) -> String {
        format!("{POSTED}{}", self.id)
    }
}

/// Whether a message with this client id came by mail, so that it is no text.
pub fn is_posted_mail(client_id: &str) -> bool {
    client_id.starts_with(POSTED)
}

/// The report of a mail server (RFC 3464), if it is one.
fn report(mail: &Part<'_>) -> Option<Report> {
    if !mail.is("multipart", Some("report")) {
        return None;
    }
    let status = mail
        .parts
        .iter()
        .find(|part| part.is("message", Some("delivery-status")))?;
    let fields = String::from_utf8_lossy(&status.body[..status.body.len().min(REPORT_BYTES)]);
    let field = |name: &str| {
        let mut named = fields.lines().filter_map(|line| line.split_once(':'));
        named
            .find(|(given, _)| given.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    };
    let arrived = match field("Action").map(str::to_ascii_lowercase).as_deref() {
        Some("failed") => Arrived::No,
        Some("delivered") => Arrived::Yes,
        _ => Arrived::Open,
    };
    let code = field("Status")
        .and_then(|status| status.split_whitespace().next())
        .unwrap_or_default();
    let is_code = |c: char| c.is_ascii_digit() || c == '.';
    let told_of = mail.parts.iter().find(|part| {
        part.is("message", Some("rfc822"))
            || part.is("message", Some("global"))
            || part.is("text", Some("rfc822-headers"))
    });
    let message_id = told_of.and_then(|part| {
        let (head, _) = split_head(&part.body[..part.body.len().min(REPORT_BYTES)]);
        MessageParser::default()
            .parse_headers(head)?
            .message_id()
            .map(str::to_owned)
    });
    let recipients = ["Original-Recipient", "Final-Recipient"].map(|name| field(name).and_then(recipient));
    Some(Report {
        arrived,
        recipients: recipients.into_iter().flatten().collect(),
        status: code.chars().take_while(|c| is_code(*c)).take(12).collect(),
        message_id,
    })
}

/// `rfc822; ann@example.com`, with or without angle brackets.
fn recipient(field: &str) -> Option<Email> {
    let (_, address) = field.split_once(';')?;
    Email::parse(address.trim().trim_start_matches('<').trim_end_matches('>')).ok()
}

/// What shows that a program wrote it (RFC 3834, and what programs did before).
fn automatic(mail: &Part<'_>, from: Option<&Email>, sender: Option<&str>) -> Option<&'static str> {
    let says = |name: &str| mail.header(name).map(|value| value.to_ascii_lowercase());
    let null = |path: &str| matches!(path.trim(), "" | "<>");
    if sender.is_some_and(null) || says("Return-Path").is_some_and(|path| null(&path)) {
        return Some("null return path");
    }
    if says("Auto-Submitted").is_some_and(|said| said.split(';').next().unwrap_or_default().trim() != "no") {
        return Some("Auto-Submitted");
    }
    let dull = ["bulk", "list", "junk", "auto_reply", "auto-reply"];
    if says("Precedence").is_some_and(|said| dull.contains(&said.trim())) {
        return Some("Precedence");
    }
    let hushed = says("X-Auto-Response-Suppress").unwrap_or_default();
    if hushed
        .split(',')
        .any(|word| matches!(word.trim(), "all" | "oof" | "autoreply"))
    {
        return Some("X-Auto-Response-Suppress");
    }
    if mail.has_header("X-Autoreply") || mail.has_header("X-Autorespond") {
        return Some("X-Autoreply");
    }
    if mail.has_header("List-") {
        return Some("List-*");
    }
    if mail.is("multipart", Some("report")) {
        return Some("multipart/report");
    }
    let local = from
        .and_then(|from| from.expose().split_once('@'))
        .map(|(local, _)| local.to_ascii_lowercase());
    let robots = ["mailer-daemon", "postmaster"];
    local
        .is_some_and(|local| robots.contains(&local.as_str()))
        .then_some("mailer-daemon")
}

/// Own words, then the names of attachments, a line each.
fn words(mail: &Part<'_>) -> Option<String> {
    let mut names = Vec::new();
    attachments(mail, false, &mut names);
    let said = body(mail).map(|body| clean(&own_words(&body.text))).unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    if !said.trim().is_empty() {
        lines.push(cut(said.trim_end(), WORDS_BYTES - (NAMES + 1) * (4 * NAME_CHARACTERS + 8)).to_owned());
    }
    lines.extend(names.iter().take(NAMES).map(|name| format!("📎 {name}")));
    if let Some(more) = names.len().checked_sub(NAMES).filter(|more| *more > 0) {
        lines.push(format!("📎 +{more}"));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

struct Body {
    plain: bool,
    text: String,
}

/// The text that is meant to be read: of alternatives the plain one, unless it is empty.
fn body(part: &Part<'_>) -> Option<Body> {
    if part.parts.is_empty() {
        if part.is_attached() {
            return None;
        }
        return part.text().map(|text| match text {
            Text::Plain(text) => Body {
                plain: true,
                text: cut(&text, TEXT_BYTES).to_owned(),
            },
            Text::Html(html) => Body {
                plain: false,
                text: from_html(cut(&html, TEXT_BYTES)),
            },
        });
    }
    let bodies = part.parts.iter().filter_map(body);
    let mut said: Vec<Body> = bodies.filter(|body| !body.text.trim().is_empty()).collect();
    if part.is("multipart", Some("alternative")) {
        let best = said.iter().position(|body| body.plain).unwrap_or(0);
        return (best < said.len()).then(|| said.swap_remove(best));
    }
    let text = said.iter().map(|body| body.text.as_str()).collect::<Vec<_>>();
    (!text.is_empty()).then(|| Body {
        plain: true,
        text: text.join("\n"),
    })
}

/// What stands before the first quote; all of it where nothing stands there.
fn from_html(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let quote = HTML_QUOTES.iter().filter_map(|mark| lower.find(mark)).min();
    let own = quote.map(|at| &html[..lower[..=at].rfind('<').unwrap_or(at)]);
    let text = |html: &str| html_to_text(&broken(html));
    let own = own.map(text).filter(|own| !own.trim().is_empty());
    own.unwrap_or_else(|| text(html))
}

/// The same with a line break where a block begins, or text goes on behind one.
fn broken(html: &str) -> String {
    let blocks = [
        "<div",
        "<li",
        "<tr",
        "<h1",
        "<h2",
        "<h3",
        "<blockquote",
        "<hr",
        "<pre",
        "<ul",
        "<ol",
    ];
    let mut text = String::with_capacity(html.len());
    for (at, tag) in html.split_inclusive('>').enumerate() {
        let (before, tag) = tag.split_at(tag.rfind('<').unwrap_or(tag.len()));
        if at > 0 && text.ends_with("</div>") && !before.trim().is_empty() {
            text.push_str("<br>");
        }
        text.push_str(before);
        let begins = |block: &&str| {
            tag.get(..block.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(block))
        };
        if blocks.iter().any(begins) {
            text.push_str("<br>");
        }
        text.push_str(tag);
    }
    text
}

/// Names of what is attached; signatures and pictures that stand within the text are not.
fn attachments(part: &Part<'_>, within: bool, names: &mut Vec<String>) {
    let within = within || part.is("multipart", Some("related"));
    for inner in &part.parts {
        attachments(inner, within, names);
    }
    let signs = ["pkcs7-signature", "x-pkcs7-signature", "pgp-signature"];
    let signs = signs.iter().any(|subtype| part.is("application", Some(subtype)));
    let readable = part.is("text", None) && !part.is_attached();
    let shown = within && part.is_shown_elsewhere();
    if !part.parts.is_empty() || part.is("multipart", None) || signs || readable || shown {
        return;
    }
    let name = part.file_name().map(file_name).filter(|name| !name.is_empty());
    names.push(name.unwrap_or_else(|| "?".to_owned()));
}

/// The last part of a path, on one line.
fn file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown = last.chars().map(|c| if c.is_control() { ' ' } else { c });
    shown.take(NAME_CHARACTERS).collect::<String>().trim().to_owned()
}

/// Without control characters, which no message may or need have.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

/// At most so many bytes of it.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
#[path = "inbound_mail_tests.rs"]
mod tests;
