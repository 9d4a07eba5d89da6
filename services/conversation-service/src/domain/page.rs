//! Page sizes, page tokens, page URLs.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Invalid, limits};

/// What a page holds when the caller does not say.
const DEFAULT: u32 = 50;
/// What a page holds at most.
const MAX: u32 = 200;

/// Rows of a page: 1 to 200; 0 means 50.
pub fn size(asked: u32) -> Result<i64, Invalid> {
    match asked {
        0 => Ok(i64::from(DEFAULT)),
        1..=MAX => Ok(i64::from(asked)),
        _ => Err(Invalid::new("page_size", "must be 1 to 200, or 0 for 50")),
    }
}

/// The token of the page that begins below this number.
pub fn token(below: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("n{below}"))
}

/// Reads a page token; `None` for the first page.
pub fn below(token: &str) -> Result<Option<u64>, Invalid> {
    if token.is_empty() {
        return Ok(None);
    }
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix('n').and_then(|number| number.parse().ok()))
        .map(Some)
        .ok_or_else(|| Invalid::new("page_token", "is not one that a list call answered"))
}

/// The token of the page that begins after this name.
pub fn token_after(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("s{name}"))
}

/// Reads a page token of names; empty for the first page.
pub fn after(token: &str) -> Result<String, Invalid> {
    if token.is_empty() {
        return Ok(String::new());
    }
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix('s').map(str::to_owned))
        .filter(|name| !name.contains('\0'))
        .ok_or_else(|| Invalid::new("page_token", "is not one that a list call answered"))
}

/// An absolute http(s) URL without credentials, at most 2,048 bytes; may be empty.
pub fn url(text: &str) -> Result<(), Invalid> {
    if text.is_empty() {
        return Ok(());
    }
    let fits = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .is_some_and(|rest| {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            !host.is_empty() && !host.contains('@')
        });
    let clean = text.len() <= limits::PAGE_URL_BYTES && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if fits && clean {
        Ok(())
    } else {
        Err(Invalid::new(
            "page_url",
            "needs the form https://host/path without credentials, at most 2,048 bytes",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_their_text() {
        assert_eq!(below(&token(42)), Ok(Some(42)));
        assert_eq!(below(""), Ok(None));
        for bad in ["42", "x", "bjQy!"] {
            assert!(below(bad).is_err(), "{bad}");
        }
        assert_eq!(after(&token_after("crm")), Ok("crm".to_owned()));
        assert_eq!(after(""), Ok(String::new()));
        for bad in [token(42), token_after("a\0"), "x".to_owned()] {
            assert!(after(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn urls_with_credentials_or_other_schemes_are_refused() {
        for good in ["", "https://shop.example/a?b=c#d", "http://localhost:5173"] {
            assert!(url(good).is_ok(), "{good}");
        }
        for bad in [
            "shop.example",
            "javascript:alert(1)",
            "https://u:p@shop.example/",
            "https://",
            "https://a b/",
        ] {
            assert!(url(bad).is_err(), "{bad}");
        }
    }
}
