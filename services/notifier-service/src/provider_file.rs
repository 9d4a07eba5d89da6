//! The file that names several providers of texts, and which countries go through which. Secrets stand in files of
//! their own, so that this one can be shown to anybody.

use crate::domain::provider::{REST, Routes};
use domain::Country;
use fault::{Fault, Result};
use runtime::{Secret, Setting};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The setting that names the file; errors are told under it.
const SETTING: &str = "HOMING_NOTIFIER_TEXT_PROVIDERS";
/// Characters of a provider's name: it stands in callbacks, metrics and the history.
const LONGEST_NAME: usize = 32;

/// What the file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderFile {
    providers: Vec<Map<String, Value>>,
    /// Names of providers by country (ISO 3166 alpha-2), in order; `*` for the rest.
    routes: BTreeMap<String, Vec<String>>,
}

/// A provider and its name.
#[derive(Debug)]
pub struct Named {
    pub name: String,
    pub kind: ProviderKind,
}

/// How a provider is spoken to. Base URLs have no path behind them unless the provider says so.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ProviderKind {
    /// Twilio, or anything with its HTTP API.
    Twilio {
        base_url: Option<String>,
        account_sid: String,
        /// Holds the account's token, which also signs its callbacks.
        auth_token_file: PathBuf,
    },
    /// Kannel's smsbox.
    Kannel {
        base_url: String,
        username: String,
        password_file: PathBuf,
        /// Holds what has to stand in the webhook of texts that come in; without it none are taken.
        inbound_token_file: Option<PathBuf>,
    },
    /// Aligo, or anything with its HTTP API: texts within Korea.
    Aligo {
        base_url: Option<String>,
        user_id: String,
        /// Holds the account's key.
        key_file: PathBuf,
    },
}

/// Reads and checks the file at `path`.
pub fn read(path: &str) -> Result<(Vec<Named>, Routes)> {
    let text = std::fs::read_to_string(path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
    parse(&text)
}

fn refuse(why: impl Into<String>) -> Fault {
    Fault::invalid(SETTING, why.into())
}

fn parse(text: &str) -> Result<(Vec<Named>, Routes)> {
    let file: ProviderFile = serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
    let providers = file.providers.into_iter().map(named).collect::<Result<Vec<_>>>()?;
    let mut names = BTreeSet::new();
    for Named { name, .. } in &providers {
        if !names.insert(name.as_str()) {
            return Err(refuse(format!("two providers are called '{name}'")));
        }
    }
    for (country, order) in &file.routes {
        let known = country == REST || Country::parse(country).is_ok_and(|country| country.is_known());
        if !known {
            return Err(refuse(format!(
                "the route '{country}' is neither a country's code nor *"
            )));
        }
        if order.is_empty() {
            return Err(refuse(format!("the route '{country}' names no provider")));
        }
        if let Some(name) = order.iter().find(|name| !names.contains(name.as_str())) {
            return Err(refuse(format!(
                "the route '{country}' names '{name}', which is not there"
            )));
        }
    }
    if file.routes.is_empty() {
        return Err(refuse("has no routes; add \"routes\": {\"*\": [...]}"));
    }
    Ok((providers, Routes::new(file.routes)))
}

fn named(mut entry: Map<String, Value>) -> Result<Named> {
    let name = entry.remove("name");
    let name = name.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    let fits = (1..=LONGEST_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !fits {
        return Err(refuse(format!("the name '{name}' needs 1 to 32 of a-z, 0-9 and -")));
    }
    let kind = ProviderKind::deserialize(Value::Object(entry));
    let kind = kind.map_err(|error| refuse(format!("the provider '{name}': {error}")))?;
    Ok(Named { name, kind })
}

/// A secret out of a file of its own, without the line's end.
pub fn secret(path: &Path) -> Result<Secret> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Fault::invalid(SETTING, format!("{} cannot be read: {error}", path.display())))?;
    let secret = Secret::parse(text.trim_end_matches(['\r', '\n'])).filter(|secret| !secret.expose().is_empty());
    secret.ok_or_else(|| Fault::invalid(SETTING, format!("{} is empty", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named() {
        let main = r#"{"name": "main", "kind": "twilio", "account_sid": "AC1", "auth_token_file": "/t"}"#;
        let file = |providers: &str, routes: &str| format!(r#"{{"providers": [{providers}], "routes": {routes}}}"#);
        let (providers, routes) = parse(&file(main, r#"{"*": ["main"]}"#)).expect("fits");
        assert_eq!(
            (providers.len(), routes.order("PL")),
            (1, ["main".to_owned()].as_slice())
        );
        for (providers, routes, wrong) in [
            (main.to_owned(), r#"{"*": ["other"]}"#, "'other', which is not there"),
            (main.to_owned(), r#"{"Poland": ["main"]}"#, "the route 'Poland'"),
            (main.to_owned(), r#"{"PL": []}"#, "names no provider"),
            (main.to_owned(), "{}", "no routes"),
            (format!("{main}, {main}"), r#"{"*": ["main"]}"#, "two providers"),
            (main.replace("main", "A b"), "{}", "a-z"),
            (main.replace("twilio", "pigeon"), "{}", "unknown variant"),
            (main.replace("account_sid", "account"), "{}", "account"),
            (main.replace("\"kind\"", "\"colour\": 1, \"kind\""), "{}", "colour"),
        ] {
            let refused = parse(&file(&providers, routes)).expect_err(wrong);
            assert!(refused.to_string().contains(wrong), "{refused} lacks {wrong}");
            assert_eq!(refused.field(), Some(SETTING));
        }
    }
}
