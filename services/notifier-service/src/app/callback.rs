use crate::outbound::text_providers::Called;
use fault::{Fault, Result};
use reqwest::Url;

/// A provider's form as it came.
pub struct Callback {
    /// Public URL exactly as it was called.
    pub url: String,
    pub params: Vec<(String, String)>,
    /// Value of `X-Twilio-Signature`.
    pub signature: String,
}

impl Callback {
    /// As the port reads it.
    pub(crate) fn called(&self) -> Called<'_> {
        Called {
            url: &self.url,
            params: &self.params,
            signature: &self.signature,
        }
    }

    /// A parameter of the address itself, which we, or who set it up, put there.
    pub(crate) fn in_address(&self, name: &str) -> Result<Option<String>> {
        let url = Url::parse(&self.url).map_err(|error| Fault::invalid("url", "is not a URL").because(error))?;
        let named = url.query_pairs().find(|(found, _)| found == name);
        Ok(named.map(|(_, value)| value.into_owned()))
    }
}
