//! Personal data. None of these types has a Display, and Debug prints no value: what identifies a person leaves the
//! process only where code says `expose()`.

use crate::Invalid;
use std::fmt;

macro_rules! personal {
    ($name:ident) => {
        impl $name {
            /// The value itself. Not for logs, spans, metrics, subjects or facts.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    };
}

/// A phone number in E.164: `+` and 7 to 15 digits, none of them a leading zero. Only the shape is checked here;
/// whether a country has such numbers is known where they are parsed (contacts-service).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneE164(String);
personal!(PhoneE164);

impl PhoneE164 {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let fits = text.strip_prefix('+').is_some_and(|digits| {
            (7..=15).contains(&digits.len())
                && !digits.starts_with('0')
                && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "phone",
                "needs the form +<country code><number>, 7 to 15 digits",
            ))
        }
    }
}

/// An e-mail address: one `@`, a dotted domain, no spaces or control characters, at most 254 bytes. Stored with the
/// domain in lower case; the local part is kept as given, and compared in lower case by `normalised`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);
personal!(Email);

impl Email {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("email", "needs the form name@example.com, at most 254 characters");
        let text = text.trim();
        let (local, host) = text.rsplit_once('@').ok_or_else(wrong)?;
        let local_fits = (1..=64).contains(&local.len())
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&b));
        let label_fits = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let host_fits = host.contains('.') && host.split('.').all(label_fits);
        if text.len() <= 254 && local_fits && host_fits {
            Ok(Self(format!("{local}@{}", host.to_ascii_lowercase())))
        } else {
            Err(wrong())
        }
    }

    /// What two spellings of one address have in common.
    pub fn normalised(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// A person's name as they gave it: 1 to 200 characters, no control characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PersonName(String);
personal!(PersonName);

impl PersonName {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let length = text.chars().count();
        if (1..=200).contains(&length) && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "name",
                "needs 1 to 200 characters without control characters",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_value() {
        let phone = PhoneE164::parse("+48600700123").expect("a phone number");
        assert_eq!(format!("{phone:?}"), "PhoneE164(redacted)");
    }

    #[test]
    fn addresses_that_cannot_be_are_refused() {
        for bad in ["", "48600700123", "+0600700123", "+48 600", "+486007001234567890"] {
            assert!(PhoneE164::parse(bad).is_err(), "{bad:?}");
        }
        for bad in [
            "",
            "a",
            "a@b",
            "a@@b.c",
            "a b@c.de",
            ".a@b.cd",
            "a@-b.cd",
            "a\r\nBcc: x@y.zz@b.cd",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            Email::parse(" Ann@Example.COM ").expect("an address").expose(),
            "Ann@example.com"
        );
    }
}
