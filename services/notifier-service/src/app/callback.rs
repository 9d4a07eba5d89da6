use super::App;
use fault::{Fault, Result, codes};

/// A provider's form as it came.
pub struct Callback {
    /// Public URL exactly as it was called.
    pub url: String,
    pub params: Vec<(String, String)>,
    /// Value of `X-Twilio-Signature`.
    pub signature: String,
}

impl Callback {
    /// The first of a parameter's names that is there.
    pub(crate) fn param(&self, names: &[&str]) -> Option<&str> {
        let find = |wanted: &str| self.params.iter().find(|(name, _)| name == wanted);
        names
            .iter()
            .find_map(|name| find(name))
            .map(|(_, value)| value.as_str())
    }

    /// The same, or a complaint that names the first.
    pub(crate) fn needed(&self, names: &[&'static str]) -> Result<&str> {
        let first = names.first().copied().unwrap_or_default();
        self.param(names).ok_or_else(|| Fault::invalid(first, "is missing"))
    }
}

impl App {
    /// Whether the provider signed it.
    pub(crate) fn is_signed(&self, callback: &Callback) -> bool {
        self.texts
            .is_signed(&callback.url, &callback.params, &callback.signature)
    }
}

/// Whoever calls is not the provider.
pub(crate) fn not_authentic() -> Fault {
    let remedy = "does not fit; check the account's token and the public URL";
    Fault::new(&codes::SIGNATURE, remedy).of("signature")
}
