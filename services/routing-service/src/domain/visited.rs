//! Where a visitor is.

use super::launch::Visit;
use ::domain::{Invalid, limits};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where a visitor is, as their browser tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VisitedPage {
    pub(crate) url: String,
    /// Empty: none.
    pub(crate) referrer: String,
    /// This time included; 0: not known.
    pub(crate) visits: u32,
    pub(crate) on_page_ms: u64,
    pub(crate) on_site_ms: u64,
}

impl VisitedPage {
    /// Refuses what is no page.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        let remedy = "needs an absolute http(s) URL of at most 2,048 bytes";
        let is_page = |url: &str| url.len() <= limits::PAGE_URL_BYTES && path(url).is_some();
        if !is_page(&self.url) {
            return Err(Invalid::new("page.url", remedy));
        }
        if !self.referrer.is_empty() && !is_page(&self.referrer) {
            return Err(Invalid::new("page.referrer", remedy));
        }
        Ok(())
    }

    pub(crate) fn visit(&self) -> Visit<'_> {
        Visit {
            path: path(&self.url).unwrap_or_default(),
            referrer: &self.referrer,
            visits: self.visits,
            on_page: Duration::from_millis(self.on_page_ms),
            on_site: Duration::from_millis(self.on_site_ms),
        }
    }
}

/// The path of an absolute http(s) URL; "/" where it has none.
fn path(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let rest = rest
        .split(['?', '#'])
        .next()
        .filter(|rest| !rest.is_empty() && !rest.starts_with('/'))?;
    Some(rest.find('/').map_or("/", |at| &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_path() {
        for (url, expected) in [
            ("https://shop.example", Some("/")),
            ("https://shop.example?a=/b", Some("/")),
            ("https://shop.example/a/b?c=/d#e", Some("/a/b")),
            ("http://shop.example:8080/", Some("/")),
            ("https://", None),
            ("https:///a", None),
            ("javascript:alert(1)", None),
            ("", None),
        ] {
            assert_eq!(path(url), expected, "{url}");
        }
    }
}
