//! The file that names several providers of texts, and which countries go through which. Secrets stand in files of
//! their own, so that this one can be shown to anybody.

use crate::domain::provider::{REST, Routes};
use crate::outbound::smpp::{LongTexts, Number};
use domain::{ChannelId, Country, PhoneE164, TextSender, WorkspaceId};
use fault::{Fault, Result};
use runtime::{Secret, Setting};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The setting that names the file; errors are told under it.
pub const SETTING: &str = "HOMING_NOTIFIER_TEXT_PROVIDERS";
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
    /// It answers STOP, START and HELP itself: Twilio does, unless that is switched off there.
    pub answers_keywords: bool,
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
        /// The account's WhatsApp sender, in E.164; without it no messages go that way.
        whatsapp_from: Option<String>,
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
    /// An SMSC that is spoken to by SMPP 3.4.
    Smpp(Box<SmppEntry>),
}

/// An SMSC, as the file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmppEntry {
    /// smpp://host[:2775], or smpps://host[:3550] for TLS.
    pub url: String,
    pub system_id: String,
    pub password_file: PathBuf,
    #[serde(default)]
    pub system_type: String,
    /// Certificates (PEM) that the SMSC's has to lead back to; else the public authorities.
    pub ca_file: Option<PathBuf>,
    /// Texts that may wait for their answer at a time: 1 to 1000.
    #[serde(default = "usual_window")]
    pub window: u32,
    #[serde(default)]
    pub long_texts: LongTexts,
    /// Whose the numbers are that people write to; texts to others are refused.
    #[serde(default)]
    numbers: Vec<NumberEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberEntry {
    number: String,
    workspace: String,
    channel: Option<String>,
}

/// What most SMSCs allow.
fn usual_window() -> u32 {
    10
}

impl SmppEntry {
    /// Whether the protocol can carry what was given; what is wrong is told of the provider `name`.
    fn check(&self, name: &str) -> Result<()> {
        let lengths = [
            ("system_id", self.system_id.len(), 1, 15),
            ("system_type", self.system_type.len(), 0, 12),
        ];
        for (field, length, least, most) in lengths {
            if !(least..=most).contains(&length) {
                let why = format!("the provider '{name}': {field} needs {least} to {most} characters");
                return Err(refuse(why));
            }
        }
        if !(1..=1000).contains(&self.window) {
            return Err(refuse(format!("the provider '{name}': window must be 1 to 1000")));
        }
        self.numbers(name).map(drop)
    }

    /// Whose the numbers are.
    pub fn numbers(&self, name: &str) -> Result<Vec<Number>> {
        let mut numbers: Vec<Number> = Vec::new();
        for NumberEntry {
            number,
            workspace,
            channel,
        } in &self.numbers
        {
            let wrong = |why: &str| refuse(format!("the provider '{name}': the number '{number}' {why}"));
            let parsed = TextSender::parse(number).ok().filter(TextSender::can_be_answered);
            let parsed = parsed.ok_or_else(|| wrong("needs digits, as +48732000000 or 7201"))?;
            let digits = parsed.as_str().trim_start_matches('+').to_owned();
            if numbers.iter().any(|other| other.digits == digits) {
                return Err(wrong("stands there twice"));
            }
            let channel = channel.as_deref().map(ChannelId::parse).transpose();
            numbers.push(Number {
                digits,
                workspace: WorkspaceId::parse(workspace).map_err(|_| wrong("has no workspace's name"))?,
                channel: channel.map_err(|_| wrong("has no channel's name"))?,
            });
        }
        Ok(numbers)
    }
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
    let told = entry.remove("answers_keywords").map(|told| {
        let wrong = || refuse(format!("the provider '{name}': answers_keywords must be true or false"));
        told.as_bool().ok_or_else(wrong)
    });
    let told = told.transpose()?;
    let kind = ProviderKind::deserialize(Value::Object(entry));
    let kind = kind.map_err(|error| refuse(format!("the provider '{name}': {error}")))?;
    match &kind {
        ProviderKind::Smpp(smsc) => smsc.check(&name)?,
        ProviderKind::Twilio {
            whatsapp_from: Some(sender),
            ..
        } => {
            whatsapp_sender(sender).map_err(|why| refuse(format!("the provider '{name}': {why}")))?;
        }
        _ => {}
    }
    Ok(Named {
        answers_keywords: told.unwrap_or(matches!(kind, ProviderKind::Twilio { .. })),
        name,
        kind,
    })
}

/// A WhatsApp sender, which is a number; else what is wrong with it.
pub fn whatsapp_sender(text: &str) -> std::result::Result<TextSender, &'static str> {
    let number = PhoneE164::parse(text)
        .ok()
        .and_then(|number| TextSender::parse(number.expose()).ok());
    number.ok_or("a WhatsApp sender needs a number in E.164, as +48732000000")
}

/// Certificates out of a file.
pub fn certificates(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| Fault::invalid(SETTING, format!("{} cannot be read: {error}", path.display())))
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
        let smsc = |more: &str| {
            format!(r#"{{"name": "carrier", "kind": "smpp", "url": "smpp://x", "password_file": "/p", {more}}}"#)
        };
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
            (
                main.replace("\"AC1\"", "\"AC1\", \"answers_keywords\": \"no\""),
                "{}",
                "answers_keywords must be",
            ),
            (
                main.replace("\"AC1\"", "\"AC1\", \"whatsapp_from\": \"Acme\""),
                "{}",
                "needs a number in E.164",
            ),
            (main.replace("account_sid", "account"), "{}", "account"),
            (main.replace("\"kind\"", "\"colour\": 1, \"kind\""), "{}", "colour"),
            (
                smsc("\"system_id\": \"a name of sixteen\""),
                "{}",
                "system_id needs 1 to 15",
            ),
            (smsc("\"system_id\": \"x\", \"window\": 0"), "{}", "window must be"),
            (
                smsc(r#""system_id": "x", "numbers": [{"number": "Acme", "workspace": "acme"}]"#),
                "{}",
                "'Acme' needs digits",
            ),
            (
                smsc(
                    r#""system_id": "x", "numbers": [{"number": "7201", "workspace": "acme"},
                       {"number": "7201", "workspace": "globex"}]"#,
                ),
                "{}",
                "'7201' stands there twice",
            ),
            (
                smsc("\"system_id\": \"x\", \"long_texts\": \"short\""),
                "{}",
                "expected `parts` or `payload`",
            ),
        ] {
            let refused = parse(&file(&providers, routes)).expect_err(wrong);
            assert!(refused.to_string().contains(wrong), "{refused} lacks {wrong}");
            assert_eq!(refused.field(), Some(SETTING));
        }
    }
}
