//! The notifier with an SMSC that was written by others.

use crate::harness::{Customer, Harness, PHONE, SOON};
use anyhow::Context;
use domain::sms;
use std::collections::BTreeMap;
use tempfile::TempDir;
use testkit::{Delivered, SmsOptions, SmsSink, Smsc};

/// The number that people write to.
pub const OURS: &str = "48732000000";
/// A customer writes to it.
pub const PLAIN: Delivered<'static> = Delivered {
    source: "48600700123",
    source_ton: 1,
    destination: OURS,
    esm_class: 0,
    data_coding: 0,
    octets: b"",
};
pub const OK: i64 = 0;
pub const TRY_AGAIN: i64 = 0x64;
pub const REFUSED: i64 = 0x66;

/// Texts go through `carrier`, which is the SMSC, then through `main`, which speaks Twilio's language.
pub struct Carrier {
    pub notifier: Harness,
    pub smsc: Smsc,
    pub main: SmsSink,
    _folder: TempDir,
}

impl Carrier {
    pub async fn start() -> anyhow::Result<Self> {
        Self::with(serde_json::json!({})).await
    }

    /// With more said of the SMSC.
    pub async fn with(more: serde_json::Value) -> anyhow::Result<Self> {
        let (smsc, main) = (Smsc::start().await?, SmsSink::start(SmsOptions::default()).await?);
        let folder = tempfile::tempdir()?;
        let secret = |name: &str, value: &str| -> anyhow::Result<String> {
            let path = folder.path().join(name);
            std::fs::write(&path, format!("{value}\n"))?;
            Ok(path.to_str().context("a path")?.to_owned())
        };
        let mut carrier = serde_json::json!({
            "name": "carrier", "kind": "smpp", "url": smsc.url(), "system_id": "homing",
            "password_file": secret("password", "geheim")?,
            "numbers": [{ "number": format!("+{OURS}"), "workspace": "acme", "channel": "sms" }],
        });
        let fields = carrier.as_object_mut().context("an object")?;
        fields.extend(more.as_object().context("an object")?.clone());
        let config = serde_json::json!({
            "providers": [
                carrier,
                { "name": "main", "kind": "twilio", "base_url": main.url(), "account_sid": main.options().account_sid,
                  "auth_token_file": secret("token", &main.options().auth_token)? },
            ],
            "routes": { "*": ["carrier", "main"] },
        });
        let file = secret("providers.json", &config.to_string())?;
        let notifier = Harness::with([("HOMING_NOTIFIER_TEXT_PROVIDERS", &file)]).await?;
        smsc.bound(SOON).await?;
        Ok(Self {
            notifier,
            smsc,
            main,
            _folder: folder,
        })
    }

    /// A customer whose text is due.
    pub async fn due(&self) -> anyhow::Result<Customer> {
        let customer = self.notifier.customer(true, false).await?;
        self.notifier.leave(&customer).await?;
        self.notifier.answer(&customer, 2).await?;
        self.notifier.armed(&customer).await?;
        self.notifier.advance(30).await;
        Ok(customer)
    }

    pub async fn write(&mut self, from: &str, body: &str) -> anyhow::Result<i64> {
        let brought = Delivered {
            source: from,
            destination: OURS,
            octets: &sms::split(body).concat(),
            ..PLAIN
        };
        self.smsc.deliver(&brought, SOON).await
    }

    /// One part of a text, with the header that says which.
    pub async fn write_part(&mut self, number: u8, of: u8, said: &[u8]) -> anyhow::Result<i64> {
        let octets = [[5, 0, 3, 77, of, number].as_slice(), said].concat();
        let brought = Delivered {
            esm_class: 0x40,
            data_coding: 8,
            octets: &octets,
            ..PLAIN
        };
        self.smsc.deliver(&brought, SOON).await
    }

    /// What was posted, by its client ids.
    pub fn posted(&self) -> BTreeMap<String, String> {
        let truth = self.notifier.truth();
        let replies = truth.replies.iter();
        replies
            .map(|reply| (reply.client_id.clone(), reply.text.clone()))
            .collect()
    }

    pub async fn report(&mut self, id: &str, state: &str) -> anyhow::Result<i64> {
        let said =
            format!("id:{id} sub:001 dlvrd:001 submit date:2601051200 done date:2601051201 stat:{state} err:000 text:");
        let brought = Delivered {
            source: PHONE.trim_start_matches('+'),
            esm_class: 4,
            octets: said.as_bytes(),
            ..PLAIN
        };
        self.smsc.deliver(&brought, SOON).await
    }
}
