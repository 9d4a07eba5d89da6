use crate::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who a text comes from: a number in E.164, a short number, or a name. A business's own, so not personal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TextSender(String);

impl TextSender {
    /// Reads `+48732000000`, `72001` (3 to 8 digits), or a name of at most 11 letters, digits and spaces with a letter in it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_number = match text.strip_prefix('+') {
            Some(number) => digits(number) && (7..=15).contains(&number.len()) && !number.starts_with('0'),
            None => digits(text) && (3..=8).contains(&text.len()),
        };
        let is_name = (1..=11).contains(&text.len())
            && text.trim() == text
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
            && text.bytes().any(|byte| byte.is_ascii_alphabetic());
        if is_number || is_name {
            Ok(Self(text.to_owned()))
        } else {
            let remedy =
                "needs a number (+48732000000, or 3 to 8 digits) or a name of at most 11 letters, digits and spaces";
            Err(Invalid::new("text_from", remedy))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether people can write to it.
    pub fn can_be_answered(&self) -> bool {
        !self.0.bytes().any(|byte| byte.is_ascii_alphabetic())
    }
}

impl TryFrom<String> for TextSender {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<TextSender> for String {
    fn from(sender: TextSender) -> Self {
        sender.0
    }
}

impl fmt::Display for TextSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_short_numbers_and_names() {
        for good in ["+48732000000", "72001", "112", "Homing", "Acme Shop", "4ever"] {
            let sender = TextSender::parse(good).expect(good);
            let name = good.bytes().any(|byte| byte.is_ascii_alphabetic());
            assert_eq!((sender.as_str(), sender.can_be_answered()), (good, !name));
        }
        for bad in [
            "",
            " ",
            "+",
            "+048732000000",
            "+48 732 000 000",
            "12",
            "123456789",
            "A name of many letters",
            " Acme",
            "Zażółć",
            "a\nb",
        ] {
            assert!(TextSender::parse(bad).is_err(), "{bad:?}");
        }
    }
}
