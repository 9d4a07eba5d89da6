//! The parts of a mail, found within limits: a mail that is nested deeper, or has more parts, is refused before anything
//! of it is decoded. A mail within a mail is never opened.

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};
use std::borrow::Cow;
use thiserror::Error;

/// Multiparts within multiparts. Mail programs need four.
const DEPTH: usize = 10;
/// Parts of all depths together.
const PARTS: usize = 100;
/// All header lines of one part.
const HEAD_BYTES: usize = 256 * 1024;

/// Why something is not taken as a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unreadable {
    #[error("is no mail: it has no header lines")]
    NoMail,
    #[error("has a part with more than 256 KiB of header lines")]
    LongHead,
    #[error("has more than 100 parts")]
    ManyParts,
    #[error("has parts within parts more than 10 deep")]
    Deep,
}

/// A mail, or a part of one.
pub struct Part<'a> {
    /// Its header lines; a part may have none.
    head: Option<Message<'a>>,
    /// Header lines and body.
    raw: &'a [u8],
    pub body: &'a [u8],
    /// Empty unless it is a multipart.
    pub parts: Vec<Part<'a>>,
}

/// A text as its part says it.
pub enum Text {
    Plain(String),
    Html(String),
}

impl<'a> Part<'a> {
    /// Finds the parts of a mail.
    pub fn read(mail: &'a [u8]) -> Result<Self, Unreadable> {
        let mut left = PARTS;
        let part = Self::nested(mail, DEPTH, &mut left)?;
        let (head, _) = split_head(mail);
        if !head.contains(&b':') || part.head.as_ref().is_none_or(|head| head.headers().is_empty()) {
            return Err(Unreadable::NoMail);
        }
        Ok(part)
    }

    fn nested(raw: &'a [u8], depth: usize, left: &mut usize) -> Result<Self, Unreadable> {
        *left = left.checked_sub(1).ok_or(Unreadable::ManyParts)?;
        let (head, body) = split_head(raw);
        if head.len() > HEAD_BYTES {
            return Err(Unreadable::LongHead);
        }
        let mut part = Self {
            head: MessageParser::default().parse_headers(head),
            raw,
            body,
            parts: Vec::new(),
        };
        let boundary = part.attribute("boundary").filter(|_| part.is("multipart", None));
        let Some(boundary) = boundary.map(str::to_owned).filter(|boundary| !boundary.is_empty()) else {
            return Ok(part);
        };
        let depth = depth.checked_sub(1).ok_or(Unreadable::Deep)?;
        for inner in Delimited::new(body, &boundary) {
            part.parts.push(Self::nested(inner, depth, left)?);
        }
        Ok(part)
    }

    /// Whether it has a type, of a subtype or of any. A part that does not say is text/plain.
    pub fn is(&self, kind: &str, subtype: Option<&str>) -> bool {
        let given = self.head.as_ref().and_then(MimeHeaders::content_type);
        let (its_kind, its_subtype) = match given {
            Some(given) => (given.ctype(), given.subtype()),
            None => ("text", Some("plain")),
        };
        let same = |one: Option<&str>, other: &str| one.is_some_and(|one| one.eq_ignore_ascii_case(other));
        its_kind.eq_ignore_ascii_case(kind) && subtype.is_none_or(|subtype| same(its_subtype, subtype))
    }

    /// A parameter of its type.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.head.as_ref()?.content_type()?.attribute(name)
    }

    /// Its header lines, read.
    pub fn head(&self) -> Option<&Message<'a>> {
        self.head.as_ref()
    }

    /// The first header line of that name, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let mut lines = self.head.as_ref()?.headers_raw();
        let (_, value) = lines.find(|(given, _)| given.trim().eq_ignore_ascii_case(name))?;
        Some(value.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Whether any header line has a name that begins so.
    pub fn has_header(&self, begins: &str) -> bool {
        let mut names = self
            .head
            .iter()
            .flat_map(|head| head.headers())
            .map(|header| header.name());
        names.any(|name| {
            name.get(..begins.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(begins))
        })
    }

    /// Whether it is meant to be kept, not read in its place.
    pub fn is_attached(&self) -> bool {
        let disposition = self.head.as_ref().and_then(MimeHeaders::content_disposition);
        disposition.is_some_and(|disposition| disposition.is_attachment()) || self.file_name().is_some()
    }

    /// The name of a file, as its sender gives it.
    pub fn file_name(&self) -> Option<&str> {
        self.head.as_ref()?.attachment_name()
    }

    /// Whether others can show it within them.
    pub fn is_shown_elsewhere(&self) -> bool {
        self.head.as_ref().is_some_and(|head| head.content_id().is_some())
    }

    /// What a part that is a text says, in whatever letters and encoding.
    pub fn text(&self) -> Option<Text> {
        // Neither multiparts nor mails get here, so this decodes exactly one part.
        if !self.is("text", None) || !self.parts.is_empty() {
            return None;
        }
        if self.head.as_ref().is_none_or(|head| head.headers().is_empty()) {
            return Some(Text::Plain(self.lossy().into_owned()));
        }
        let decoded = MessageParser::default().parse(self.raw)?;
        match decoded.parts.into_iter().next()?.body {
            PartType::Text(text) => Some(Text::Plain(text.into_owned())),
            PartType::Html(html) => Some(Text::Html(html.into_owned())),
            _ => None,
        }
    }

    /// The body as it stands there.
    pub fn lossy(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.body)
    }
}

/// Header lines and what follows the first empty line.
pub fn split_head(raw: &[u8]) -> (&[u8], &[u8]) {
    let mut from = 0;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        let end = from + line.len();
        if line == b"\n" || line == b"\r\n" {
            return (&raw[..from], &raw[end..]);
        }
        from = end;
    }
    (raw, &[])
}

/// What stands between the lines that begin with a boundary.
struct Delimited<'a> {
    rest: Option<&'a [u8]>,
    delimiter: Vec<u8>,
}

impl<'a> Delimited<'a> {
    fn new(body: &'a [u8], boundary: &str) -> Self {
        let mut parts = Self {
            rest: Some(body),
            delimiter: [b"--", boundary.as_bytes()].concat(),
        };
        // What comes before the first one is for programs that do not know of parts.
        parts.next();
        parts
    }
}

impl<'a> Iterator for Delimited<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.take()?;
        let mut from = 0;
        for line in rest.split_inclusive(|byte| *byte == b'\n') {
            let end = from + line.len();
            if let Some(tail) = line.strip_prefix(self.delimiter.as_slice()) {
                let closing = tail.trim_ascii() == b"--";
                if closing || tail.trim_ascii().is_empty() {
                    self.rest = (!closing).then_some(&rest[end..]);
                    let part = &rest[..from];
                    let part = part.strip_suffix(b"\n").unwrap_or(part);
                    return Some(part.strip_suffix(b"\r").unwrap_or(part));
                }
            }
            from = end;
        }
        // Cut off within a part.
        (!rest.is_empty()).then_some(rest)
    }
}
