use crate::{Invalid, limits};

/// The text of a message: 1 to 64 KiB of UTF-8, not only white space, without NUL (PostgreSQL cannot store it).
#[derive(Clone, PartialEq, Eq)]
pub struct MessageText(String);

impl MessageText {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let remedy = if text.trim().is_empty() {
            "is empty"
        } else if text.len() > limits::MESSAGE_BYTES {
            "is longer than 65,536 bytes; send it in parts"
        } else if text.contains('\0') {
            "contains a NUL character; remove it"
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(Invalid::new("text", remedy))
    }

    /// The text itself. Not for logs, spans, metrics, subjects or facts.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for MessageText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MessageText({} bytes)", self.0.len())
    }
}

/// A language that texts, mails and forms exist in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    #[default]
    English,
    Polish,
    French,
}

impl Language {
    /// The ISO 639 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Polish => "pl",
            Self::French => "fr",
        }
    }

    pub fn parse(code: &str) -> Result<Self, Invalid> {
        [Self::English, Self::Polish, Self::French]
            .into_iter()
            .find(|language| language.code() == code)
            .ok_or_else(|| Invalid::new("language", "must be one of en, pl, fr"))
    }
}
