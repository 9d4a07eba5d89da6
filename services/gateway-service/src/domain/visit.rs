//! Where a visitor is, as their browser tells, and for how long, as is counted here.

use super::origin;
use domain::{Invalid, TimeScale, Timestamp, limits};
use rpc::routing::VisitedPage;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// A page as a widget tells of it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Absolute http(s) URL, at most 2,048 bytes.
    pub url: String,
    /// The same, of the page that led here; empty or absent: none.
    #[serde(default)]
    pub referrer: Option<String>,
    /// How often this browser came to the site, this time included; absent or 0: not known.
    #[serde(default)]
    pub visits: Option<u32>,
    /// How long it has been on the site, in milliseconds; absent: it has just come.
    #[serde(default)]
    pub on_site_ms: Option<u64>,
}

impl Page {
    /// Refuses what is no address of a page.
    pub fn check(&self) -> Result<(), Invalid> {
        check_url("url", &self.url)?;
        match self.referrer.as_deref() {
            None | Some("") => Ok(()),
            Some(referrer) => check_url("referrer", referrer),
        }
    }
}

/// Refuses what is not the absolute URL of a web page.
pub fn check_url(field: &'static str, url: &str) -> Result<(), Invalid> {
    if url.len() <= limits::PAGE_URL_BYTES && origin::of_url(url).is_some() {
        Ok(())
    } else {
        let remedy = "needs an absolute http(s) URL without credentials, at most 2,048 bytes";
        Err(Invalid::new(field, remedy))
    }
}

/// A page that is open.
pub struct Visit {
    page: Page,
    since: Timestamp,
}

impl Visit {
    /// It was opened now.
    pub fn new(page: Page, now: Timestamp) -> Self {
        Self { page, since: now }
    }

    /// The page with its ages as of now, in the product's time.
    pub fn on_wire(&self, now: Timestamp, scale: TimeScale) -> VisitedPage {
        let on_page = Duration::try_from(now.duration_since(self.since)).unwrap_or_default();
        let on_site = Duration::from_millis(self.page.on_site_ms.unwrap_or_default()).saturating_add(on_page);
        VisitedPage {
            url: self.page.url.clone(),
            referrer: self.page.referrer.clone().unwrap_or_default(),
            visits: self.page.visits.unwrap_or_default(),
            on_page_ms: millis(on_page, scale),
            on_site_ms: millis(on_site, scale),
        }
    }
}

fn millis(passed: Duration, scale: TimeScale) -> u64 {
    u64::try_from(scale.passed(passed).as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn ages_are_what_was_told_and_what_was_counted() {
        let page = |on_site_ms| Page {
            url: "https://shop.example/pricing".into(),
            referrer: None,
            visits: Some(2),
            on_site_ms,
        };
        let start = Timestamp::UNIX_EPOCH;
        let later = start + SignedDuration::from_secs(20);
        let scale = |text| TimeScale::parse(text).expect("a scale");
        for (told, times, on_page_ms, on_site_ms) in [
            (None, "1", 20_000, 20_000),
            (Some(40_000), "1", 20_000, 60_000),
            (Some(40_000), "3", 60_000, 180_000),
            (Some(u64::MAX), "10000", 200_000_000, u64::MAX),
        ] {
            let wire = Visit::new(page(told), start).on_wire(later, scale(times));
            assert_eq!(
                (wire.on_page_ms, wire.on_site_ms, wire.visits),
                (on_page_ms, on_site_ms, 2)
            );
        }
    }
}
